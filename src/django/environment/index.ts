export { defaultPython, findEnvironment } from './choose.js'
export { describeEnvironment } from './describe.js'
export { type PathAdditions, readPathFiles } from './pth.js'
export type { EnvironmentRequest, PassedOver, PythonEnvironment } from './types.js'
