export { CATALOGUE, type ErrorCode } from './catalogue.js'
export { MigstateError, type ErrorOptions, type Warning } from './migstate-error.js'
export { Warnings } from './warnings.js'
export { didYouMean, inShort } from './did-you-mean.js'
