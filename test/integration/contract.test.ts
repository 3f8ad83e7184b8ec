import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { createHistoryTable, fingerprint, idKinds, insertLikeDjango, record } from '../support/history-table.js'

const ROWS: [string, string][] = [
  ['auth', '0001_initial'],
  ['shop', '0001_initial'],
  ['shop', '0002_data'],
  ['blog', '0001_initial'],
]

/** One contract, every database: what a change does to the table, its ids, its times and its counter. */
describe.each(engines)('%s', (engine) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await freshDatabase(engine)
  })
  afterEach(() => database.drop())

  const run = (...argv: string[]) => migstate([...argv, '--url', database.url, '--no-files', '--json'])
  const write = (...argv: string[]) => run(...argv, '--yes')

  describe.each(idKinds(engine))('ids as %s', (kind) => {
    beforeEach(async () => {
      await createHistoryTable(database, kind)
      await record(database, ROWS)
    })

    it('mark, rollback, redo are exact: rows, ids, microseconds, counter', async () => {
      const before = await fingerprint(database)
      const marked = await write('mark', 'applied', 'shop', '0003_more')
      expect(marked.json).toMatchObject({ ok: true, result: { operation: { kind: 'mark applied', status: 'done' }, dryRun: false } })
      const after = await fingerprint(database)
      expect(after.rows).toHaveLength(5)
      expect(marked.json.result.changes.added[0]).toMatchObject({ id: '5', app: 'shop', name: '0003_more' })
      expect((await write('rollback')).exitCode).toBe(0)
      expect(await fingerprint(database)).toEqual(before)
      expect((await write('rollback')).exitCode).toBe(0)
      expect(await fingerprint(database)).toEqual(after)
      expect(await insertLikeDjango(database)).toBe('6')
    })

    it('un-marking and rolling back keeps the id and the time', async () => {
      const before = await fingerprint(database)
      const unmarked = await write('mark', 'unapplied', 'shop', '0002_data')
      expect(unmarked.json.result.changes.removed).toMatchObject([{ id: '3', app: 'shop', name: '0002_data' }])
      expect(unmarked.json.result.changes.removed[0].applied).toMatch(/^2024-03-10 02:30:02\.123456(\+00)?$/)
      expect((await fingerprint(database)).rows).toHaveLength(3)
      await write('rollback')
      expect(await fingerprint(database)).toEqual(before)
      expect(await insertLikeDjango(database)).toBe('5')
    })

    it('restores a snapshot exactly, and the next insert clashes with nothing', async () => {
      const before = await fingerprint(database)
      const { snapshot } = (await run('snapshot', 'create')).json.result
      for (const argv of [
        ['mark', 'unapplied', 'auth', '0001_initial'],
        ['mark', 'applied', 'x', '0001_a', '0002_b'],
      ]) {
        const { exitCode, stdout } = await write(...argv)
        expect(exitCode, stdout).toBe(0)
      }
      expect((await fingerprint(database)).rows).toHaveLength(5)
      const restored = await write('snapshot', 'restore', snapshot.id)
      expect(restored.json.result.changes.removed).toHaveLength(2)
      expect(restored.json.result.changes.added).toMatchObject([{ id: '1', app: 'auth' }])
      expect(await fingerprint(database)).toEqual(before)
      expect(await insertLikeDjango(database)).toBe('5')
    })

    it('refuses to roll back a row that somebody changed since, with the three-way difference', async () => {
      await write('mark', 'applied', 'shop', '0003_more')
      await database.query("UPDATE django_migrations SET name = '0003_changed' WHERE id = 5")
      const before = await fingerprint(database)
      const refused = await write('rollback')
      expect(refused.exitCode).toBe(6)
      expect(refused.json.error).toMatchObject({
        code: 'table-changed',
        details: { expected: [{ id: '5', name: '0003_more' }], found: [{ id: '5', name: '0003_changed' }] },
      })
      expect(await fingerprint(database)).toEqual(before)
    })

    it("leaves everybody else's rows alone when it rolls back", async () => {
      await write('mark', 'unapplied', 'auth', '0001_initial')
      const other = await insertLikeDjango(database, 'other', '0001_initial')
      expect((await write('rollback')).exitCode).toBe(0)
      const { rows } = await fingerprint(database)
      expect(rows.map((row) => row.split('|').slice(0, 3).join('|'))).toEqual([
        '1|auth|0001_initial',
        '2|shop|0001_initial',
        '3|shop|0002_data',
        '4|blog|0001_initial',
        `${other}|other|0001_initial`,
      ])
    })

    it('never lowers a counter that somebody else has moved', async () => {
      await write('mark', 'applied', 'shop', '0003_more')
      await insertLikeDjango(database, 'other', '0001_initial')
      await database.query("DELETE FROM django_migrations WHERE app = 'other'")
      await write('rollback')
      // Without a counter SQLite gives the id after the highest one that is there.
      expect(await insertLikeDjango(database)).toBe(kind === 'plain' ? '5' : '7')
    })
  })

  it('deletes all duplicates and brings all of them back', async () => {
    await createHistoryTable(database)
    await record(database, [...ROWS, ['shop', '0002_data'], ['shop', '0002_data']])
    const before = await fingerprint(database)
    expect((await write('mark', 'unapplied', 'shop', '0002_data')).json.result.changes.removed.map((row: { id: string }) => row.id)).toEqual(['3', '5', '6'])
    await write('rollback')
    expect(await fingerprint(database)).toEqual(before)
  })

  it('keeps ids above 2^53', async () => {
    await createHistoryTable(database, engine === 'postgresql' ? 'identity' : 'autoincrement')
    await record(database, ROWS)
    await database.query('UPDATE django_migrations SET id = 9007199254740993 WHERE id = 3')
    const before = await fingerprint(database)
    const unmarked = await write('mark', 'unapplied', 'shop', '0002_data')
    expect(unmarked.json.result.changes.removed).toMatchObject([{ id: '9007199254740993' }])
    await write('rollback')
    expect((await fingerprint(database)).rows).toEqual(before.rows)
  })

  it('inserts no second row and says that there is nothing to do', async () => {
    await createHistoryTable(database)
    await record(database, ROWS)
    const again = await run('mark', 'applied', 'shop', '0002_data')
    expect(again).toMatchObject({ exitCode: 0 })
    expect(again.json.result).toMatchObject({ operation: null, changes: { removed: [], added: [], updated: [] } })
  })

  it('makes its side tables only when it really writes', async () => {
    await createHistoryTable(database)
    await record(database, ROWS)
    const tables = async () => {
      const found = await database.query(
        engine === 'sqlite'
          ? "SELECT name FROM sqlite_master WHERE name LIKE 'migstate%' AND type = 'table'"
          : "SELECT table_name AS name FROM information_schema.tables WHERE table_name LIKE 'migstate%'" +
              (engine === 'postgresql' ? '' : ' AND table_schema = DATABASE()'),
      )
      return found.map((row) => row.name).sort()
    }
    await run('status')
    await run('history')
    await run('snapshot', 'list')
    await run('rollback')
    await run('recover')
    await run('mark', 'applied', 'shop', '0009', '--dry-run')
    expect((await run('mark', 'applied', 'shop', '0009')).exitCode).toBe(4)
    expect(await tables()).toEqual([])
    await write('mark', 'applied', 'shop', '0009')
    expect(await tables()).toEqual(['migstate_event', 'migstate_operation', 'migstate_snapshot_row'])
  })

  it('answers clearly when there is no table', async () => {
    expect((await write('mark', 'applied', 'shop', '0001')).json.error).toMatchObject({ code: 'table-missing', exitCode: 1 })
    expect((await run('status')).json).toMatchObject({ ok: true, warnings: [{ code: 'table-missing' }] })
    expect((await run('history')).json.result).toEqual({ operations: [] })
    expect((await run('status', '--table', 'nope')).json.error.code).toBe('table-missing')
  })

  it('writes down who, when, why and what, newest first', async () => {
    await createHistoryTable(database)
    await record(database, ROWS)
    await write('mark', 'applied', 'shop', '0003_more', '--reason', 'ticket 12; it\'s "fine"')
    await write('mark', 'unapplied', 'blog', '0001_initial')
    const { operations } = (await run('history')).json.result
    expect(operations).toMatchObject([
      { kind: 'mark unapplied', status: 'done', changes: { removed: 1, added: 0, updated: 0 }, reason: null },
      { kind: 'mark applied', status: 'done', changes: { removed: 0, added: 1, updated: 0 }, reason: 'ticket 12; it\'s "fine"' },
    ])
    expect((await run('history', '--limit', '1')).json.result.operations).toHaveLength(1)
    const shown = (await run('history', operations[1].id.slice(0, 6))).json.result.operation
    expect(shown).toMatchObject({ id: operations[1].id, changes: { added: [{ id: '5', app: 'shop', name: '0003_more' }] }, undoneBy: null })
    expect(shown.events.map((event: { event: string }) => event.event)).toEqual(['snapshot', 'done'])
    const { snapshots } = (await run('snapshot', 'list')).json.result
    expect(snapshots.map((one: { rows: number; operation: string }) => [one.rows, one.operation])).toEqual([
      [5, operations[0].id],
      [4, operations[1].id],
    ])
  })

  it('works on a table with another name', async () => {
    const name = engine === 'sqlite' ? 'my "odd" table' : 'other_migrations'
    if (engine === 'sqlite')
      await database.query('CREATE TABLE "my ""odd"" table" (id integer PRIMARY KEY AUTOINCREMENT, app text, name text, applied datetime)')
    else await createHistoryTable(database, undefined, name)
    expect((await write('mark', 'applied', 'shop', '0001_a', '--table', name)).exitCode).toBe(0)
    expect((await write('rollback', '--table', name)).exitCode).toBe(0)
    expect((await run('status', '--table', name)).json.result.unknownApps).toEqual([])
  })
})
