import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate, start } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { gate } from '../support/gate.js'
import { fingerprint } from '../support/history-table.js'
import { type PostgresNode, startPostgresNode } from '../support/servers/postgres-nodes.js'
import { until } from '../support/until.js'

/** A primary with a streaming standby, which may be synchronous, may go away, and may be promoted. */
describe('a primary and a standby', () => {
  let primary: PostgresNode
  let standby: PostgresNode
  let database: TestDatabase
  let project: FakeProject
  const given = process.env.MIGSTATE_TEST_PG_URL
  beforeEach(async () => {
    primary = await startPostgresNode('17')
    process.env.MIGSTATE_TEST_PG_URL = primary.url
    database = await freshDatabase('postgresql', { keep: true })
    project = await fakeProject(database)
    standby = await primary.standby('second')
    await until('the standby streams', async () => (await database.query('SELECT state FROM pg_stat_replication'))[0]?.state === 'streaming')
  })
  afterEach(async () => {
    process.env.MIGSTATE_TEST_PG_URL = given
    await standby?.remove()
    await primary?.remove()
  })

  const at = (...nodes: PostgresNode[]) =>
    `postgresql://postgres@${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${new URL(database.url).pathname.slice(1)}`
  const on = (url: string, more: Record<string, string> = {}) => ({ cwd: project.folder, env: { MIGSTATE_URL: url, ...more } })
  const mark = ['mark', 'unapplied', 'blog.0001', '--yes', '--json']

  it('a standby is read, and says first that nothing is written there; several hosts and target_session_attrs as libpq has them', async () => {
    const status = await migstate(['status', '--json'], on(at(standby)))
    expect(status.json.result.summary.applied).toBe(6)
    const refused = await migstate(mark, on(at(standby)))
    expect([refused.exitCode, refused.json.error.code]).toEqual([1, 'read-only'])
    const first = await migstate(mark, on(at(standby, primary)))
    expect([first.exitCode, first.json.error.code]).toEqual([1, 'read-only'])
    for (const target of ['read-write', 'primary']) {
      expect((await migstate(mark, on(`${at(standby, primary)}?target_session_attrs=${target}`))).json, target).toMatchObject({ ok: true })
      expect((await migstate(['rollback', '--yes', '--json'], on(`${at(standby, primary)}?target_session_attrs=${target}`))).json).toMatchObject({ ok: true })
    }
    for (const target of ['read-only', 'standby', 'prefer-standby']) {
      const read = await migstate(mark, on(`${at(primary, standby)}?target_session_attrs=${target}`))
      expect([read.exitCode, read.json.error.code], target).toEqual([1, 'read-only'])
    }
    const none = await migstate(mark, on(`${at(standby)}?target_session_attrs=read-write`))
    expect([none.exitCode, none.json.error.code]).toEqual([1, 'read-only'])
    const wrong = await migstate(mark, on(`${at(standby)}?target_session_attrs=master`))
    expect([wrong.exitCode, wrong.json.error.code]).toEqual([2, 'bad-url'])
  })

  it('the same from the settings of Django', async () => {
    project.write({
      'settings.py': `INSTALLED_APPS = ["shop", "billing", "reports", "blog"]
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "${new URL(database.url).pathname.slice(1)}", "USER": "postgres",
    "HOST": "127.0.0.1,127.0.0.1", "PORT": "${standby.port},${primary.port}", "OPTIONS": {"target_session_attrs": "read-write"}}}
`,
    })
    const marked = await migstate(mark, { cwd: project.folder, env: { DJANGO_SETTINGS_MODULE: 'settings' } })
    expect(marked.json, marked.stdout).toMatchObject({ ok: true, result: { changes: { removed: [{ app: 'blog' }] } } })
  })

  it('the primary dies in the middle of a rerun and the standby takes over: the journal there knows, recover puts everything back', async () => {
    const before = await fingerprint(database)
    const url = `${at(primary, standby)}?target_session_attrs=read-write`
    const hold = gate()
    const running = start(
      ['rerun', 'shop.0002', '--force', '--yes', '--json', ...project.manage('fail')],
      on(url, { MIGSTATE_FAILPOINT: hold.at('child-exited') }),
    )
    await hold.reached()
    await until('the standby has everything', async () => {
      const [state] = await database.query('SELECT (sent_lsn = replay_lsn)::text AS same FROM pg_stat_replication')
      return state?.same === 'true'
    })
    await primary.stop('immediate')
    await standby.promote()
    hold.open()
    const ended = await running.done
    expect([ended.exitCode, ended.json.error?.code], ended.stdout + ended.stderr).toEqual([8, 'unfinished-operation'])
    const refused = await migstate(mark, on(url))
    expect([refused.exitCode, refused.json.error.code]).toEqual([8, 'unfinished-operation'])
    const recovered = await migstate(['recover', '--yes', '--json'], on(url))
    expect(recovered.exitCode, recovered.stdout + recovered.stderr).toBe(0)
    database = { ...database, url: at(standby) }
    const { default: pg } = await import('pg')
    const client = new pg.Client({ connectionString: at(standby) })
    await client.connect()
    const { rows } = await client.query("SELECT concat_ws('|', id, app, name) AS row FROM django_migrations ORDER BY id").finally(() => client.end())
    expect(rows.map(({ row }) => row)).toEqual(before.rows.map((row) => row.split('|').slice(0, 3).join('|')))
    expect((await migstate(mark, on(url))).json).toMatchObject({ ok: true })
  })

  describe('synchronous', () => {
    const admin = async (sql: string) => void (await database.query(sql))
    const synchronous = async () => {
      await admin("ALTER SYSTEM SET synchronous_standby_names = 'second'")
      await admin('SELECT pg_reload_conf()')
      await until('it is synchronous', async () => (await database.query('SELECT sync_state FROM pg_stat_replication'))[0]?.sync_state === 'sync')
    }

    it('with the standby it works; without it every change is refused before it begins', async () => {
      await synchronous()
      expect((await migstate(mark, on(database.url))).exitCode).toBe(0)
      expect((await migstate(['rollback', '--yes', '--json'], on(database.url))).exitCode).toBe(0)
      const before = await fingerprint(database)
      await standby.stop()
      await until('it is gone', async () => (await database.query('SELECT pid FROM pg_stat_replication')).length === 0)
      const refused = await migstate(mark, on(database.url))
      expect([refused.exitCode, refused.json.error.code], refused.stdout).toEqual([4, 'standby-missing'])
      expect(await fingerprint(database)).toEqual(before)
      expect((await migstate(['status', '--json'], on(database.url))).json.ok).toBe(true)
    })

    it('a standby that goes away before the COMMIT: it is said what is waited for, and Ctrl-C ends with the truth', async () => {
      await synchronous()
      const hold = gate()
      const marking = start([...mark, '--lock-timeout', '1'], on(database.url, { MIGSTATE_FAILPOINT: hold.at('before-commit') }))
      let said = ''
      marking.process.stderr?.on('data', (chunk) => (said += chunk))
      await hold.reached()
      await standby.stop()
      hold.open()
      await until('it hangs', async () => (await database.query("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'")).length === 1)
      const [waiting] = await database.query("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
      await until('it says so', () => said.includes(`session ${waiting?.pid}`))
      expect(said).toContain('SyncRep')
      const began = Date.now()
      marking.process.kill('SIGINT')
      const ended = await marking.done
      expect(Date.now() - began).toBeLessThan(5_000)
      expect([ended.exitCode, ended.json.error.code], ended.stdout).toEqual([8, 'outcome-unknown'])
      expect(ended.json.error.message).toContain('was sent and is not answered')
      expect(ended.json.error.message).toContain(String(waiting?.pid))
      // Without the standby's answer the server may still commit: here it is told to.
      await database.query(`SELECT pg_cancel_backend(${waiting?.pid})`)
      await admin("ALTER SYSTEM SET synchronous_standby_names = ''")
      await admin('SELECT pg_reload_conf()')
      const id = ended.json.error.details.operation as string
      const found = await migstate(['history', id, '--json'], on(database.url))
      expect(found.json, found.stdout).toMatchObject({ ok: true })
    })
  })
})
