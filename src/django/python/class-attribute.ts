import type { Interpreter } from './interpreter.js'
import type { ClassValue, Value } from './value.js'

/** A class attribute, its own or inherited; undefined where a base class was not read. */
export function classAttribute(py: Pick<Interpreter, 'resolve'>, owner: ClassValue, name: string, depth = 0): Value | undefined {
  const own = owner.scope.names.get(name)
  if (own || depth > 20) return own
  for (const base of owner.bases) {
    const parent = py.resolve(base)
    const value = parent.kind === 'class' ? classAttribute(py, parent, name, depth + 1) : undefined
    if (value) return value
  }
  return undefined
}
