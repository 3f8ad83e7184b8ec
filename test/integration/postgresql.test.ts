import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseDatabaseUrl } from '../../src/config/index.js'
import { postgresql } from '../../src/database/postgresql/index.js'
import { open } from '../../src/index.js'
import { migstate, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { gate } from '../support/gate.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'
import { startPooler } from '../support/pooler.js'

/** What only PostgreSQL has: schemas, roles, poolers, sessions that can be ended. */
describe.runIf(engines.includes('postgresql'))('postgresql', () => {
  let database: TestDatabase
  const cleanups: (() => Promise<void> | void)[] = []
  beforeEach(async () => {
    database = await freshDatabase('postgresql')
  })
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
    await database.drop()
  })

  const run = (argv: string[], url = database.url) => migstate([...argv, '--no-files', '--json', '--url', url])
  const mark = (name: string, url?: string, ...more: string[]) => run(['mark', 'applied', 'shop', name, '--yes', ...more], url)
  const makeTable = async () => {
    await createHistoryTable(database)
    await record(database, [['shop', '0001_initial']])
  }

  async function role(grants: string): Promise<string> {
    const name = `r${Math.random().toString(36).slice(2, 10)}`
    await database.query(`CREATE ROLE ${name} LOGIN; ${grants.replaceAll('@', name)}`)
    cleanups.push(async () => void (await database.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`)))
    const url = new URL(database.url)
    url.username = name
    return url.href
  }

  describe('schemas', () => {
    beforeEach(async () => {
      await database.query('CREATE SCHEMA tenant; CREATE SCHEMA "odd ""name.x"')
      await createHistoryTable(database, 'identity', 'tenant.django_migrations')
      await createHistoryTable(database, 'identity', '"odd ""name.x".django_migrations')
    })

    it('several, and search_path finds none: refused with the list', async () => {
      const refused = await run(['status'])
      expect(refused.json.error).toMatchObject({
        code: 'table-ambiguous',
        exitCode: 2,
        details: { candidates: ['odd "name.x.django_migrations', 'tenant.django_migrations'] },
      })
    })

    it('search_path decides, and the others are a warning', async () => {
      const url = `${database.url}?options=${encodeURIComponent('-c search_path=tenant')}`
      const status = await run(['status'], url)
      expect(status.json.result.database).toMatchObject({ schema: 'tenant', table: 'django_migrations' })
      expect(status.json.warnings).toMatchObject([{ code: 'table-ambiguous' }])
    })

    it('--schema decides; everything, the side tables too, lies there', async () => {
      expect((await mark('0001_x', undefined, '--schema', 'odd "name.x')).exitCode).toBe(0)
      const tables = await database.query("SELECT table_schema, count(*) AS n FROM information_schema.tables WHERE table_name LIKE 'migstate%' GROUP BY 1")
      expect(tables).toEqual([{ table_schema: 'odd "name.x', n: '3' }])
      expect((await run(['history', '--schema', 'tenant'])).json.result.operations).toEqual([])
      expect((await run(['status', '--schema', 'nope'])).json.error.code).toBe('table-missing')
    })
  })

  describe('roles', () => {
    beforeEach(makeTable)

    it('without CREATE: missing-rights with the DDL for a DBA, nothing changed; with the tables made it works', async () => {
      const url = await role(
        'GRANT USAGE ON SCHEMA public TO @; GRANT SELECT, INSERT, UPDATE, DELETE ON django_migrations TO @; GRANT USAGE, SELECT ON SEQUENCE django_migrations_id_seq TO @',
      )
      const before = await fingerprint(database)
      const refused = await mark('0002_x', url)
      expect(refused.json.error).toMatchObject({ code: 'missing-rights', exitCode: 1 })
      expect(refused.json.error.details.ddl[0]).toContain('CREATE TABLE')
      expect(await fingerprint(database)).toEqual(before)
      for (const statement of refused.json.error.details.ddl) await database.query(statement)
      const name = new URL(url).username
      await database.query(`GRANT SELECT, INSERT ON migstate_operation, migstate_event, migstate_snapshot_row TO ${name}`)
      expect((await mark('0002_x', url)).exitCode).toBe(0)
      // It may not move the sequence: the rows are exact, the counter stays higher, and that is said.
      const undone = await run(['rollback', '--yes'], url)
      expect(undone.json.warnings.map((one: { code: string }) => one.code)).toContain('sequence-not-restored')
      expect((await fingerprint(database)).rows).toEqual(before.rows)
    })

    it('with UPDATE on the sequence: put back by setval after the commit', async () => {
      const before = await fingerprint(database)
      await mark('0002_x')
      const url = await role(
        'GRANT USAGE ON SCHEMA public TO @; GRANT ALL ON ALL TABLES IN SCHEMA public TO @; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO @',
      )
      const undone = await run(['rollback', '--yes'], url)
      expect(undone.json).toMatchObject({ ok: true, warnings: [] })
      expect(await fingerprint(database)).toEqual(before)
    })

    it('read-only: refused before anything', async () => {
      const url = await role(
        'GRANT USAGE, CREATE ON SCHEMA public TO @; GRANT ALL ON django_migrations TO @; ALTER ROLE @ SET default_transaction_read_only = on',
      )
      expect((await mark('0002_x', url)).json.error).toMatchObject({ code: 'read-only', exitCode: 1 })
      expect((await run(['status'], url)).exitCode).toBe(0)
    })

    it('SELECT only: status works, a change says which right is missing', async () => {
      const url = await role('GRANT USAGE ON SCHEMA public TO @; GRANT SELECT ON django_migrations TO @')
      expect((await run(['status'], url)).exitCode).toBe(0)
      expect((await mark('0002_x', url)).json.error).toMatchObject({
        code: 'missing-rights',
        details: { ddl: expect.arrayContaining([expect.stringMatching(/^CREATE TABLE IF NOT EXISTS .*migstate_event/)]) },
      })
    })
  })

  it('through a transaction pooler single changes work and multi-step verbs are refused', async () => {
    await makeTable()
    const pooler = await startPooler(database.url)
    cleanups.push(() => void pooler.server.close())
    expect((await mark('0002_x', pooler.url)).exitCode).toBe(0)
    // pgpool-II answers it only where it stands alone in its message: in a transaction of its own it would reach PostgreSQL, and a change would go ahead.
    const said = await run(['mark', 'unapplied', 'shop', '0002_x', '--yes', '-v'], pooler.url)
    expect(said.stderr.split('\n')).toContain('SHOW pool_version')
    expect((await mark('0002_x', pooler.url)).exitCode).toBe(0)
    expect((await fingerprint(database)).rows).toHaveLength(2)
    // An unfinished operation, as a killed rerun leaves it.
    await database.query(
      `INSERT INTO migstate_operation (id, format, history_table, kind, started_at, actor, host, pid, command, snapshot) VALUES ('abc', 1, 'django_migrations', 'rerun', 'x', 'x', 'x', '1', 'x', 'x')`,
    )
    expect((await run(['recover'], pooler.url)).json.error).toMatchObject({ code: 'pooler', exitCode: 4 })
    expect((await run(['recover'])).json.result.operation).toMatchObject({ id: 'abc', status: 'aborted' })
  })

  it('a connection that is lost under the lock aborts, and nothing is changed', async () => {
    await makeTable()
    const before = await fingerprint(database)
    const hold = gate()
    const running = start(['mark', 'applied', 'shop', '0002_x', '--no-files', '--yes', '--json'], {
      env: { MIGSTATE_URL: database.url, MIGSTATE_FAILPOINT: hold.at('rows-written') },
    })
    await hold.reached()
    await database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'migstate mark%'")
    hold.open()
    const result = await running.done
    expect(result.exitCode).toBe(1)
    expect(result.json.error.code).toBe('cannot-connect')
    // A sequence is not part of a transaction: the id that was drawn stays drawn.
    expect((await fingerprint(database)).rows).toEqual(before.rows)
    expect((await mark('0002_x')).exitCode).toBe(0)
  })

  describe('several statements in one message', () => {
    const ODD = ["o'clock", '\\', "\\'; SELECT 1 --", 'a ? b ?? \\? $1', "E'\\x41'", 'naïve 名 🙂', '', ' - ', 'line\nline']

    it.each(['on', 'off'])('a value stays what it is, standard_conforming_strings %s', async (setting) => {
      const session = await postgresql.connect(parseDatabaseUrl(database.url), { readOnly: false, patience: 1000 })
      try {
        await session.run(`SET standard_conforming_strings = ${setting}`)
        const read = ({ rows }: { rows: { value: string | null }[] }) => rows[0]?.value
        const values = [...ODD, null]
        expect(await session.askAll(values.map((value) => ({ sql: 'SELECT ? AS value', bindings: [value], read })))).toEqual(values)
        expect(await session.askAll([{ sql: 'SELECT pg_typeof(?)::text AS value', bindings: [7], read }])).toEqual(['bigint'])
        await expect(session.askAll([{ sql: 'SELECT ? AS value', bindings: ['a\0b'], read }])).rejects.toMatchObject({ code: 'database-error' })
        await expect(session.askAll([{ sql: 'SELECT ? AS value', bindings: ['a', 'b'], read }])).rejects.toThrow('places')
      } finally {
        await session.close()
      }
    })

    // A pooler may hand over a server session that another client has left so: in GBK the last byte of the first letter takes a backslash along.
    it.each(['GBK', 'BIG5', 'SJIS'])('no value becomes a statement, whatever the server takes the bytes for (%s)', async (encoding) => {
      await database.query('CREATE TABLE precious (id integer)')
      const session = await postgresql.connect(parseDatabaseUrl(database.url), { readOnly: false, patience: 1000 })
      try {
        await session.run(`SET client_encoding = '${encoding}'`)
        // By default the server refuses a backslash before a quote in such an encoding.
        await session.run('SET backslash_quote = on')
        for (const letter of Array.from({ length: 200 }, (_unused, index) => String.fromCodePoint(0x4e00 + index)))
          for (const before of ["\\'", "'"])
            await session
              .askAll([{ sql: 'SELECT ? AS value', bindings: [`${letter}${before} AS text); DROP TABLE public.precious; --`], read: () => null }])
              .catch(() => {})
      } finally {
        await session.close()
      }
      expect(await database.query('SELECT count(*)::text AS rows FROM precious')).toEqual([{ rows: '0' }])
    })

    it('a transaction that has ended with its last question answers no more', async () => {
      const session = await postgresql.connect(parseDatabaseUrl(database.url), { readOnly: true, patience: 1000 })
      try {
        const number = () => session.rows<{ id: string | null }>('SELECT pg_current_xact_id_if_assigned()::text AS id, now()::text AS at')
        const work = async () => [await number(), await postgresql.last(session, number), await number()]
        await expect(postgresql.reading(session, work)).rejects.toThrow('after the last one')
        const [first, second] = await postgresql.reading(session, async () => [await number(), await postgresql.last(session, number)])
        expect(first).toEqual(second)
        // Nothing is left open, and an empty one is none.
        await postgresql.reading(session, async () => {})
        expect(await number()).not.toEqual(second)
      } finally {
        await session.close()
      }
    })

    it('shows no value with -v', async () => {
      await makeTable()
      const shown = await mark('0002_x', undefined, '-v', '--reason', 's3cret reason')
      expect(shown.exitCode, shown.stdout).toBe(0)
      expect(shown.stderr).toMatch(/^BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL …; .*; LOCK TABLE .*; SELECT /m)
      for (const value of ['s3cret', "'0002_x'"]) expect(shown.stderr).not.toContain(value)
    })
  })

  it('a library that stays open finds the sequence that the table has meanwhile', async () => {
    await makeTable()
    await using m = await open({ url: database.url, noFiles: true, cwd: '/', env: {} })
    expect((await m.status()).summary).toBeTruthy()
    await database.query('ALTER SEQUENCE django_migrations_id_seq RENAME TO another_seq')
    expect((await m.status()).summary).toBeTruthy()
  })

  it('names the session that holds the table', async () => {
    await makeTable()
    const { default: pg } = await import('pg')
    const holder = new pg.Client({ connectionString: database.url, application_name: 'nightly vacuum' })
    await holder.connect()
    await holder.query('BEGIN; LOCK TABLE django_migrations IN ACCESS SHARE MODE')
    const refused = await mark('0002_x', undefined, '--lock-timeout', '1')
    await holder.end()
    expect(refused.json.error).toMatchObject({ code: 'lock-timeout', exitCode: 5, message: expect.stringContaining('nightly vacuum') })
  })
})
