import { expect, it } from 'vitest'
import { type Change, sameChange } from '../../src/change/change.js'
import { mendTable, refuseTableMend } from '../../src/change/mend-table.js'
import type { Database, Row } from '../../src/database/index.js'

const row = (id: string, applied = '2024-01-01'): Row => ({ id, app: 'shop', name: `000${id}`, applied })
const update = (id: string, applied: string) => ({ before: row(id), after: row(id, applied) })

it('a change is the same in whatever order its rows come, and another one with another row', () => {
  const change: Change = { remove: [row('1'), row('2')], add: [], update: [update('3', 'a'), update('4', 'b')] }
  expect(sameChange(change, { remove: change.remove.toReversed(), add: [], update: change.update.toReversed() })).toBe(true)
  expect(sameChange(change, { ...change, update: [update('3', 'a'), update('4', 'c')] })).toBe(false)
  expect(sameChange(change, { ...change, remove: [row('1')] })).toBe(false)
})

/** What is not undone with the rows is not begun with them. */
it.each([
  ['inside', null],
  ['shared', 'not-repairable'],
  ['after', 'missing-rights'],
  ['never', 'missing-rights'],
] as const)('a counter that moves %s', async (step, code) => {
  const database = { dialect: { sequenceStep: async () => step }, table: { label: 'django_migrations' } } as unknown as Database
  const done = refuseTableMend(database, { next: '4', column: false })
  if (code === null) await expect(done).resolves.toBeUndefined()
  else await expect(done).rejects.toMatchObject({ code })
})

it.each([
  ['inside', null],
  ['owner', 'missing-rights'],
  ['the table is partitioned', 'not-repairable'],
] as const)('a column that can be mended: %s', async (found, code) => {
  const table = { label: 'django_migrations', shape: { mendId: '' } }
  const database = { dialect: { idMending: async () => found }, table } as unknown as Database
  const done = refuseTableMend(database, { next: '4', column: true })
  if (code === null) await expect(done).resolves.toBeUndefined()
  else await expect(done).rejects.toMatchObject({ code })
})

it('a table that gives another id than was set is not said to be mended', async () => {
  const dialect = { mendId: async () => {}, setSequence: async () => {}, readSequence: async () => '1' }
  const database = { dialect, edit: {}, table: { label: 'django_migrations' } } as unknown as Database
  await expect(mendTable(database, { next: '4', column: true })).rejects.toMatchObject({
    code: 'internal-error',
    fact: expect.stringContaining('is 1 where 4 was set'),
  })
})
