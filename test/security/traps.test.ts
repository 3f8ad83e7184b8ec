import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'
import { sessionsEnded } from '../support/sessions.js'

const READING = [['status'], ['history'], ['snapshot', 'list'], ['show', 'shop', '0001_initial']]
const WRITING = [
  ['mark', 'applied', 'shop', '0002_x', '--yes'],
  ['mark', 'applied', 'shop', '0002_x', '--dry-run'],
  ['snapshot', 'create'],
]

/** A table's owner who waits for somebody with more rights. */
describe.runIf(engines.includes('postgresql'))('traps in a PostgreSQL database', () => {
  let owner: string
  let database: TestDatabase
  const roles: string[] = []
  const makeRole = async (name: string) => {
    await database.query(`CREATE ROLE ${name} LOGIN`)
    roles.push(name)
    return name
  }
  beforeEach(async () => {
    database = await freshDatabase('postgresql')
    owner = await makeRole(`o${randomBytes(4).toString('hex')}`)
    await database.query(`ALTER SCHEMA public OWNER TO ${owner}; SET ROLE ${owner}`)
    await createHistoryTable(database)
    await database.query(`ALTER TABLE django_migrations OWNER TO ${owner}`)
    await record(database, [['shop', '0001_initial']])
    // What the traps do: the first one that runs with a superuser's rights leaves a mark that no rollback takes back.
    await database.query(`CREATE FUNCTION public.trap(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'`)
    await database.query(`CREATE FUNCTION public.trap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`)
    await database.query(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET track_functions = ''all''', current_database()); END $$`)
  })
  afterEach(async () => {
    for (const role of roles) await database.query(`REASSIGN OWNED BY ${role} TO postgres; DROP OWNED BY ${role} CASCADE`)
    for (const role of roles.splice(0)) await database.query(`DROP ROLE ${role}`)
    await database.drop()
  })

  const url = (role?: string) => {
    const one = new URL(database.url)
    if (role) one.username = role
    return one.href
  }
  const run = (argv: string[], role?: string) => migstate([...argv, '--no-files', '--json', '--url', url(role)])
  const asOwner = (sql: string) => database.query(`SET ROLE ${owner}; ${sql}`)
  const trapped = async () =>
    Number(
      (await database.query("SELECT pg_stat_clear_snapshot(); SELECT coalesce(sum(calls), 0) AS n FROM pg_stat_user_functions WHERE funcname = 'trap'"))[0]?.n,
    )
  const resetCalls = () => database.query('SELECT pg_stat_reset()')
  const settled = () => sessionsEnded(database.query)

  it('a superuser who does not own the table is told whose rights are enough, once', async () => {
    const { warnings } = (await run(['status'])).json
    expect(warnings).toEqual([
      { code: 'privileged-role', message: expect.stringContaining(`is a superuser, and public.django_migrations belongs to ${owner}`) },
    ])
    expect((await run(['status'], owner)).json.warnings).toEqual([])
    const marked = await run(['mark', 'applied', 'shop', '0002_x', '--yes'])
    expect(marked.exitCode).toBe(0)
    expect(marked.json.warnings.filter(({ code }: { code: string }) => code === 'privileged-role')).toHaveLength(1)
  })

  describe.each([
    ['an index over an expression', 'CREATE INDEX trap_index ON django_migrations ((trap(1)))', 'trap_index over an expression'],
    ['an index with a condition', 'CREATE INDEX trap_index ON django_migrations (app) WHERE trap(1) > 0', 'trap_index over an expression'],
    ['statistics of an expression', 'CREATE STATISTICS trap_statistics ON (trap(1)), app FROM django_migrations', 'the statistics trap_statistics'],
    ['a table that inherits', 'CREATE TABLE heir () INHERITS (django_migrations); CREATE INDEX heir_index ON heir ((trap(1)))', 'heir'],
  ])('%s, which a SELECT runs', (_what, sql, named) => {
    it('is never run for a superuser: refused before the table is read', async () => {
      await asOwner(sql)
      await resetCalls()
      for (const argv of [...READING, ...WRITING]) {
        const refused = await run(argv)
        expect(refused.json.error, argv.join(' ')).toMatchObject({ code: 'table-unfit', exitCode: 4, message: expect.stringContaining(named) })
      }
      await settled()
      expect(await trapped()).toBe(0)
      expect((await run(['status'], owner)).exitCode).toBe(0)
    })
  })

  describe.each([
    ['a trigger', 'CREATE TRIGGER audit BEFORE INSERT ON django_migrations FOR EACH ROW EXECUTE FUNCTION trap()', 'the trigger audit'],
    ['a rule', 'CREATE RULE also AS ON INSERT TO django_migrations DO ALSO SELECT trap(1)', 'the rule also'],
    ['a constraint', 'ALTER TABLE django_migrations ADD CONSTRAINT odd CHECK (trap(1) > 0)', 'the constraint odd'],
    ['a default', 'ALTER TABLE django_migrations ADD COLUMN more integer DEFAULT trap(1)', 'the default of the column more'],
    ['a column of a domain', 'CREATE DOMAIN odd AS text CHECK (trap(1) > 0); ALTER TABLE django_migrations ADD COLUMN more odd', 'the type of the column more'],
  ])('%s, which a change runs', (_what, sql, named) => {
    it('is never run for a superuser: read without it, no change', async () => {
      await database.query(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET constraint_exclusion = on', current_database()); END $$`)
      await asOwner(sql)
      const before = await fingerprint(database)
      await resetCalls()
      for (const argv of READING) expect((await run(argv)).exitCode, argv.join(' ')).toBe(0)
      for (const argv of WRITING)
        expect((await run(argv)).json.error, argv.join(' ')).toMatchObject({ code: 'table-unfit', exitCode: 4, message: expect.stringContaining(named) })
      await settled()
      expect(await trapped()).toBe(0)
      expect(await fingerprint(database)).toEqual(before)
      expect((await run(['mark', 'applied', 'shop', '0002_x', '--yes'], owner)).exitCode).toBe(0)
    })
  })

  it('a type with a cast of its own is refused, whoever reads it', async () => {
    await asOwner(`CREATE TYPE moment AS ENUM ('now'); CREATE FUNCTION trap(moment) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
      CREATE CAST (moment AS text) WITH FUNCTION trap(moment); ALTER TABLE django_migrations ALTER applied DROP NOT NULL, ALTER applied TYPE moment USING 'now'::moment`)
    await resetCalls()
    for (const role of [undefined, owner])
      for (const argv of [...READING, ...WRITING])
        expect((await run(argv, role)).json.error, argv.join(' ')).toMatchObject({ code: 'table-unfit', message: expect.stringContaining('applied') })
    await settled()
    expect(await trapped()).toBe(0)
  })

  describe.each([
    [
      'a view over a function',
      'DROP TABLE migstate_event; CREATE VIEW migstate_event AS SELECT trap(1)::bigint AS seq, $$x$$::text AS operation, $$django_migrations$$::text AS history_table, $$$$::text AS at, $$done$$::text AS event, $$null$$::text AS detail',
      'is a view',
    ],
    ['a table with a trigger', 'CREATE TRIGGER audit BEFORE INSERT ON migstate_event FOR EACH ROW EXECUTE FUNCTION trap()', 'the trigger audit'],
    ['a table with a rule', 'CREATE RULE also AS ON INSERT TO migstate_operation DO ALSO SELECT trap(1)', 'the rule also'],
    ['a table with an index over an expression', 'CREATE INDEX odd ON migstate_snapshot_row ((trap(1)))', 'odd over an expression'],
    ['a table with a default', 'ALTER TABLE migstate_event ADD COLUMN more integer DEFAULT trap(1)', 'the default of the column more'],
    ['a table without its columns', 'ALTER TABLE migstate_event DROP COLUMN detail', 'no column detail'],
    [
      'a partitioned table',
      'DROP TABLE migstate_event; CREATE TABLE migstate_event (seq bigint, operation text, history_table text, at text, event text, detail text) PARTITION BY LIST (operation)',
      'partitioned',
    ],
  ])('a journal that is %s', (_what, sql, named) => {
    it('is not read, with a warning, and nothing is written', async () => {
      expect((await run(['mark', 'applied', 'shop', '0003_y', '--yes'], owner)).exitCode).toBe(0)
      await asOwner(sql)
      const before = await fingerprint(database)
      await resetCalls()
      for (const role of [undefined, owner]) {
        for (const argv of READING) {
          const read = await run(argv, role)
          expect([read.exitCode, read.json.warnings], argv.join(' ')).toEqual([
            0,
            expect.arrayContaining([{ code: 'damaged-journal', message: expect.stringContaining(named) }]),
          ])
        }
        for (const argv of WRITING)
          expect((await run(argv, role)).json.error, argv.join(' ')).toMatchObject({
            code: 'damaged-journal',
            exitCode: 2,
            message: expect.stringContaining(named),
          })
        expect((await run(['rollback', '--yes'], role)).json.error).toMatchObject({ code: 'damaged-journal' })
        expect((await run(['recover'], role)).json.error).toMatchObject({ code: 'damaged-journal' })
      }
      await settled()
      expect(await trapped()).toBe(0)
      expect(await fingerprint(database)).toEqual(before)
    })
  })

  it.each([
    ['the side tables', 'CREATE TRIGGER audit BEFORE INSERT ON migstate_event FOR EACH ROW EXECUTE FUNCTION trap()', 'damaged-journal', 2],
    ['the history', 'CREATE TRIGGER audit BEFORE INSERT ON django_migrations FOR EACH ROW EXECUTE FUNCTION trap()', 'table-unfit', 4],
  ])('a trigger that is put on %s after a superuser has looked is met under the lock', async (_where, sql, code, exitCode) => {
    const folder = mkdtempSync(join(tmpdir(), 'migstate-trap-'))
    const gate = join(folder, 'gate')
    const running = start(['mark', 'applied', 'shop', '0002_x', '--no-files', '--yes', '--json'], {
      env: { MIGSTATE_URL: database.url, MIGSTATE_FAILPOINT: `journal-made@${gate}` },
    })
    await expect.poll(() => database.query("SELECT 1 FROM pg_class WHERE relname = 'migstate_snapshot_row'"), { timeout: 10_000 }).toHaveLength(1)
    await database.query(`ALTER TABLE migstate_event OWNER TO ${owner}`)
    await asOwner(sql)
    writeFileSync(gate, '')
    const result = await running.done
    rmSync(folder, { recursive: true })
    expect(result.json.error).toMatchObject({ code, exitCode, message: expect.stringContaining('the trigger audit') })
    await settled()
    expect(await trapped()).toBe(0)
  })

  it("a journal of somebody else's is no journal; that of a superuser is one", async () => {
    expect((await run(['mark', 'applied', 'shop', '0003_y', '--yes'])).exitCode).toBe(0)
    await database.query(
      `GRANT ALL ON migstate_operation, migstate_event, migstate_snapshot_row TO ${owner}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${owner}`,
    )
    expect((await run(['history'], owner)).json.result.operations).toHaveLength(1)
    expect((await run(['mark', 'unapplied', 'shop', '0003_y', '--yes'], owner)).exitCode).toBe(0)
    const other = await makeRole(`${owner}x`)
    await database.query(`ALTER TABLE migstate_event OWNER TO ${other}; GRANT ALL ON migstate_event TO ${owner}`)
    for (const role of [undefined, owner]) {
      expect((await run(['history'], role)).json).toMatchObject({
        result: { operations: [] },
        warnings: expect.arrayContaining([{ code: 'damaged-journal', message: expect.stringContaining(`belongs to ${other}`) }]),
      })
      expect((await run(['mark', 'applied', 'shop', '0002_x', '--yes'], role)).json.error).toMatchObject({ code: 'damaged-journal' })
    }
  })

  it('a policy that hides rows is an error, never a shorter history', async () => {
    await record(database, [['shop', '0002_hidden']])
    const reader = await makeRole(`${owner}r`)
    await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON django_migrations TO ${reader}; GRANT USAGE, CREATE ON SCHEMA public TO ${reader};
      GRANT USAGE ON SEQUENCE django_migrations_id_seq TO ${reader}`)
    await asOwner(`ALTER TABLE django_migrations ENABLE ROW LEVEL SECURITY; CREATE POLICY visible ON django_migrations USING (name <> '0002_hidden')`)
    for (const argv of [['status'], ['snapshot', 'create'], ['mark', 'applied', 'shop', '0003_y', '--yes']])
      expect((await run(argv, reader)).json.error, argv.join(' ')).toMatchObject({
        code: 'missing-rights',
        exitCode: 1,
        message: expect.stringContaining('hides rows'),
        hint: expect.stringContaining('BYPASSRLS'),
      })
    expect(JSON.stringify((await run(['status'], owner)).json.result)).toContain('0002_hidden')
  })
})
