import { describe, expect, it } from 'vitest'
import { planRepair, planRollbackOf } from '../../src/change/index.js'
import type { Row } from '../../src/database/index.js'
import { takeAllThatFit } from '../../src/doctor/index.js'
import { type Operation, NO_CHANGES } from '../../src/journal/index.js'
import { rulesFor, type RowEdit } from '../../src/migrations/index.js'

const row = (id: string, name: string, applied = '2024-01-01 00:00:00'): Row => ({ id, app: 'shop', name, applied })
const plan = (rows: readonly Row[], ...edits: RowEdit[]) => planRepair({ project: null, rules: rulesFor('5.2'), alias: 'default', edits }, rows)

describe('several repairs as one change', () => {
  it('a name and a time of one row are one update, and its id stays', () => {
    const bad: Row = { ...row('2', '0002_X'), applied: '7', appliedType: 'integer' }
    const good = row('2', '0002_x', '2024-01-02 00:00:00')
    expect(
      plan([row('1', '0001'), bad], { do: 'rewrite', rows: [{ id: '2', applied: good.applied }] }, { do: 'rewrite', rows: [{ id: '2', name: '0002_x' }] }),
    ).toEqual({ remove: [], add: [], update: [{ before: bad, after: good }] })
  })

  it('a row that gets its right name is not written a second time, in whatever order they come', () => {
    const rows = [row('2', '0002_X')]
    const edits: RowEdit[] = [
      { do: 'record', keys: ['shop\u00000002_x'] },
      { do: 'rewrite', rows: [{ id: '2', name: '0002_x' }] },
    ]
    for (const order of [edits, edits.toReversed()])
      expect(plan(rows, ...order)).toMatchObject({ remove: [], add: [], update: [{ after: { id: '2', name: '0002_x' } }] })
  })

  it('a row that one repair deletes needs no name of another', () => {
    const rows = [row('2', '0002_X'), row('3', '0002_X')]
    const edits: RowEdit[] = [
      { do: 'delete', ids: ['3'] },
      { do: 'rewrite', rows: ['2', '3'].map((id) => ({ id, name: '0002_x' })) },
    ]
    expect(plan(rows, ...edits)).toMatchObject({ remove: [rows[1]], add: [], update: [{ after: { id: '2', name: '0002_x' } }] })
  })

  it('what it does not name stays, also where two rows have one id', () => {
    const rows = [row('1', '0001'), row('1', '0002'), row('3', '0003'), row('4', '0003')]
    expect(plan(rows, { do: 'delete', ids: ['4'] })).toEqual({ remove: [rows[3]], add: [], update: [] })
    expect(() => plan(rows, { do: 'delete', ids: ['1'] })).toThrow('Several rows have the id 1')
    expect(() => plan(rows, { do: 'rewrite', rows: [{ id: '9', name: 'x' }] })).toThrow('There is no row 9 any more')
  })
})

it('of repairs that do not fit together those are taken that do, whatever their order', () => {
  // `child` needs `parent`; `alone` never fits.
  const fits = (taken: readonly string[]) => !taken.includes('alone') && (!taken.includes('child') || taken.includes('parent'))
  expect(takeAllThatFit(['child', 'alone', 'parent'], fits).sort()).toEqual(['child', 'parent'])
})

describe('a duplicate that was deleted comes back', () => {
  const kept = row('1', '0001')
  const gone = row('5', '0001', '2024-03-01 00:00:00')
  const operation = { id: 'abc', changes: { ...NO_CHANGES, removed: [gone] }, undoneBy: null } as unknown as Operation
  const before = (other: Row) => new Map([[operation, [other, gone]]])
  it.each([
    ['older', kept],
    ['younger, by a clock that was set back since,', row('1', '0001', '2024-09-01 00:00:00')],
    ['younger, with a higher id,', row('7', '0001', '2024-09-01 00:00:00')],
  ])('beside the %s row that was kept', (_name, other) => {
    expect(planRollbackOf([operation], { rows: [other], sequence: null }, before(other))).toMatchObject({ add: [gone], remove: [], update: [] })
  })
  it.each([
    ['a row that was recorded since', row('6', '0001', '2024-05-01 00:00:00')],
    ['a row recorded since under an id that was free again', row('2', '0001', '2024-05-01 00:00:00')],
    ['a row recorded since with an older time', row('2', '0001', '2023-05-01 00:00:00')],
    ['a row of its id', row('5', '0009')],
  ])('not beside %s', (_name, there) => {
    expect(() => planRollbackOf([operation], { rows: [there], sequence: null }, before(kept))).toThrow('is there again')
  })
})
