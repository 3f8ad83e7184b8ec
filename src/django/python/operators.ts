import { ancestor, joinPython, purePath } from './os-path.js'
import { boolean, distinct, equal, lookUp, merged, plainText, string, type Unknown, type Value } from './value.js'

const MAX_OPTIONS = 8
/** A hostile file must not fill the memory. */
const MAX_ITEMS = 100_000
const MAX_TEXT = 1_000_000

/** One of several values; too many of them are none. */
export function either(dependsOn: string, options: Value[], tooMany: Unknown): Value {
  const flat = options.flatMap((option) => (option.kind === 'either' ? option.options : [option]))
  if (flat.length > MAX_OPTIONS) return tooMany
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
    const result = arithmetic(left.value, operator, right.value)
    if (result !== undefined) return result
  }
  if (operator === '+' && 'items' in left && 'items' in right && left.items.length + right.items.length > MAX_ITEMS) return undefined
  // `INSTALLED_APPS += ("x",)` works on a list with any iterable; `list + tuple` does not, but nobody ships settings that raise.
  if (operator === '+' && 'items' in left && 'items' in right) return { kind: left.kind, items: [...left.items, ...right.items] }
  if (operator === '+' && left.kind === 'string' && right.kind === 'string')
    return left.value.length + right.value.length > MAX_TEXT ? undefined : string(left.value + right.value)
  if (operator === '*' && 'items' in left && right.kind === 'number' && right.value * left.items.length < MAX_ITEMS)
    return {
      kind: left.kind,
      items: Array(Math.max(0, Math.trunc(right.value)))
        .fill(left.items)
        .flat(),
    }
  // environ.Path(__file__) - 2
  if (operator === '-' && left.kind === 'path' && right.kind === 'number') return { kind: 'path', value: ancestor(left.value, right.value) }
  if (operator === '/' && left.kind === 'path' && (right.kind === 'string' || right.kind === 'path'))
    return { kind: 'path', value: purePath(joinPython([left.value, right.value])) }
  if (operator === '-' && left.kind === 'set' && right.kind === 'set' && left.items.length * right.items.length < 4_000_000)
    return { kind: 'set', items: left.items.filter((item) => !right.items.some((other) => equal(item, other) === true)) }
  if (operator === '|' && left.kind === 'set' && right.kind === 'set') return { kind: 'set', items: distinct([...left.items, ...right.items]) }
  if (operator === '|' && left.kind === 'dict' && right.kind === 'dict') return { kind: 'dict', entries: merged(left.entries, right.entries) }
  if (operator === '&' && left.kind === 'set' && right.kind === 'set')
    return { kind: 'set', items: left.items.filter((item) => right.items.some((other) => equal(item, other) === true)) }
  if (operator === '*' && left.kind === 'string' && right.kind === 'number' && right.value * left.value.length < MAX_TEXT)
    return string(left.value.repeat(Math.max(0, Math.trunc(right.value))))
  if (operator === '%' && left.kind === 'string') return percent(left.value, right)
  return undefined
}

/** `is`: certain for None and booleans and for values of different kinds; whether two equal texts are one object nobody knows. */
function identical(left: Value, right: Value): boolean | undefined {
  if (left === right) return true
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

function contains(container: Value, item: Value): boolean | undefined {
  if (container.kind === 'string' && item.kind === 'string') return container.value.includes(item.value)
  const members = 'items' in container ? container.items : container.kind === 'dict' ? container.entries.map(([name]) => name) : undefined
  if (!members) return undefined
  const parts = members.map((member) => equal(member, item))
  return parts.includes(true) ? true : parts.includes(undefined) ? undefined : false
}

function percent(format: string, value: Value): Value | undefined {
  if (value.kind === 'dict') return percentByName(format, value)
  const items = value.kind === 'tuple' ? [...value.items] : [value]
  let complete = true
  const text = format.replace(/%(%|0?\d*[sd]|.?)/g, (_all, kind: string) => {
    if (kind === '%') return '%'
    const item = items.shift()
    const plain = kind === 's' || kind === 'd'
    const shown = plain ? plainText(item) : undefined
    if (shown !== undefined) return shown
    const width = /^0(\d+)d$/.exec(kind)?.[1]
    if (width !== undefined && item?.kind === 'number') return String(item.value).padStart(Number(width), '0')
    complete = false
    return ''
  })
  if (items.length > 0 || text.length > MAX_TEXT) return undefined
  return complete ? string(text) : undefined
}

/** `"%(name)s" % {"name": …}` */
function percentByName(format: string, value: Value): Value | undefined {
  let complete = true
  const text = format.replace(/%(?:\((\w+)\)[sd]|%|.?)/g, (all, name?: string) => {
    if (all === '%%') return '%'
    if (name === undefined) {
      complete = false
      return ''
    }
    const item = lookUp(value, name)
    const shown = plainText(item)
    if (shown !== undefined) return shown
    complete = false
    return ''
  })
  return complete ? string(text) : undefined
}

/** `django.VERSION >= (3, 2)` */
function compareTuples(left: readonly Value[], right: readonly Value[]): number | undefined {
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [a, b] = [left[index] as Value, right[index] as Value]
    if (a.kind !== b.kind || !('value' in a) || !('value' in b)) return undefined
    if (a.value !== b.value) return a.value < b.value ? -1 : 1
  }
  return left.length - right.length
}
