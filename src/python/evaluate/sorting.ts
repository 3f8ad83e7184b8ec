import { payCopy, payScan } from '../budget.js'
import type { Value } from './value.js'

/** Texts or numbers in Python's order: by code point, and what is equal in the order in which it was. */
export function sorted<T extends Value & { kind: 'string' | 'number' }>(items: readonly T[]): T[] {
  const rounds = Math.ceil(Math.log2(items.length + 2))
  payCopy(2 * items.length * rounds)
  for (const { value } of items) payScan(rounds * (typeof value === 'string' ? value.length : 1))
  return [...items].sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0))
}
