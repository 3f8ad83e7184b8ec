export type { Recovery } from './interruption.js'
export { previewRecovery, recoverOperation, refuseForged } from './recover.js'
