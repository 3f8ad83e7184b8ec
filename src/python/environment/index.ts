export { defaultPython, findEnvironment } from './choose.js'
export { describeEnvironment } from './describe.js'
export { readPathFiles } from './pth.js'
export type { EnvironmentRequest, PythonEnvironment } from './types.js'
