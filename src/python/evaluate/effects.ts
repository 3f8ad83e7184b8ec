import { type Interpreter, isCaught, Raised } from './interpreter.js'
import { NONE, string, type Value } from './value.js'

const NOT: { done: false } = { done: false }

/** Methods of `sys.path` and `os.environ` that change them. @returns whether it was one, and what it gives */
export function sideEffect(
  py: Interpreter,
  name: string,
  method: string,
  given: readonly Value[],
  keywords: ReadonlyMap<string, Value>,
): { done: true; value: Value } | { done: false } {
  const args = given.map((arg) => py.resolve(arg))
  const folder = args.at(-1)
  if (name === 'sys.path' && (method === 'insert' || method === 'append')) {
    if (folder?.kind === 'string' || folder?.kind === 'path') py.host.addPath(folder.value, method === 'insert')
    else py.host.forgetPath()
    return { done: true, value: NONE }
  }
  if (name === 'sys.path' && method === 'extend') {
    const added = folder && 'items' in folder ? folder.items.map((one) => py.resolve(one)) : undefined
    for (const one of added ?? []) if (one.kind === 'string' || one.kind === 'path') py.host.addPath(one.value, false)
    if (!added?.every((one) => one.kind === 'string' || one.kind === 'path')) py.host.forgetPath()
    return { done: true, value: NONE }
  }
  if (name === 'site' && method === 'addsitedir') {
    // It may hold .pth files.
    py.host.forgetPath()
    if (folder?.kind === 'string' || folder?.kind === 'path') py.host.addPath(folder.value, false)
    return { done: true, value: NONE }
  }
  if (name === 'os.environ' && method === 'update') {
    const given: [Value, Value][] = [
      ...(args[0]?.kind === 'dict' ? args[0].entries : []),
      ...[...keywords].map(([key, one]): [Value, Value] => [string(key), py.resolve(one)]),
    ]
    const source = args[0]
    if ((source && source.kind !== 'dict') || keywords.has('**')) py.host.forgetEnvironment(true)
    for (const [key, one] of given)
      if (key.kind === 'string') py.host.setEnvironment(key.value, one.kind === 'string' && !py.isDoubtful ? one.value : null, true)
    return { done: true, value: NONE }
  }
  if (name === 'os.environ' && method === 'pop' && args[0]?.kind === 'string') {
    const before = py.host.env.get(args[0].value)
    const doubt = py.host.variableDoubt(args[0].value)
    const isLost = doubt !== null
    if (before === undefined && !isLost && args.length === 1 && py.catching.some((clause) => isCaught({ exception: 'KeyError' }, clause)))
      throw new Raised('KeyError', `'${args[0].value}'`, 0)
    py.host.setEnvironment(args[0].value, py.isDoubtful || isLost ? null : undefined, true)
    if (isLost) return { done: true, value: { kind: 'unknown', reason: doubt, file: py.file.file, line: 1 } }
    return { done: true, value: before === undefined ? (args[1] ?? NONE) : string(before) }
  }
  const [variable, value] = args
  if (name === 'os.environ' && method === 'setdefault') {
    if (variable?.kind !== 'string') return { done: true, value: NONE }
    const before = py.host.env.get(variable.value)
    if (before !== undefined) return { done: true, value: string(before) }
    py.host.setEnvironment(variable.value, value?.kind === 'string' && !py.isDoubtful ? value.value : null)
    return { done: true, value: value ?? NONE }
  }
  return NOT
}
