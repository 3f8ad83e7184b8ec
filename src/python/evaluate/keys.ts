import { payCopy, payLook, payValues } from '../budget.js'
import { equal, keyOf } from './equality.js'
import type { Value } from './value.js'

/** Values that are looked up by what they are, as Python's dicts and sets do, in time that grows with their number and no faster. */

/** A dict with the entries of another one: a key keeps its place and takes the new value. */
export function merged(entries: readonly [Value, Value][], more: readonly [Value, Value][]): [Value, Value][] {
  payCopy(entries.length + more.length)
  const result = [...entries]
  if (more.length === 0) return result
  const places = more.length === 1 ? undefined : placesOf(result)
  for (const entry of more) {
    const key = keyOf(entry[0])
    const at = key === undefined ? undefined : places ? places.get(key) : placeOf(result, entry[0])
    if (at !== undefined && at >= 0) result[at] = entry
    else if (key !== undefined && places) places.set(key, result.push(entry) - 1)
    else result.push(entry)
  }
  return result
}

function placesOf(entries: readonly [Value, Value][]): Map<string, number> {
  const places = new Map<string, number>()
  payValues(entries.length)
  entries.forEach(([name], at) => {
    const key = keyOf(name)
    if (key !== undefined && !places.has(key)) places.set(key, at)
  })
  return places
}

/** The first entry of a key; -1: none. */
export function placeOf(entries: readonly [Value, Value][], key: Value): number {
  payLook(entries.length)
  return entries.findIndex(([name]) => equal(name, key) === true)
}

export function distinct(items: readonly Value[]): Value[] {
  payCopy(items.length)
  const kept: Value[] = []
  const seen = new Set<string>()
  for (const item of items) {
    const key = keyOf(item)
    if (key !== undefined && seen.has(key)) continue
    if (key !== undefined) seen.add(key)
    kept.push(item)
  }
  payValues(kept.length)
  return kept
}

/** Which of these values are among others for sure. */
export function membership(items: readonly Value[]): (value: Value) => boolean {
  payValues(items.length)
  const keys = new Set(items.map((item) => keyOf(item)))
  return (value) => {
    const key = keyOf(value)
    return key !== undefined && keys.has(key)
  }
}

const indexes = new WeakMap<readonly [Value, Value][], { length: number; places: Map<string, number> }>()
const FEW = 16

/** The value of a dict under a text. */
export function lookUp(dict: Value, key: string): Value | undefined {
  if (dict.kind !== 'dict') return undefined
  const { entries } = dict
  if (entries.length > FEW) return entries[indexOf(entries).get(key) ?? -1]?.[1]
  for (let index = entries.length - 1; index >= 0; index--) {
    const [name, value] = entries[index] as [Value, Value]
    if (name.kind === 'string' && name.value === key) return value
  }
  return undefined
}

function indexOf(entries: readonly [Value, Value][]): Map<string, number> {
  const known = indexes.get(entries)
  if (known?.length === entries.length) return known.places
  payValues(entries.length)
  const places = new Map<string, number>()
  entries.forEach(([name], at) => {
    if (name.kind === 'string') places.set(name.value, at)
  })
  indexes.set(entries, { length: entries.length, places })
  return places
}
