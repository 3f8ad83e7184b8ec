import { classAttribute, hasMetaclass, resolutionOrder } from './class-attribute.js'
import type { Interpreter } from './interpreter.js'
import { boolean, type ClassValue, type Value } from './value.js'

/** Python's own types go by their names. */
export function typeOf(value: Value): Value | undefined {
  if (value.kind === 'call') return value.target?.kind === 'class' ? value.target : undefined
  const names: Partial<Record<Value['kind'], string>> = {
    string: 'str',
    bytes: 'bytes',
    list: 'list',
    tuple: 'tuple',
    set: 'set',
    dict: 'dict',
    boolean: 'bool',
  }
  const name = names[value.kind]
  return name === undefined ? undefined : { kind: 'reference', name }
}

const TYPES = new Map<string, readonly Value['kind'][]>([
  ['str', ['string']],
  ['basestring', ['string']],
  ['list', ['list']],
  ['tuple', ['tuple']],
  ['dict', ['dict']],
  ['bool', ['boolean']],
  ['int', ['number', 'boolean']],
])

export function isInstance(py: Pick<Interpreter, 'resolve'>, value: Value | undefined, type: Value | undefined): Value | undefined {
  const types = type?.kind === 'tuple' ? type.items : type ? [type] : []
  const found = types.map((one) => (value ? isOne(py, value, one) : undefined))
  return found.length === 0 || found.includes(undefined) ? undefined : boolean(found.includes(true))
}

function isOne(py: Pick<Interpreter, 'resolve'>, value: Value, type: Value): boolean | undefined {
  const kinds = type.kind === 'reference' ? TYPES.get(type.name) : undefined
  if (['unknown', 'either', 'reference'].includes(value.kind)) return undefined
  if (value.kind !== 'call' && kinds) return kinds.includes(value.kind)
  if (type.kind !== 'class' || hasMetaclass(py, type) || classAttribute(py, type, '__subclasshook__')) return undefined
  // A class of Python's own above it may have its own say (abc.ABC).
  const isPlain = isRead(py, type)
  if (value.kind !== 'call') return isPlain ? false : undefined
  if (value.target?.kind !== 'class') return undefined
  if (resolutionOrder(py, value.target).includes(type)) return true
  return isPlain && isRead(py, value.target) ? false : undefined
}

function isRead(py: Pick<Interpreter, 'resolve'>, owner: ClassValue): boolean {
  return resolutionOrder(py, owner).every((one) => typeof one !== 'string' || one === 'object' || one === 'typing.NamedTuple')
}
