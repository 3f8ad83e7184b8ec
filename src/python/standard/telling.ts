import { NONE, type Value } from '../evaluate/value.js'

const LEVELS = /^(?:debug|info|warning|warn|error|exception|critical|fatal|log)$/

/** `print(…)`, `logging.info(…)`: they say something, give None, and raise nothing that a program waits for. */
export function tellingCall(name: string): Value | undefined {
  if (name === 'print') return NONE
  return name.startsWith('logging.') && LEVELS.test(name.slice('logging.'.length)) ? NONE : undefined
}

/** `logging.getLogger(…).info(…)` */
export function tellingMethod(object: Value, method: string): Value | undefined {
  return object.kind === 'call' && object.callee === 'logging.getLogger' && LEVELS.test(method) ? NONE : undefined
}
