import { payCopy, payLook, paySearch, payText } from '../budget.js'
import { equal, isType, sameType } from './equality.js'
import { distinct, membership, merged } from './keys.js'
import { ancestor, joinPython, purePath } from './os-path.js'
import { standardHas } from '../standard/index.js'
import { percent } from './percent.js'
import { boolean, leadingTo, string, type Unknown, type Value } from './value.js'

const MAX_OPTIONS = 16
/** A hostile file must not fill the memory. */
const MAX_ITEMS = 100_000
const MAX_TEXT = 1_000_000

/** One of several values; too many of them are none. */
export function either(dependsOn: string, options: Value[], tooMany: Unknown): Value {
  const flat = options.flatMap((option) => (option.kind === 'either' ? option.options : [option]))
  if (flat.length > MAX_OPTIONS) return { ...tooMany, mayBe: leadingTo(flat) }
  return { kind: 'either', dependsOn, options: flat }
}

/** A binary operator on known values; undefined where Python's answer cannot be known. */
export function binary(left: Value, operator: string, right: Value): Value | undefined {
  if (operator === '==' || operator === '!=') {
    const same = equal(left, right)
    return same === undefined ? undefined : boolean(same === (operator === '=='))
  }
  if (operator === 'is' || operator === 'is not') {
    const same = identical(left, right)
    return same === undefined ? undefined : boolean(same === (operator === 'is'))
  }
  if (operator === 'in' || operator === 'not in') {
    const found = contains(right, left)
    return found === undefined ? undefined : boolean(found === (operator === 'in'))
  }
  if (left.kind === 'tuple' && right.kind === 'tuple' && /^[<>]=?$/.test(operator)) {
    const order = compareTuples(left.items, right.items)
    if (order !== undefined) return arithmetic(order, operator, 0)
  }
  if (left.kind === 'string' && right.kind === 'string' && /^[<>]=?$/.test(operator))
    return arithmetic(left.value < right.value ? -1 : left.value > right.value ? 1 : 0, operator, 0)
  if (left.kind === 'number' && right.kind === 'number') {
    const result = arithmetic(left.value, operator, right.value) ?? (left.float || right.float ? undefined : division(left.value, operator, right.value))
    if (result !== undefined) return result
  }
  return combined(left, operator, right)
}

/** `+`, `*`, `/`, `-`, `|`, `&` and `%` of texts, collections and paths. */
function combined(left: Value, operator: string, right: Value): Value | undefined {
  switch (operator) {
    case '+':
      return added(left, right)
    case '*':
      return repeated(left, right)
    case '/':
      return left.kind === 'path' && (right.kind === 'string' || right.kind === 'path')
        ? { kind: 'path', value: purePath(joinPython([left.value, right.value])) }
        : undefined
    case '-':
      // environ.Path(__file__) - 2
      if (left.kind === 'path' && right.kind === 'number') return { kind: 'path', value: ancestor(left.value, right.value) }
      return left.kind === 'set' && right.kind === 'set' ? filtered(left.items, right.items, false) : undefined
    case '&':
      return left.kind === 'set' && right.kind === 'set' ? filtered(left.items, right.items, true) : undefined
    case '|':
      if (left.kind === 'set' && right.kind === 'set') return { kind: 'set', items: distinct([...left.items, ...right.items]) }
      return left.kind === 'dict' && right.kind === 'dict' ? { kind: 'dict', entries: merged(left.entries, right.entries) } : undefined
    case '%':
      return left.kind === 'string' ? percent(left.value, right) : undefined
    default:
      return undefined
  }
}

function added(left: Value, right: Value): Value | undefined {
  if ('items' in left && 'items' in right) {
    if (left.items.length + right.items.length > MAX_ITEMS) return undefined
    payCopy(left.items.length + right.items.length)
    // `INSTALLED_APPS += ("x",)` works on a list with any iterable; `list + tuple` does not, but nobody ships settings that raise.
    return { kind: left.kind, items: [...left.items, ...right.items] }
  }
  if (left.kind !== 'string' || right.kind !== 'string' || left.value.length + right.value.length > MAX_TEXT) return undefined
  payText(left.value.length + right.value.length)
  return string(left.value + right.value)
}

function repeated(left: Value, right: Value): Value | undefined {
  // A bool is a number: `["debug_toolbar"] * DEBUG`.
  const count = right.kind === 'boolean' ? Number(right.value) : right.kind === 'number' ? right.value : undefined
  if (count === undefined || !Number.isSafeInteger(count)) return undefined
  const times = Math.max(0, count)
  if (left.kind === 'string' && times * left.value.length < MAX_TEXT) {
    payText(times * left.value.length)
    return string(left.value === '' ? '' : left.value.repeat(times))
  }
  if (!('items' in left) || times * left.items.length >= MAX_ITEMS) return undefined
  payCopy(times * left.items.length)
  return { kind: left.kind, items: left.items.length === 0 ? [] : Array<Value[]>(times).fill(left.items).flat() }
}

/** The members of a set that are also in another one, or are not. */
function filtered(items: readonly Value[], others: readonly Value[], wanted: boolean): Value {
  const has = membership(others)
  payCopy(items.length)
  return { kind: 'set', items: items.filter((item) => has(item) === wanted) }
}

/** `is`: certain for None and booleans and for values of different kinds; whether two equal texts are one object nobody knows. */
function identical(left: Value, right: Value): boolean | undefined {
  if (left === right) return true
  if (isType(left) || isType(right)) return sameType(left, right)
  const open = (value: Value) => ['unknown', 'either', 'call', 'reference'].includes(value.kind)
  if (open(left) || open(right)) return undefined
  if (left.kind !== right.kind) return false
  if (left.kind === 'none') return true
  if (left.kind === 'boolean' && right.kind === 'boolean') return left.value === right.value
  return 'items' in left || left.kind === 'dict' ? false : equal(left, right) === false ? false : undefined
}

function arithmetic(left: number, operator: string, right: number): Value | undefined {
  switch (operator) {
    case '+':
      return { kind: 'number', value: left + right }
    case '-':
      return { kind: 'number', value: left - right }
    case '*':
      return { kind: 'number', value: left * right }
    case '<':
      return boolean(left < right)
    case '<=':
      return boolean(left <= right)
    case '>':
      return boolean(left > right)
    case '>=':
      return boolean(left >= right)
    default:
      return undefined
  }
}

/** Of whole numbers, towards minus infinity (language reference 6.7). */
function division(left: number, operator: string, right: number): Value | undefined {
  if (right === 0 || !Number.isSafeInteger(left) || !Number.isSafeInteger(right)) return undefined
  const floor = Math.floor(left / right)
  if (operator === '//') return { kind: 'number', value: floor }
  return operator === '%' ? { kind: 'number', value: left - floor * right } : undefined
}

function contains(container: Value, item: Value): boolean | undefined {
  if (container.kind === 'string' && item.kind === 'string') {
    paySearch(container.value.length, item.value.length)
    return container.value.includes(item.value)
  }
  const standard = standardHas(container, item)
  if (standard !== undefined) return standard
  const members = 'items' in container ? container.items : container.kind === 'dict' ? container.entries.map(([name]) => name) : undefined
  if (!members) return undefined
  payLook(members.length)
  let found: boolean | undefined = false
  for (const member of members) {
    const same = equal(member, item)
    if (same) return true
    if (same === undefined) found = undefined
  }
  return found
}

/** `django.VERSION >= (3, 2)` */
function compareTuples(left: readonly Value[], right: readonly Value[]): number | undefined {
  payLook(Math.min(left.length, right.length))
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [a, b] = [left[index] as Value, right[index] as Value]
    if (a.kind !== b.kind || !('value' in a) || !('value' in b)) return undefined
    if (a.value !== b.value) return a.value < b.value ? -1 : 1
  }
  return left.length - right.length
}
