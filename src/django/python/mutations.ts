import { equal, lookUp, NONE, type Scope, string, type Value } from './value.js'

/** Values are copied when they change; a list that grows further than this is no longer followed. */
const MAX_GROWTH = 10_000

/** @returns the changed container, `nothing` when the call changes nothing, undefined when it cannot be followed */
export function mutate(container: Value, method: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>): Value | 'nothing' | undefined {
  const [first, second] = args
  if ('items' in container && container.items.length > MAX_GROWTH) return undefined
  if (container.kind === 'list') {
    if (method === 'append' && first) return { kind: 'list', items: [...container.items, first] }
    if (method === 'extend' && first && 'items' in first) return { kind: 'list', items: [...container.items, ...first.items] }
    if (method === 'clear') return { kind: 'list', items: [] }
    if (method === 'reverse') return { kind: 'list', items: [...container.items].reverse() }
    if (method === 'pop') {
      const last = container.items.length - 1
      const at = first === undefined ? last : first.kind === 'number' ? (first.value < 0 ? last + 1 + first.value : first.value) : undefined
      return at === undefined ? undefined : { kind: 'list', items: container.items.filter((_item, index) => index !== at) }
    }
    if (method === 'insert' && first?.kind === 'number' && second) return { kind: 'list', items: container.items.toSpliced(first.value, 0, second) }
    if (method === 'remove' && first) {
      const at = container.items.findIndex((item) => equal(item, first))
      return { kind: 'list', items: container.items.filter((_item, index) => index !== at) }
    }
  }
  if (container.kind === 'dict') {
    const named = [...keywords].map(([key, value]): [Value, Value] => [string(key), value])
    if (method === 'update' && (first === undefined || first.kind === 'dict'))
      return { kind: 'dict', entries: [...container.entries, ...(first?.entries ?? []), ...named] }
    if (method === 'setdefault' && first?.kind === 'string')
      return lookUp(container, first.value) ? 'nothing' : { kind: 'dict', entries: [...container.entries, [first, second ?? NONE]] }
    if (method === 'pop' && first) return { kind: 'dict', entries: container.entries.filter(([name]) => equal(name, first) !== true) }
  }
  if (container.kind === 'set' && first) {
    if (method === 'add') return { kind: 'set', items: [...container.items, first] }
    if (method === 'update' && 'items' in first) return { kind: 'set', items: [...container.items, ...first.items] }
    if (method === 'discard' || method === 'remove') return { kind: 'set', items: container.items.filter((item) => equal(item, first) !== true) }
  }
  if (container.kind === 'either') {
    const options = container.options.map((option) => mutate(option, method, args, keywords))
    const known = options.map((option, index) => (option === 'nothing' ? container.options[index] : option))
    return known.every((one) => one !== undefined) ? { ...container, options: known as Value[] } : undefined
  }
  return ['append', 'extend', 'insert', 'remove', 'update', 'setdefault', 'pop', 'clear', 'add', 'discard', 'sort'].includes(method) ? undefined : 'nothing'
}

/**
 * Puts a changed container wherever the old object is held: by a name, or inside another container of a name.
 * @returns false when nobody holds it
 */
export function replaceEverywhere(scope: Scope, old: Value, changed: Value): boolean {
  let found = false
  const replace = (value: Value, depth: number): Value => {
    if (value === old) {
      found = true
      return changed
    }
    if (depth > 8) return value
    if (value.kind === 'dict') {
      const entries = value.entries.map(([key, entry]): [Value, Value] => [key, replace(entry, depth + 1)])
      return entries.some(([, entry], index) => entry !== value.entries[index]?.[1]) ? { kind: 'dict', entries } : value
    }
    if ('items' in value) {
      const items = value.items.map((item) => replace(item, depth + 1))
      return items.some((item, index) => item !== value.items[index]) ? { ...value, items } : value
    }
    return value
  }
  for (let current: Scope | undefined = scope; current; current = current.parent)
    for (const [name, value] of current.names) {
      const after = replace(value, 0)
      if (after !== value) current.names.set(name, after)
    }
  return found
}
