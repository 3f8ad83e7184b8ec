import { payCopy, payLook, payValues } from '../budget.js'
import { equal } from './equality.js'
import type { Host } from './host.js'
import { distinct, lookUp, membership } from './keys.js'
import { pathMethod } from './os-path.js'
import { textMethod } from './text-methods.js'
import { boolean, list, NONE, number, type Value } from './value.js'

/** Methods of known values that change nothing. A name with a leading dot is an attribute. @param host for what looks at files */
export function callMethod(object: Value, method: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>, host?: Host): Value | undefined {
  switch (object.kind) {
    case 'path':
      return pathMethod(object.value, method, args, host)
    case 'bytes':
      return method === 'decode' ? { ...object, kind: 'string' } : undefined
    case 'string':
      return textMethod(object.value, method, args, keywords)
    case 'dict':
      return dictMethod(object, method, args)
    case 'list':
    case 'tuple':
    case 'set':
      return listMethod(object, method, args)
    default:
      return undefined
  }
}

function dictMethod(dict: Value & { kind: 'dict' }, method: string, args: readonly Value[]): Value | undefined {
  const [key, fallback] = args
  if (method === 'get' && key?.kind === 'string') return lookUp(dict, key.value) ?? fallback ?? NONE
  if (method === 'pop' && key?.kind === 'string') return lookUp(dict, key.value) ?? fallback
  if (method === 'setdefault' && key?.kind === 'string') return lookUp(dict, key.value) ?? fallback ?? NONE
  if (!/^(copy|keys|values|items)$/.test(method)) return undefined
  payValues(dict.entries.length)
  // A new object: what changes it must not change this one.
  if (method === 'copy') return { ...dict, entries: [...dict.entries] }
  if (method === 'keys') return list(dict.entries.map(([name]) => name))
  if (method === 'values') return list(dict.entries.map(([, value]) => value))
  if (method === 'items') return list(dict.entries.map(([name, value]) => ({ kind: 'tuple', items: [name, value] })))
  return undefined
}

function listMethod(object: Value & { kind: 'list' | 'tuple' | 'set' }, method: string, args: readonly Value[]): Value | undefined {
  const [first] = args
  if (method === 'copy') {
    payCopy(object.items.length)
    return { ...object, items: [...object.items] }
  }
  if (method === 'pop' && object.kind === 'list')
    return first === undefined ? object.items.at(-1) : first.kind === 'number' ? object.items.at(first.value) : undefined
  if (method === 'index' && first) return indexOf(object.items, first)
  if (method === 'count' && first) {
    payLook(object.items.length)
    return number(object.items.filter((item) => equal(item, first) === true).length)
  }
  return object.kind === 'set' && args.length === 1 && first && 'items' in first ? setMethod(object.items, method, first.items) : undefined
}

/** Methods of a set with one other collection; where one of both has more than is known nothing is said. */
function setMethod(own: readonly Value[], method: string, others: readonly Value[]): Value | undefined {
  if (!/^(?:union|difference|intersection|symmetric_difference|issubset|issuperset|isdisjoint)$/.test(method)) return undefined
  payCopy(own.length + others.length)
  if (method === 'union') return { kind: 'set', items: distinct([...own, ...others]) }
  const [has, had] = [membership(others), membership(own)]
  if (method === 'difference') return { kind: 'set', items: own.filter((item) => !has(item)) }
  if (!isPlain(own) || !isPlain(others)) return undefined
  switch (method) {
    case 'intersection':
      return { kind: 'set', items: own.filter(has) }
    case 'symmetric_difference':
      return { kind: 'set', items: distinct([...own.filter((item) => !has(item)), ...others.filter((item) => !had(item))]) }
    case 'issubset':
      return boolean(own.every(has))
    case 'issuperset':
      return boolean(others.every(had))
    default:
      return boolean(!own.some(has))
  }
}

/** Texts, numbers and the like, which are equal or are not. */
function isPlain(items: readonly Value[]): boolean {
  return items.every((item) => item.kind === 'string' || item.kind === 'number' || item.kind === 'boolean' || item.kind === 'none')
}

/** The first that is equal; not known where one before it may be. */
function indexOf(items: readonly Value[], wanted: Value): Value | undefined {
  payLook(items.length)
  for (const [at, item] of items.entries()) {
    const same = equal(item, wanted)
    if (same !== false) return same ? number(at) : undefined
  }
  return undefined
}

/** What Python's own collections have besides what every object has (library reference, built-in types). */
const METHODS: Partial<Record<Value['kind'], ReadonlySet<string>>> = {
  dict: new Set('clear copy fromkeys get items keys pop popitem setdefault update values'.split(' ')),
  list: new Set('append clear copy count extend index insert pop remove reverse sort'.split(' ')),
  tuple: new Set(['count', 'index']),
}

/** `hasattr(x, "items")` of a collection; undefined where nothing is claimed. */
export function hasMethod(object: Value, name: string): boolean | undefined {
  return name.startsWith('_') ? undefined : METHODS[object.kind]?.has(name)
}
