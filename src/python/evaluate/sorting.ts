import { payCopy, payScan } from '../budget.js'
import type { Value } from './value.js'

/** Texts or numbers in Python's order: by code point, and what is equal in the order in which it was. */
export function sorted<T extends Value & { kind: 'string' | 'number' }>(items: readonly T[]): T[] {
  return ordered(items, items)
}

/** `sorted(items, key=…, reverse=…)` by a key of each; undefined where the order of two of them is not known. */
export function sortedBy(items: readonly Value[], reverse: Value | undefined, keyOf: (item: Value) => Value | undefined): Value[] | undefined {
  if (items.length > MOST || (reverse && reverse.kind !== 'boolean')) return undefined
  const keys = items.map(keyOf)
  if (!keys.every((one) => one !== undefined && one.kind === keys[0]?.kind && isOrdered(one, keys[0]))) return undefined
  // Python turns round only what is not equal.
  if (!reverse?.value) return ordered(items, keys as Value[])
  return ordered([...items].reverse(), (keys as Value[]).reverse()).reverse()
}

const MOST = 2000

function isOrdered(key: Value, like: Value): boolean {
  if (key.kind === 'tuple' && like.kind === 'tuple')
    return (
      key.items.length === like.items.length &&
      key.items.every((item, index) => item.kind === like.items[index]?.kind && item.kind !== 'tuple' && isOrdered(item, item))
    )
  return key.kind === 'string' || key.kind === 'number' || key.kind === 'boolean'
}

function ordered<T extends Value>(items: readonly T[], keys: readonly Value[]): T[] {
  const rounds = Math.ceil(Math.log2(items.length + 2))
  payCopy(2 * items.length * rounds)
  for (const key of keys) payScan(rounds * lengthOf(key))
  const places = items.map((_item, index) => index).sort((a, b) => compared(keys[a] as Value, keys[b] as Value))
  return places.map((place) => items[place] as T)
}

function lengthOf(key: Value): number {
  if ('items' in key) return key.items.reduce((sum, item) => sum + lengthOf(item), 1)
  return key.kind === 'string' ? key.value.length : 1
}

function compared(a: Value, b: Value): number {
  if ('items' in a && 'items' in b) {
    for (const [index, item] of a.items.entries()) {
      const order = compared(item, b.items[index] as Value)
      if (order !== 0) return order
    }
    return 0
  }
  if (!isPlain(a) || !isPlain(b)) return 0
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0
}

function isPlain(value: Value): value is Value & { kind: 'string' | 'number' | 'boolean' } {
  return value.kind === 'string' || value.kind === 'number' || value.kind === 'boolean'
}
