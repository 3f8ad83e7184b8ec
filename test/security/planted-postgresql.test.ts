import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresql } from '../../src/database/postgresql/index.js'
import { parseDatabaseUrl } from '../../src/config/index.js'
import { migstate } from '../support/cli.js'
import { engines } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { called, plant, type Planted, sqlOf } from '../support/planted.js'
import { startPooler } from '../support/pooler.js'
import { sessionsEnded } from '../support/sessions.js'

/** Asks with a search path of its own, so that the test itself meets nothing that is planted. */
async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, options: '-c search_path=pg_catalog -c TimeZone=UTC' })
  await client.connect()
  try {
    const result = await client.query(sql)
    return (Array.isArray(result) ? result.at(-1) : result).rows
  } finally {
    await client.end()
  }
}

describe.runIf(engines.includes('postgresql'))('a database whose owner has planted what a superuser may stumble over', () => {
  const owner = `o${randomBytes(4).toString('hex')}`
  const name = `ms_${owner}`
  const server = process.env.MIGSTATE_TEST_PG_URL ?? 'postgresql://none'
  const own = new URL(server)
  own.pathname = `/${name}`
  const query = (sql: string) => ask(own.href, sql)
  let project: FakeProject
  let texts: string[]
  let planted: Planted
  let answers: Record<string, number | null>

  /** Every command, reading ones first. `migrate` of the rerun is a program that does nothing. */
  async function everyCommand(url: string): Promise<Record<string, number | null>> {
    const exits: Record<string, number | null> = {}
    const run = async (...argv: string[]) => {
      const result = await migstate([...argv, '--project', project.folder, '--url', url, '--json', '--django-version', '5.2'])
      exits[argv.join(' ')] = result.exitCode
      return result.json
    }
    const reading = () =>
      Promise.resolve()
        .then(() => run('status'))
        .then(() => run('plan'))
        .then(() => run('show', 'shop', '0002_data'))
        .then(() => run('graph'))
        .then(() => run('history'))
        .then(() => run('snapshot', 'list'))
    await reading()
    const made = await run('snapshot', 'create')
    await run('mark', 'unapplied', 'blog', '0001_initial', '--yes')
    await run('mark', 'applied', 'blog', '0001_initial', '--yes')
    await run('fake', 'shop', '0002_data', '--yes')
    await run('rollback', '--yes')
    await run('rerun', 'shop', '0002_data', ...project.manage('fail'), '--force', '--yes')
    await run('recover')
    await run('snapshot', 'show', made.result?.snapshot.id ?? 'none')
    await run('snapshot', 'restore', made.result?.snapshot.id ?? 'none', '--yes')
    await reading()
    return exits
  }

  async function shadowSql(snapshot: string, operation: string) {
    const tool = await postgresql.connect(parseDatabaseUrl(own.href), { readOnly: false, patience: 1000 })
    const { table } = await postgresql.findTable(tool, { schema: 'mine', name: 'django_migrations' })
    if (!table) throw new Error('no table')
    const beside = (side: string) => `mine."migstate_${side}"`
    const journal = { operation: beside('operation'), event: beside('event'), snapshotRow: beside('snapshot_row') }
    const lock = await postgresql.tryAdvisoryLock(tool, table)
    const sql = await postgresql.shadow(tool, { history: table, journal, operation, snapshot, hidden: ['1'] })
    const end = async () => {
      await lock?.release()
      await tool.close()
    }
    return { tool, journal, sql, end }
  }

  beforeAll(async () => {
    await ask(server, `CREATE ROLE ${owner} LOGIN`)
    await ask(server, `CREATE DATABASE ${name} OWNER ${owner}`)
    await query(`SET ROLE ${owner}; CREATE SCHEMA mine`)
    project = await fakeProject({
      engine: 'postgresql',
      url: own.href,
      file: undefined,
      env: {},
      query: async (sql: string) => (await ask(own.href, `SET ROLE ${owner}; SET search_path = mine; ${sql}`)) as never,
      drop: async () => {},
    })
    await query(`ALTER DATABASE ${name} SET search_path = mine`)
    texts = await sqlOf(async () => (answers = await everyCommand(own.href)))
    const { sql, end } = await shadowSql('0', '0')
    await end()
    texts.push(...[...sql.early, ...sql.checks].map((check) => check.sql), sql.drop, ...sql.make, sql.insertEvent, sql.role, sql.live)
    await query('CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC; DROP TABLE mine.migstate_operation, mine.migstate_event, mine.migstate_snapshot_row')
    planted = await plant(query, texts)
    await query(`ALTER DATABASE ${name} SET search_path = evil, mine, pg_catalog`)
    await query(`ALTER DATABASE ${name} SET track_functions = 'all'`)
  })
  afterAll(async () => {
    project.remove()
    await ask(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await ask(server, `DROP ROLE IF EXISTS ${owner}`)
  })

  it('what is planted is what the SQL uses, and is called by one who does not take care', async () => {
    expect(Object.entries(answers).filter(([, exit]) => exit !== 0)).toEqual([[expect.stringContaining('rerun'), 7]])
    expect(planted.functions).toEqual(
      expect.arrayContaining(['pg_try_advisory_lock(bigint)', 'pg_try_advisory_lock(text)', 'to_regclass(text)', 'set_config(text, text, boolean)']),
    )
    expect(planted.operators).toEqual(expect.arrayContaining(['name = name', 'text = text', 'oid = oid', 'integer <> integer', 'name !~ text']))
    expect(planted.types).toEqual(expect.arrayContaining(['text', 'int8', 'regclass', 'timestamptz']))
    expect(planted.relations).toEqual(expect.arrayContaining(['pg_class', 'pg_namespace', 'pg_locks', 'pg_roles']))
    const client = new pg.Client({ connectionString: own.href })
    await client.connect()
    await client.query("SELECT pg_try_advisory_lock('1')").catch(() => {})
    await client.query("SELECT relname FROM pg_class WHERE relname = 'x'::name")
    await client.end()
    await expect.poll(() => called(query)).toEqual(expect.arrayContaining(['evil.pg_try_advisory_lock', 'evil.spy']))
  })

  it('every parameter has a type', () => {
    expect(texts.filter((text) => /\$\d/.test(text)).length).toBeGreaterThan(20)
    expect(texts.filter((text) => /(?<!CAST\()\$\d/.test(text))).toEqual([])
  })

  it.each(['directly', 'through a transaction pooler'])('no command calls any of it, %s', async (way) => {
    await query('SELECT pg_catalog.pg_stat_reset()')
    const pooler = way === 'directly' ? undefined : await startPooler(own.href)
    const exits = await everyCommand(pooler?.url ?? own.href)
    pooler?.server.close()
    // Behind a pooler a rerun and a recovery are refused, for other reasons.
    const failed = Object.entries(exits).filter(([command, exit]) => exit !== 0 && !/^(rerun|recover)/.test(command))
    expect(failed).toEqual([])
    await sessionsEnded((sql) => ask(server, sql), `'${name}'`)
    expect(await called(query)).toEqual([])
  })

  it('through a pooler nothing is left behind in the server session', async () => {
    const pooler = await startPooler(own.href)
    const session = await postgresql.connect(parseDatabaseUrl(pooler.url), { readOnly: true, patience: 1000 })
    const show = async (setting: string) => ((await (session.driver as pg.Client).query(`SHOW ${setting}`)).rows[0] as Record<string, string>)[setting]
    expect([await show('search_path'), await show('row_security')]).toEqual(['evil, mine, pg_catalog', 'on'])
    await session.close()
    pooler.server.close()
  })

  it('the session looks nowhere but in pg_catalog, hides nothing, and leaves constraints alone', async () => {
    await query(`ALTER DATABASE ${name} SET constraint_exclusion = on`)
    const session = await postgresql.connect(parseDatabaseUrl(own.href), { readOnly: true, patience: 1000 })
    const settings = await session.rows(
      "SELECT name, setting FROM pg_settings WHERE name IN ('search_path', 'row_security', 'constraint_exclusion', 'client_encoding', 'restrict_nonsystem_relation_kind') ORDER BY 1",
    )
    await session.close()
    expect(settings.map((row) => `${row.name}=${row.setting}`)).toEqual([
      'client_encoding=UTF8',
      'constraint_exclusion=off',
      'restrict_nonsystem_relation_kind=view, foreign-table',
      'row_security=off',
      'search_path=pg_catalog, pg_temp',
    ])
  })

  it("the shadow table's statements call nothing in Django's own session, whatever it finds first", async () => {
    const { tool, journal, sql, end } = await shadowSql('def', 'abc')
    await tool.run(`INSERT INTO ${journal.event} (operation, history_table, at, event, detail) VALUES ('abc', 'django_migrations', '', 'shadowed', '{}')`)
    await tool.run(
      `INSERT INTO ${journal.snapshotRow} (snapshot, row_id, app, name, applied) SELECT 'def', id::text, app, name, applied::text FROM mine.django_migrations`,
    )
    await query('SELECT pg_catalog.pg_stat_reset()')
    const django = new pg.Client({
      connectionString: own.href.replace(/\/\/[^@]*@/, `//${owner}@`),
      types: { getTypeParser: () => (value: string) => value } as never,
    })
    await django.connect()
    const first = async (text: string) => String(Object.values((await django.query(text)).rows[0] ?? {})[0])
    await tool.run(`GRANT ALL ON ${journal.event}, ${journal.snapshotRow} TO ${owner}`)
    for (const check of sql.early) if (check.as !== 'pid') expect(await first(check.sql)).toBe(check.want)
    await django.query(sql.drop)
    for (const check of sql.checks) expect([check.text, await first(check.sql)]).toEqual([check.text, check.want])
    for (const statement of sql.make) await django.query(statement)
    expect(await first(sql.live)).toBe('5')
    await django.query(sql.insertEvent.replace('(%s, %s, %s, %s, %s)', "('abc', 'django_migrations', '', 'ready', '{}')"))
    expect(await first(sql.role)).toBe(owner)
    await django.end()
    await end()
    await sessionsEnded((sql) => ask(server, sql), `'${name}'`)
    expect(await called(query)).toEqual([])
  })
})
