import { expect, it } from 'vitest'
import { type Change, sameChange } from '../../src/change/change.js'
import { refuseForeignCounter } from '../../src/change/mend-counter.js'
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
  const done = refuseForeignCounter(database)
  if (code === null) await expect(done).resolves.toBeUndefined()
  else await expect(done).rejects.toMatchObject({ code })
})
