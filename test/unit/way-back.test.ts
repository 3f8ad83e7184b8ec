import { describe, expect, it } from 'vitest'
import type { Row } from '../../src/database/index.js'
import { Warnings } from '../../src/errors/index.js'
import type { Lifted } from '../../src/journal/index.js'
import { notBack, notRun } from '../../src/rerun/table/failures.js'
import { planClose } from '../../src/rerun/table/plan-close.js'

const row = (id: string, app: string, name: string, applied = `2024-01-01 00:00:0${id}`): Row => ({ id, app, name, applied })

const target = row('2', 'shop', '0002_data')
const hidden = [row('3', 'billing', '0001_initial'), row('4', 'shop', '0003_more')]
const lifted: Lifted = {
  app: 'shop',
  name: '0002_data',
  target: [target],
  hidden,
  reverse: null,
  rest: ['1', '5'],
  unrecordedSquashes: [],
  absentMeansNotRun: true,
  namedSessions: true,
  timeZone: null,
  sequence: '6',
}
const left = [row('1', 'shop', '0001_initial'), row('5', 'blog', '0001_initial')]
const close = (rows: Row[]) => {
  const warnings = new Warnings()
  const edit = planClose(lifted, { rows, sequence: '9' }, 'ran', 'done', () => 'NOW', warnings)
  return { ...edit.change, said: warnings.list().map(({ message }) => message), sequence: edit.sequence?.({ rows, sequence: '9' }) }
}

/** Table mode: the rows come back beside what others did meanwhile. */
describe('planClose', () => {
  it('nobody came: the new row goes, its time is that of the old one, and the others are exact', () => {
    const fresh = row('6', 'shop', '0002_data', '2025-05-05 00:00:00')
    expect(close([...left, fresh])).toEqual({ remove: [fresh], update: [], add: [{ ...target, applied: fresh.applied }, ...hidden], said: [], sequence: '7' })
  })

  it("somebody else's row stays, and that is said", () => {
    const stranger = row('7', 'later', '0001_initial')
    const { add, said } = close([...left, row('6', 'shop', '0002_data'), stranger])
    expect(add.map(({ id }) => id)).toEqual(['2', '3', '4'])
    expect(said).toEqual(['somebody else recorded later.0001_initial (id 7) meanwhile; it stays'])
  })

  it('a lifted row that somebody recorded is not doubled', () => {
    const { add, said } = close([...left, row('6', 'shop', '0002_data'), row('7', 'billing', '0001_initial')])
    expect(add.map(({ id }) => id)).toEqual(['2', '4'])
    expect(said).toEqual(['somebody else recorded billing.0001_initial meanwhile (id 7); row 3 was not put back beside it'])
  })

  it('an id that somebody else has taken is not taken from them', () => {
    const { add, said } = close([...left, row('6', 'shop', '0002_data'), row('4', 'later', '0001_initial')])
    expect(add.at(-1)).toEqual({ app: 'shop', name: '0003_more', applied: hidden[1]?.applied })
    expect(said.join('\n')).toContain("somebody else's row has taken the id 4 of shop.0003_more meanwhile; it was put back with a new id")
  })

  it('rows that somebody deleted stay deleted', () => {
    expect(close([row('1', 'shop', '0001_initial'), row('6', 'shop', '0002_data')]).said).toEqual([
      'somebody else deleted 1 other rows meanwhile (ids 5); they stay deleted',
    ])
  })
})

describe('a way back that was not taken', () => {
  const run = { exitCode: 1, signal: null, startError: null, output: 'django.db.utils.OperationalError: no such table: shop_product\n' }

  it('Django gave up by itself: what it had begun is not done', () => {
    const error = notBack(lifted, [target], { run, interrupted: false, orderly: true })
    expect(error).toMatchObject({ code: 'manage-failed', message: expect.stringContaining('manage.py (exit 1) did not take shop.0002_data back.') })
    expect(error?.more).toBe(
      'What its reverse code did to schema and data outside a transaction stays. The table shop_product is gone: a later migration removed or renamed it.',
    )
    expect(notBack(lifted, [target], { run, interrupted: true, orderly: true })).toMatchObject({
      code: 'interrupted',
      message: expect.stringContaining('Interrupted: shop.0002_data was not taken back.'),
    })
  })

  it('killed: whether its reverse code has run nobody can know', () => {
    const killed = { ...run, exitCode: null, signal: 'SIGKILL', output: '' }
    const error = notBack(lifted, [target], { run: killed, interrupted: false, orderly: false })
    expect(error).toMatchObject({ code: 'manage-failed' })
    expect(error?.more).toBe('Whether its reverse code has run nobody can know; its forward code has not.')
    expect(notBack(lifted, [target], { run: killed, interrupted: true, orderly: false })?.message).toMatch(/^Interrupted: manage\.py .* ended before/)
  })

  it('taken back: forward goes on, but for Ctrl-C', () => {
    expect(notBack(lifted, [], { run, interrupted: false, orderly: true })).toBeNull()
    expect(notBack(lifted, [], { run, interrupted: true, orderly: true })).toMatchObject({ code: 'interrupted', details: { half: 'reversed' } })
  })

  it('a program that cannot be started', () => {
    expect(notRun(lifted, { ...run, startError: 'ENOENT' }, false)).toMatchObject({ code: 'django-does-not-start' })
  })
})
