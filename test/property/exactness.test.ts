import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { difference, expectedRows, invert, planRestore } from '../../src/change/index.js'
import { quoteIdentifier } from '../../src/database/identifier.js'
import { byId, type Row, sameRow } from '../../src/database/row.js'
import { digestOf } from '../../src/journal/index.js'

const applied = fc.constantFrom<Pick<Row, 'applied' | 'appliedType'>>(
  { applied: '2024-01-01 00:00:00' },
  { applied: '2024-01-01 00:00:00.000001' },
  { applied: '1' },
  { applied: '1', appliedType: 'integer' },
  { applied: 'NULL' },
  { applied: 'NULL', appliedType: 'null' },
)
const row: fc.Arbitrary<Row> = fc
  .tuple(
    fc.bigInt({ min: 1n, max: 9_223_372_036_854_775_807n }).map(String),
    fc.string({ minLength: 1, maxLength: 6 }),
    fc.string({ minLength: 1, maxLength: 6 }),
    applied,
  )
  .map(([id, app, name, time]) => ({ id, app, name, ...time }))
const table = fc.uniqueArray(row, { selector: (one) => one.id, minLength: 1, maxLength: 12 })
const sorted = (rows: readonly Row[]) => [...rows].sort(byId)

/** The smallest differences there are. */
const CHANGES: [string, (row: Row) => Row][] = [
  ['its id', (one) => ({ ...one, id: (BigInt(one.id) ^ (1n << 60n)).toString() })],
  ['a letter of its app', (one) => ({ ...one, app: `${one.app}x` })],
  ['a letter of its name', (one) => ({ ...one, name: `${one.name}x` })],
  ['the border between app and name', (one) => ({ ...one, app: one.app + one.name[0], name: one.name.slice(1) })],
  ['its time', (one) => ({ ...one, applied: `${one.applied}0` })],
  ['the type in which its time is stored', ({ appliedType, ...one }) => (appliedType ? one : { ...one, appliedType: 'blob' })],
]

describe.each(CHANGES)('a row that differs in %s', (_name, change) => {
  const pairs = fc.tuple(table, fc.nat()).map(([rows, at]) => {
    const index = at % rows.length
    return [rows, rows.map((one, place) => (place === index ? change(one) : one))] as const
  })

  it('is another row, has another digest, is seen as a difference, and is put back', () => {
    fc.assert(
      fc.property(pairs, ([before, after]) => {
        expect(digestOf(after)).not.toBe(digestOf(before))
        expect(before.every((one, index) => sameRow(one, after[index] as Row))).toBe(false)
        const changes = difference(before, after)
        expect(changes.removed.length + changes.added.length + changes.updated.length).toBeGreaterThan(0)
        const undo = invert(changes)
        expect(sorted([...expectedRows(after, undo), ...(undo.add as Row[])])).toEqual(sorted(before))
        const restore = planRestore(before, { rows: [...after], sequence: null })
        expect(sorted([...expectedRows(after, restore), ...(restore.add as Row[])])).toEqual(sorted(before))
      }),
    )
  })
})

describe('a name that the database would cut', () => {
  it.each([
    ['ä'.repeat(31), 63, true],
    ['ä'.repeat(32), 63, false],
    ['ä'.repeat(40), 63, false],
    ['a'.repeat(63), 63, true],
    ['a'.repeat(64), 63, false],
    ['😀'.repeat(64), 256, true],
    ['😀'.repeat(65), 256, false],
    ['', 63, false],
    ['a\0b', 63, false],
  ])('%j of at most %i bytes: %s', (name, limit, fits) => {
    if (fits) expect(quoteIdentifier(name, '"', limit)).toBe(`"${name}"`)
    else expect(() => quoteIdentifier(name, '"', limit)).toThrowError(expect.objectContaining({ code: 'usage' }))
  })
})
