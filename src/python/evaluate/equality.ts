import { payLook, payScan } from '../budget.js'
import { hasGap } from './floors.js'
import type { Value } from './value.js'

const UNDECIDED = new Set(['unknown', 'either', 'call', 'reference', 'names'])

/** Python's ==; undefined where it cannot be known. */
export function equal(written: Value, other: Value, depth = 0): boolean | undefined {
  const left = written.kind === 'call' && written.worth ? written.worth : written
  const right = other.kind === 'call' && other.worth ? other.worth : other
  payLook(3)
  if (isType(left) || isType(right)) return sameType(left, right)
  if (UNDECIDED.has(left.kind) || UNDECIDED.has(right.kind)) return undefined
  if ('value' in left && 'value' in right && left.kind === right.kind) return sameText(left.value, right.value)
  if ('items' in left && 'items' in right) return sameItems(left, right, depth)
  const numeric = (value: Value) => (value.kind === 'boolean' ? Number(value.value) : value.kind === 'number' ? value.value : undefined)
  if (numeric(left) !== undefined && numeric(right) !== undefined) return numeric(left) === numeric(right)
  if (left.kind !== right.kind) return false
  return left.kind === 'none' || left === right ? true : undefined
}

/** Python's own types, by their names. */
const TYPES = new Set('bool bytes dict float frozenset int list set str tuple'.split(' '))

export function isType(value: Value): value is Value & { kind: 'reference' } {
  return value.kind === 'reference' && TYPES.has(value.name)
}

/** Each of them is itself, and equal to no value that is none of a library's. */
export function sameType(left: Value, right: Value): boolean | undefined {
  if (isType(left) && isType(right)) return left.name === right.name
  const other = isType(left) ? right : left
  return UNDECIDED.has(other.kind) ? undefined : false
}

type Collection = Value & { items: Value[] }

function sameText(left: string | number | boolean, right: string | number | boolean): boolean {
  if (typeof left === 'string' && typeof right === 'string' && left.length === right.length) payScan(left.length)
  return left === right
}

/** Deeper collections, and larger sets of what has no key, are not compared. */
const MAX_DEPTH = 12
const MAX_SET = 500

function sameItems(left: Collection, right: Collection, depth: number): boolean | undefined {
  // A collection is itself, whatever is in it.
  if (left === right) return true
  if (hasGap(left.items) || hasGap(right.items)) return left.kind === right.kind ? undefined : false
  if (left.kind === 'set' && right.kind === 'set') return sameSets(left.items, right.items, depth)
  if (left.kind !== right.kind || left.items.length !== right.items.length) return false
  if (depth > MAX_DEPTH) return undefined
  let result: boolean | undefined = true
  for (let index = 0; index < left.items.length; index++) {
    const same = equal(left.items[index] as Value, right.items[index] as Value, depth + 1)
    if (same === false) return false
    if (same === undefined) result = undefined
  }
  return result
}

function sameSets(left: Value[], right: Value[], depth: number): boolean | undefined {
  if (left.length !== right.length) return left.some(isUndecided) || right.some(isUndecided) ? undefined : false
  if (depth > MAX_DEPTH) return undefined
  const [keys, others] = [left.map((item) => keyOf(item, depth + 1)), right.map((item) => keyOf(item, depth + 1))]
  if (!keys.includes(undefined) && !others.includes(undefined)) return new Set([...keys, ...others]).size === new Set(keys).size
  if (left.length > MAX_SET) return undefined
  const found = left.map((item) => {
    const parts = right.map((other) => equal(item, other, depth + 1))
    return parts.includes(true) ? true : parts.includes(undefined) ? undefined : false
  })
  return found.includes(false) ? false : found.includes(undefined) ? undefined : true
}

const isUndecided = (value: Value): boolean => UNDECIDED.has(value.kind)

/** Objects that are equal only to themselves. */
const identities = new WeakMap<object, number>()
let lastIdentity = 0

function identityOf(value: object): string {
  let id = identities.get(value)
  if (id === undefined) identities.set(value, (id = ++lastIdentity))
  return `@${id}`
}

/**
 * A text that two values have in common exactly where `equal` says that they are the same.
 * @returns undefined for what equals nothing for sure: it is not known
 */
export function keyOf(written: Value, depth = 0): string | undefined {
  const value = written.kind === 'call' && written.worth ? written.worth : written
  switch (value.kind) {
    case 'string':
    case 'bytes':
    case 'path':
      payScan(value.value.length)
      return `${value.kind}:${value.value}`
    case 'number':
      return Number.isNaN(value.value) ? undefined : `=${value.value}`
    case 'boolean':
      return `=${Number(value.value)}`
    case 'none':
      return 'none'
    case 'list':
    case 'tuple':
    case 'set':
      return collectionKey(value, depth)
    case 'dict':
    case 'function':
    case 'class':
    case 'module':
      return identityOf(value)
    case 'unknown':
    case 'either':
    case 'call':
    case 'reference':
    case 'names':
      return undefined
  }
}

function collectionKey(value: Value & { kind: 'list' | 'tuple' | 'set' }, depth: number): string | undefined {
  if (depth > MAX_DEPTH) return undefined
  payLook(value.items.length)
  const parts: string[] = []
  for (const item of value.items) {
    const part = keyOf(item, depth + 1)
    if (part === undefined) return undefined
    // The length tells where a part ends.
    parts.push(`${part.length}:${part}`)
    payScan(part.length)
  }
  return `${value.kind}(${(value.kind === 'set' ? parts.sort() : parts).join()})`
}
