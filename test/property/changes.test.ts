import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { difference, expectedRows, invert, planRestore } from '../../src/change/index.js'
import { quoteIdentifier } from '../../src/database/identifier.js'
import { byId, type Row, sameRow } from '../../src/database/row.js'
import { digestOf } from '../../src/journal/index.js'
import { splitWords } from '../../src/config/command-words.js'
import { format } from '../../src/api/stamp.js'
import { maskUrl, parseDatabaseUrl } from '../../src/config/index.js'

const row: fc.Arbitrary<Row> = fc.record({
  id: fc.bigInt({ min: 1n, max: 9_223_372_036_854_775_807n }).map(String),
  app: fc.string({ minLength: 1, maxLength: 6 }),
  name: fc.string({ minLength: 1, maxLength: 6 }),
  applied: fc.constantFrom('2024-01-01 00:00:00', '2024-01-01 00:00:00.000001', '2024-01-01 00:00:00.999999+00'),
})
const table = fc.uniqueArray(row, { selector: (one) => one.id, maxLength: 12 })
const sorted = (rows: readonly Row[]) => [...rows].sort(byId)

describe('changes as values', () => {
  it('the difference of two tables, undone, gives the first one back exactly', () => {
    fc.assert(
      fc.property(table, table, (before, after) => {
        const changes = difference(before, after)
        const undo = invert(changes)
        const restored = sorted([...expectedRows(after, undo), ...(undo.add as Row[])])
        expect(restored).toEqual(sorted(before))
      }),
    )
  })

  it('restoring a snapshot makes any table equal to it, and again changes nothing', () => {
    fc.assert(
      fc.property(table, table, (snapshot, now) => {
        const change = planRestore(snapshot, { rows: now, sequence: null })
        const restored = sorted([...expectedRows(now, change), ...(change.add as Row[])])
        expect(restored).toEqual(sorted(snapshot))
        expect(planRestore(snapshot, { rows: restored, sequence: null })).toEqual({ remove: [], add: [], update: [] })
      }),
    )
  })

  it('the digest tells every difference and no order', () => {
    fc.assert(
      fc.property(table, table, (left, right) => {
        expect(digestOf(left)).toBe(digestOf([...left].reverse()))
        const same = left.length === right.length && sorted(left).every((one, index) => sameRow(one, sorted(right)[index] as Row))
        expect(digestOf(left) === digestOf(right)).toBe(same)
      }),
    )
  })
})

describe('text from outside', () => {
  it('a quoted identifier is one token, whatever the name', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 20 }).filter((name) => !name.includes('\0')),
        fc.constantFrom('"' as const, '`' as const),
        (name, mark) => {
          const quoted = quoteIdentifier(name, mark, 1000)
          expect(quoted.startsWith(mark) && quoted.endsWith(mark)).toBe(true)
          const inner = quoted.slice(1, -1)
          expect(inner.replaceAll(mark + mark, '').includes(mark)).toBe(false)
          expect(inner.replaceAll(mark + mark, mark)).toBe(name)
        },
      ),
    )
  })

  it('no password of a URL survives masking', () => {
    const odd = fc.string({ minLength: 6, maxLength: 12, unit: fc.constantFrom(...'abcXYZ019/?#@:%&= '.split('')) })
    fc.assert(
      fc.property(odd, (password) => {
        const masked = maskUrl(`postgresql://user:${password}SECRET@host/db`)
        expect(masked).toBe('postgresql://user:***@host/db')
      }),
    )
  })

  it('URLs: every part comes back as it was encoded', () => {
    const word = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(word, word, word, fc.integer({ min: 1, max: 65535 }), (user, password, name, port) => {
        const url = `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@db.example:${port}/${encodeURIComponent(name)}`
        expect(parseDatabaseUrl(url)).toMatchObject({ family: 'postgresql', user, password, database: name, host: 'db.example', port })
      }),
    )
  })

  it('words survive quoting', () => {
    const word = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => !text.includes("'"))
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), (words) => {
        expect(splitWords(words.map((one) => `'${one}'`).join(' '))).toEqual(words)
      }),
    )
  })

  it('times have the form of Python: microseconds, or none at all', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 4_000_000_000_000_000n }), (instant) => {
        const text = format(instant, 'UTC', (digits) => (digits === '000000' ? '' : `.${digits}`))
        const milliseconds = new Date(Number(instant / 1000n)).toISOString()
        expect(text.slice(0, 19)).toBe(milliseconds.slice(0, 19).replace('T', ' '))
        const fraction = (instant % 1_000_000n).toString().padStart(6, '0')
        expect(text.slice(19)).toBe(fraction === '000000' ? '' : `.${fraction}`)
      }),
    )
  })
})
