import { callMethod } from './builtins.js'
import { boolean, equal, string, type Unknown, type Value } from './value.js'

const MAX_OPTIONS = 8

/** One of several values; too many of them are none. */
export function either(dependsOn: string, options: Value[], tooMany: Unknown): Value {
  const flat = options.flatMap((option) => (option.kind === 'either' ? option.options : [option]))
  if (flat.length > MAX_OPTIONS) return tooMany
  return { kind: 'either', dependsOn, options: flat }
}

/** A binary operator on known values; undefined where Python's answer cannot be known. */
export function binary(left: Value, operator: string, right: Value): Value | undefined {
  if (operator === '==' || operator === '!=' || operator === 'is' || operator === 'is not') {
    const same = equal(left, right)
    return same === undefined ? undefined : boolean(same === (operator === '==' || operator === 'is'))
  }
  if (operator === 'in' || operator === 'not in') {
    const found = contains(right, left)
    return found === undefined ? undefined : boolean(found === (operator === 'in'))
  }
  if (left.kind === 'number' && right.kind === 'number') {
    const result = arithmetic(left.value, operator, right.value)
    if (result !== undefined) return result
  }
  if (operator === '+' && 'items' in left && 'items' in right && left.kind === right.kind) return { kind: left.kind, items: [...left.items, ...right.items] }
  // `INSTALLED_APPS += ("x",)` works on a list with any iterable; `list + tuple` does not, but nobody ships settings that raise.
  if (operator === '+' && 'items' in left && 'items' in right) return { kind: left.kind, items: [...left.items, ...right.items] }
  if (operator === '+' && left.kind === 'string' && right.kind === 'string') return string(left.value + right.value)
  if (operator === '*' && 'items' in left && right.kind === 'number' && right.value < 1000)
    return { kind: left.kind, items: Array(Math.max(0, right.value)).fill(left.items).flat() }
  if (operator === '/' && left.kind === 'path' && (right.kind === 'string' || right.kind === 'path')) return callMethod(left, 'joinpath', [right], new Map())
  if (operator === '|' && left.kind === 'dict' && right.kind === 'dict') return { kind: 'dict', entries: [...left.entries, ...right.entries] }
  if (operator === '%' && left.kind === 'string') return percent(left.value, right)
  return undefined
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
  const items = value.kind === 'tuple' ? [...value.items] : [value]
  let complete = true
  const text = format.replace(/%([sd%])/g, (_all, kind: string) => {
    if (kind === '%') return '%'
    const item = items.shift()
    if (item?.kind === 'string' || item?.kind === 'number' || item?.kind === 'path') return String(item.value)
    complete = false
    return ''
  })
  return complete ? string(text) : undefined
}
