import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type CliResult, migstate, start } from '../support/cli.js'
import { freshDatabase, type TestDatabase, type Values } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { migratedShop, oneDjango } from '../support/django.js'
import { gate } from '../support/gate.js'
import { type Cluster, startGalera } from '../support/servers/galera.js'

/** Three nodes that take writes. LOCK TABLES on one of them stops the whole cluster until that node is killed. */
describe('galera', () => {
  let cluster: Cluster
  let database: TestDatabase
  let project: FakeProject
  beforeAll(async () => {
    const started = await startGalera()
    if (!started) throw new Error('this machine has no MariaDB, or no rsync')
    cluster = started
    process.env.MIGSTATE_TEST_MARIADB_URL = cluster.urls[0] as string
  })
  afterAll(() => cluster?.stop())
  beforeEach(async () => {
    database = await freshDatabase('mariadb')
    project = await fakeProject(database)
  })

  const urlOf = (node: number) => new URL(new URL(database.url).pathname, cluster.urls[node]).href
  const on = (node: number, more: Record<string, string> = {}) => ({ cwd: project.folder, env: { MIGSTATE_URL: urlOf(node), ...more } })
  const words = (...argv: string[]) => [...argv, '--yes', '--json']

  async function ask(node: number, sql: string): Promise<Values[]> {
    const { createConnection } = await import('mysql2/promise')
    const connection = await createConnection(urlOf(node).replace('mariadb:', 'mysql:'))
    try {
      await connection.query('SET SESSION wsrep_sync_wait = 15')
      const [rows] = await connection.query(sql)
      return Array.isArray(rows) ? (rows as Values[]) : []
    } finally {
      await connection.end()
    }
  }

  const history = async (node: number) =>
    JSON.stringify(await ask(node, 'SELECT id, app, name, CAST(applied AS CHAR) AS applied FROM django_migrations ORDER BY id'))
  const journal = async (node: number) => JSON.stringify(await ask(node, 'SELECT seq, operation, event FROM migstate_event ORDER BY seq'))
  const foreign = (node: number, name: string) =>
    ask(node, `INSERT INTO django_migrations (app, name, applied) VALUES ('foreign', '${name}', '2024-05-05 05:05:05.123456')`)
  const inTime = (result: Promise<CliResult>) =>
    Promise.race([result, new Promise<never>((_resolve, reject) => setTimeout(() => reject(new Error('it hangs')), 40_000))])

  it('two tools on two nodes, fifty rounds, others write in between: one row each time, and the cluster goes on', { timeout: 400_000 }, async () => {
    await migstate(words('mark', 'unapplied', 'blog.0001_initial'), on(0))
    for (let round = 0; round < 50; round++) {
      const name = `0002_round_${round}`
      const both = [0, 1].map((node) => start(words('mark', 'applied', 'blog', name, '--no-files'), on(node)))
      const others = Promise.all([foreign(2, `a_${round}`), foreign(1, `b_${round}`)])
      const results = await Promise.all(both.map(({ done }) => inTime(done)))
      await others
      for (const result of results) expect(result.exitCode, result.stdout + result.stderr).toBe(0)
      expect(results.map(({ json }) => json.result.changes.added.length).sort()).toEqual([0, 1])
      for (const node of [0, 1, 2]) expect(await ask(node, `SELECT name FROM django_migrations WHERE name = '${name}'`)).toHaveLength(1)
    }
    for (const node of [0, 1, 2]) await foreign(node, `last_${node}`)
    const [first, ...rest] = await Promise.all([0, 1, 2].map(history))
    expect(rest).toEqual([first, first])
    const [events, ...others] = await Promise.all([0, 1, 2].map(journal))
    expect(others).toEqual([events, events])
    expect(JSON.parse(first as string)).toHaveLength(5 + 50 + 100 + 3)
  })

  it('a write of another node in the middle of an edit: the edit is made again on what is there now', async () => {
    const hold = gate()
    const marking = start(words('mark', 'unapplied', 'blog.0001_initial'), on(0, { MIGSTATE_FAILPOINT: hold.at('before-commit') }))
    await hold.reached()
    await foreign(1, 'meanwhile')
    hold.open()
    const done = await inTime(marking.done)
    expect(done.exitCode, done.stdout).toBe(0)
    expect(await ask(2, "SELECT name FROM django_migrations WHERE app IN ('blog', 'foreign')")).toEqual([{ name: 'meanwhile' }])
    expect(await ask(1, "SELECT event FROM migstate_event WHERE event = 'done'")).toHaveLength(1)
  })

  it('says that the lock holds on one node only; reading says nothing', async () => {
    const marked = await migstate(words('mark', 'unapplied', 'blog.0001_initial'), on(0))
    expect(marked.json.warnings).toContainEqual({ code: 'one-node-lock', message: expect.stringContaining('Galera') })
    const status = await migstate(['status', '--json'], on(0))
    expect(status.json.warnings.map(({ code }: { code: string }) => code)).not.toContain('one-node-lock')
  })

  it('what one node has committed another one shows at once; an undo there is exact', async () => {
    const before = await history(0)
    for (let round = 0; round < 3; round++) {
      expect((await migstate(words('mark', 'unapplied', 'blog.0001_initial'), on(round % 3))).exitCode).toBe(0)
      const undone = await migstate(words('rollback'), on((round + 1) % 3))
      expect(undone.exitCode, undone.stdout).toBe(0)
      expect(await history((round + 2) % 3)).toBe(before)
    }
  })

  it('a rerun on one node: another tool on another node neither changes the history nor recovers it meanwhile', async () => {
    const hold = gate()
    const rerun = start(words('rerun', 'shop.0002_data', '--force', ...project.manage('record')), on(0, { MIGSTATE_FAILPOINT: hold.at('child-exited') }))
    await hold.reached()
    const refused = await migstate(words('mark', 'unapplied', 'blog.0001_initial'), on(1))
    expect([refused.exitCode, refused.json.error.code], refused.stdout).toEqual([8, 'unfinished-operation'])
    expect(refused.json.error.message).toContain('another node')
    const recovering = await migstate(words('recover'), on(1))
    expect([recovering.exitCode, recovering.json.error?.code], recovering.stdout).toEqual([8, 'unfinished-operation'])
    hold.open()
    const done = await inTime(rerun.done)
    expect(done.exitCode, done.stdout + done.stderr).toBe(0)
    const marked = await migstate(words('mark', 'unapplied', 'blog.0001_initial'), on(2))
    expect(marked.exitCode, marked.stdout).toBe(0)
  })

  it('a rerun that was killed is recovered from another node, unless another machine gives signs of life', async () => {
    const before = await history(0)
    const killed = start(words('rerun', 'shop.0002_data', '--force', ...project.manage('fail')), on(0, { MIGSTATE_FAILPOINT: 'child-exited' }))
    await killed.done
    const [operation] = await ask(1, "UPDATE migstate_operation SET host = 'elsewhere'").then(() => ask(1, 'SELECT id FROM migstate_operation'))
    const alive = `INSERT INTO migstate_event (operation, history_table, at, event, detail) VALUES ('${operation?.id}', 'django_migrations', '2024-01-01', 'alive', 'null')`
    const timer = setInterval(() => void ask(2, alive), 2_000)
    const refused = await migstate(words('recover', '--assume', 'not-applied'), on(1))
    clearInterval(timer)
    expect([refused.exitCode, refused.json.error?.code], refused.stdout).toEqual([8, 'unfinished-operation'])
    expect(refused.json.error.message).toContain('(elsewhere)')
    const recovered = await migstate(words('recover', '--assume', 'not-applied'), on(1))
    expect(recovered.exitCode, recovered.stdout).toBe(0)
    expect(await history(2)).toBe(before)
  })

  it.runIf(oneDjango)('a rerun in shadow mode with Django on one node', async () => {
    const { database: shopDatabase, shop } = await migratedShop(oneDjango as string, 'mariadb')
    const ran = await migstate(words('rerun', 'shop', '0003'), { cwd: shop.folder, env: shop.env })
    expect(ran.json, ran.stdout + ran.stderr).toMatchObject({ ok: true, result: { rerun: { mode: 'shadow' } } })
    expect((await shopDatabase.query("SELECT event FROM migstate_event WHERE event = 'done'")).length).toBe(1)
  })
})
