import { boolean, type Value } from './value.js'

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

export function isInstance(value: Value | undefined, type: Value | undefined): Value | undefined {
  const names = type?.kind === 'tuple' ? type.items : type ? [type] : []
  const kinds = names.map((one) => (one.kind === 'reference' ? TYPES.get(one.name) : undefined))
  if (!value || kinds.length === 0 || kinds.includes(undefined) || ['unknown', 'either', 'call', 'reference'].includes(value.kind)) return undefined
  return boolean(kinds.some((kind) => kind?.includes(value.kind)))
}
