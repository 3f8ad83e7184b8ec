import type { SyntaxNode } from '@lezer/common'
import { hasMetaclass, isEnumeration, resolutionOrder } from './class-attribute.js'
import type { Interpreter } from './interpreter.js'
import { namesAsDict } from './names.js'
import { sorted } from './sorting.js'
import { type ClassValue, list, string, type Value } from './value.js'

/** What every class has of `object` and of `type` (data model); later Pythons have some more. */
const OF_EACH =
  '__class__ __delattr__ __dict__ __dir__ __doc__ __eq__ __format__ __ge__ __getattribute__ __gt__ __hash__ __init__ __init_subclass__ __le__ __lt__ __module__ __ne__ __new__ __reduce__ __reduce_ex__ __repr__ __setattr__ __sizeof__ __str__ __subclasshook__ __weakref__'.split(
    ' ',
  )
const SINCE: readonly [minor: number, names: readonly string[]][] = [
  [11, ['__getstate__']],
  [13, ['__firstlineno__', '__static_attributes__']],
]

/** `dir(Class)`: in the order of the alphabet. Undefined where a base was not read, or the class is made by another than `type`. */
export function namesOfClass(py: Interpreter, owner: ClassValue): Value | undefined {
  const order = resolutionOrder(py, owner)
  const { python } = py.host
  if (python?.[0] !== 3 || hasMetaclass(py, owner)) return undefined
  const names = new Set([...OF_EACH, ...SINCE.flatMap(([minor, more]) => (python[1] >= minor ? more : []))])
  for (const ancestor of order) {
    if (ancestor === 'object') continue
    const own = typeof ancestor === 'string' || ancestor.decorated ? undefined : namesAsDict(ancestor.scope)
    if (own?.kind !== 'dict') return undefined
    for (const [key] of own.entries) if (key.kind === 'string') names.add(key.value)
  }
  return list(sorted([...names].map((name) => string(name) as Value & { kind: 'string' })))
}

/** `vars(Class)`: its own names in their order, between what Python puts there. */
export function classAsDict(py: Interpreter, owner: ClassValue, node: SyntaxNode): Value | undefined {
  if (hasMetaclass(py, owner) || isEnumeration(py, owner) || owner.decorated) return undefined
  const own = namesAsDict(owner.scope)
  if (own.kind !== 'dict') return undefined
  const of = (names: readonly string[]): [Value, Value][] =>
    names.filter((name) => !owner.scope.names.has(name)).map((name) => [string(name), py.unknown(node, `${name} is made by Python`)])
  return { kind: 'dict', entries: [...of(['__module__']), ...own.entries, ...of(['__dict__', '__weakref__', '__doc__'])] }
}
