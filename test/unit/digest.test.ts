import { expect, it } from 'vitest'
import type { Row } from '../../src/database/index.js'
import { digestOf } from '../../src/journal/index.js'

const row = (applied: string, more: Partial<Row> = {}): Row => ({ id: 'NULL', app: 'shop', name: '0001_initial', applied, ...more })

/** A database gives rows in any order, and rows without an id have none to be told apart by. */
it('rows of one id have one digest in either order, and another one where any of them is another', () => {
  const [one, other, typed] = [row('2024-01-01'), row('2024-01-02'), row('2024-01-01', { appliedType: 'integer' })]
  expect(digestOf([one, other])).toBe(digestOf([other, one]))
  expect(digestOf([one, typed])).toBe(digestOf([typed, one]))
  expect(digestOf([one, one])).not.toBe(digestOf([one, other]))
  expect(digestOf([one, { ...one, extra: { note: 'a' } }])).toBe(digestOf([{ ...one, extra: { note: 'a' } }, one]))
  expect(digestOf([one, { ...one, extra: { note: 'a' } }])).not.toBe(digestOf([one, { ...one, extra: { note: 'b' } }]))
})
