import { beforeEach, describe, expect, it } from 'vitest'
import { parseDatabaseUrl } from '../../src/config/index.js'
import { openDatabase } from '../../src/database/index.js'
import { Warnings } from '../../src/errors/index.js'
import { Journal } from '../../src/journal/index.js'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'
import { alterInserts } from '../support/triggers.js'

const ROWS: [string, string][] = [
  ['auth', '0001_initial'],
  ['shop', '0001_initial'],
  ['shop', '0002_data'],
  ['blog', '0001_initial'],
]

/** What nobody expects: a database that does not do what it was told, a copy that is damaged, a row that is there again. */
describe.each(engines)('%s', (engine) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await freshDatabase(engine)
    await createHistoryTable(database)
    await record(database, ROWS)
  })

  const run = (...argv: string[]) => migstate([...argv, '--url', database.url, '--no-files', '--json'])
  const write = (...argv: string[]) => run(...argv, '--yes')

  it('a new row that is not as planned: rolled back, exit 1', async () => {
    await alterInserts(database, 'django_migrations', 'name', 'something else')
    const before = await fingerprint(database)
    const marked = await write('mark', 'applied', 'shop', '0003_more')
    expect([marked.exitCode, marked.json.error?.code], marked.stdout).toEqual([1, 'database-error'])
    expect(marked.json.error.message).toContain('would not be as planned')
    expect(marked.json.error.message).toMatch(/nothing was changed/i)
    expect((await fingerprint(database)).rows).toEqual(before.rows)
    expect((await run('history')).json.result.operations).toEqual([])
  })

  it('a row that comes back with another time: rolled back, exit 1', async () => {
    await write('mark', 'unapplied', 'shop', '0002_data')
    await alterInserts(database, 'django_migrations', 'applied', '2001-01-01 00:00:00')
    const before = await fingerprint(database)
    const undone = await write('rollback')
    expect([undone.exitCode, undone.json.error?.code], undone.stdout).toEqual([1, 'database-error'])
    expect((await fingerprint(database)).rows).toEqual(before.rows)
  })

  it('a row that was to stay and is changed on the way: rolled back, exit 1', async () => {
    if (engine === 'postgresql')
      await database.query(
        `CREATE FUNCTION meddle() RETURNS trigger AS $$ BEGIN UPDATE public.django_migrations SET name = 'meddled' WHERE id = 1; RETURN NULL; END $$ LANGUAGE plpgsql;
         CREATE TRIGGER meddle AFTER DELETE ON django_migrations FOR EACH ROW EXECUTE FUNCTION meddle()`,
      )
    else if (engine === 'sqlite')
      await database.query(`CREATE TRIGGER meddle AFTER DELETE ON django_migrations BEGIN UPDATE django_migrations SET name = 'meddled' WHERE id = 1; END`)
    // MySQL lets no trigger write to the table that it stands on (manual, 27.8).
    else return
    const before = await fingerprint(database)
    const unmarked = await write('mark', 'unapplied', 'blog', '0001_initial')
    expect([unmarked.exitCode, unmarked.json.error?.code], unmarked.stdout).toEqual([1, 'database-error'])
    expect(await fingerprint(database)).toEqual(before)
  })

  it.runIf(engine === 'postgresql')('a row that would be changed at the COMMIT: rolled back, and nobody else is blamed', async () => {
    await database.query(
      `CREATE FUNCTION late() RETURNS trigger AS $$ BEGIN DELETE FROM public.django_migrations WHERE id = 1; RETURN NULL; END $$ LANGUAGE plpgsql;
       CREATE CONSTRAINT TRIGGER late AFTER DELETE ON django_migrations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.id <> 1) EXECUTE FUNCTION late()`,
    )
    const before = await fingerprint(database)
    const unmarked = await write('mark', 'unapplied', 'blog', '0001_initial')
    expect([unmarked.exitCode, unmarked.json.error?.code], unmarked.stdout).toEqual([1, 'database-error'])
    expect(unmarked.json.error.message).toContain('Row 1 (auth.0001_initial) would not be as planned')
    expect(await fingerprint(database)).toEqual(before)
  })

  it.runIf(engine === 'postgresql')('a trigger that needs another search path than ours: said, with what mends it', async () => {
    await database.query(
      `CREATE FUNCTION notes() RETURNS trigger AS $$ BEGIN INSERT INTO note VALUES (OLD.name); RETURN NULL; END $$ LANGUAGE plpgsql;
       CREATE TABLE note (name text);
       CREATE TRIGGER notes AFTER DELETE ON django_migrations FOR EACH ROW EXECUTE FUNCTION notes()`,
    )
    const { json } = await write('mark', 'unapplied', 'blog', '0001_initial')
    expect(json.error).toMatchObject({
      code: 'database-error',
      message: expect.stringMatching(/relation "note" does not exist, .*notes\(\).*nothing was changed/i),
    })
    expect(json.error.hint).toContain('SET search_path')
    await database.query('ALTER FUNCTION notes() SET search_path = public')
    expect((await write('mark', 'unapplied', 'blog', '0001_initial')).exitCode).toBe(0)
    expect(await database.query('SELECT name FROM note')).toEqual([{ name: '0001_initial' }])
  })

  it('a snapshot that does not read back: nothing is changed', async () => {
    await record(database, [['odd', '0010']])
    await run('snapshot', 'create')
    // Its column keeps another text than it was given.
    if (engine === 'sqlite') {
      const [{ sql }] = (await database.query("SELECT sql FROM sqlite_master WHERE name = 'migstate_snapshot_row'")) as [{ sql: string }]
      await database.query('ALTER TABLE migstate_snapshot_row RENAME TO old')
      await database.query(sql.replace('name text', 'name numeric'))
      await database.query('INSERT INTO migstate_snapshot_row SELECT * FROM old')
      await database.query('DROP TABLE old')
    } else if (engine === 'postgresql') await database.query('ALTER TABLE migstate_snapshot_row ALTER name TYPE char(100)')
    else await database.query('ALTER TABLE migstate_snapshot_row MODIFY name binary(100) NOT NULL')
    const before = await fingerprint(database)
    const unmarked = await write('mark', 'unapplied', 'blog', '0001_initial')
    expect([unmarked.exitCode, unmarked.json.error?.code], unmarked.stdout).toEqual([1, 'database-error'])
    expect(unmarked.json.error.message).toContain('does not read back')
    expect((await run('snapshot', 'create')).json.error?.code).toBe('database-error')
    expect(await fingerprint(database)).toEqual(before)
    expect((await run('snapshot', 'list')).json.result.snapshots).toHaveLength(1)
  })

  it('a damaged snapshot is not restored', async () => {
    const { snapshot } = (await run('snapshot', 'create')).json.result
    await write('mark', 'unapplied', 'blog', '0001_initial')
    await database.query("UPDATE migstate_snapshot_row SET name = '0001_other' WHERE name = '0001_initial' AND app = 'blog'")
    const before = await fingerprint(database)
    const restored = await write('snapshot', 'restore', snapshot.id)
    expect([restored.exitCode, restored.json.error?.code], restored.stdout).toEqual([2, 'bad-file'])
    expect(restored.json.error.message).toContain('damaged')
    expect(await fingerprint(database)).toEqual(before)
  })

  it('a row that was deleted and is there again is not put back beside it', async () => {
    await write('mark', 'unapplied', 'shop', '0002_data')
    await record(database, [['shop', '0002_data', '2025-05-05 05:05:05.000005']])
    const before = await fingerprint(database)
    const undone = await write('rollback')
    expect([undone.exitCode, undone.json.error?.code], undone.stdout).toEqual([6, 'table-changed'])
    expect(undone.json.error.details).toMatchObject({ wanted: [{ id: '3' }], found: [{ name: '0002_data', applied: expect.stringContaining('2025-05-05') }] })
    expect(await fingerprint(database)).toEqual(before)
  })

  it('a row that another unique index refuses: exit 1, and the counter is not blamed', async () => {
    await database.query("DELETE FROM django_migrations WHERE name = '0001_initial' AND app <> 'shop'")
    await database.query('CREATE UNIQUE INDEX one_name ON django_migrations (name)')
    const before = await fingerprint(database)
    const marked = await write('mark', 'applied', 'other', '0002_data')
    expect([marked.exitCode, marked.json.error?.code, marked.json.error?.consequence], marked.stdout).toEqual([1, 'database-error', 'rolled-back'])
    expect((await fingerprint(database)).rows).toEqual(before.rows)
  })

  it('what a session writes after an edit that was rolled back is committed at once', async () => {
    const warnings = new Warnings()
    const options = { schema: undefined, table: undefined, readOnly: false, patience: 1000, signal: undefined }
    const opened = await openDatabase(parseDatabaseUrl(database.url), options, warnings)
    try {
      const { dialect, edit, table, journal } = opened
      await new Journal(opened).ensure(false)
      for (const end of ['rollbackEdit', 'commitEdit'] as const) {
        expect(await dialect.tryBeginEdit(edit, table, journal, () => opened.side())).toMatchObject({ table: { label: table.label } })
        await dialect[end](edit)
        if (end === 'commitEdit') await dialect.endEdit(edit)
        await new Journal(opened).append(edit, null, end, null, 'now')
        expect(await database.query(`SELECT count(*) AS n FROM migstate_event WHERE event = '${end}'`)).toEqual([{ n: '1' }])
      }
    } finally {
      await opened.close()
    }
  })
})
