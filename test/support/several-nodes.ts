import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type CliResult, migstate, start } from './cli.js'
import { freshDatabase, type TestDatabase, type Values } from './databases.js'
import { whenTestEnds } from './endings.js'
import { migratedShop, oneDjango } from './django.js'
import { type FakeProject, fakeProject } from './fake-project.js'
import { gate } from './gate.js'
import type { Cluster } from './servers/galera.js'
import { URL_VARIABLES } from './servers/start.js'

export interface SeveralNodes {
  engine: 'mysql' | 'mariadb'
  /** As the program calls it. */
  name: string
  /** Three nodes. */
  start(): Promise<Cluster>
  /** SQL: this session sees what other nodes have committed. */
  causal: string
  /** DDL of two nodes at once is put in one order. */
  ordersDdl: boolean
}

/** Several servers that take writes of the same tables: everything that two tools on two of them, or one and others, can do to each other. */
export function severalNodes({ engine, name: called, start: startNodes, causal, ordersDdl }: SeveralNodes): void {
  let cluster: Cluster
  let database: TestDatabase
  let project: FakeProject
  const variable = URL_VARIABLES[engine]
  const given = process.env[variable]
  beforeAll(async () => {
    cluster = await startNodes()
    process.env[variable] = cluster.urls[0] as string
  })
  afterAll(async () => {
    if (given !== undefined) process.env[variable] = given
    await cluster?.stop()
  })
  beforeEach(async () => {
    database = await freshDatabase(engine)
    project = await fakeProject(database)
  })

  const urlOf = (node: number) => new URL(new URL(database.url).pathname, cluster.urls[node]).href
  const on = (node: number, more: Record<string, string> = {}) => ({ cwd: project.folder, env: { MIGSTATE_URL: urlOf(node), ...more } })
  const words = (...argv: string[]) => [...argv, '--yes', '--json']

  async function ask(node: number, sql: string): Promise<Values[]> {
    const { createConnection } = await import('mysql2/promise')
    const connection = await createConnection(urlOf(node).replace('mariadb:', 'mysql:'))
    try {
      await connection.query(causal)
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

  it('two edits that are committed at the same moment: one of them is made again, and finds its row there', async () => {
    await migstate(words('mark', 'unapplied', 'blog.0001_initial'), on(0))
    for (let round = 0; round < 8; round++) {
      const holds = [gate(), gate()]
      const both = holds.map((hold, node) =>
        start(words('mark', 'applied', 'blog', `0002_round_${round}`, '--no-files'), on(node, { MIGSTATE_FAILPOINT: hold.at('before-commit') })),
      )
      for (const hold of holds) await hold.reached()
      for (const hold of holds) hold.open()
      const results = await Promise.all(both.map(({ done }) => inTime(done)))
      for (const result of results) expect(result.exitCode, result.stdout + result.stderr).toBe(0)
      expect(results.map(({ json }) => json.result.changes.added.length).sort()).toEqual([0, 1])
      for (const node of [0, 1, 2]) expect(await ask(node, `SELECT name FROM django_migrations WHERE name = '0002_round_${round}'`)).toHaveLength(1)
    }
  })

  it('two tools on two nodes, and no side tables yet: both make them, and neither fails', async () => {
    for (let round = 0; round < 4; round++) {
      await ask(0, 'DROP TABLE IF EXISTS migstate_operation, migstate_event, migstate_snapshot_row')
      const both = [0, 1].map((node) => start(words('mark', 'applied', 'blog', `0002_first_${round}`, '--no-files'), on(node)))
      for (const { exitCode, stdout, stderr } of await Promise.all(both.map(({ done }) => inTime(done)))) expect(exitCode, stdout + stderr).toBe(0)
      for (const node of [0, 1, 2]) expect(await ask(node, "SELECT event FROM migstate_event WHERE event = 'done'")).toHaveLength(1)
    }
    const [first, ...rest] = await Promise.all([0, 1, 2].map(history))
    expect(rest).toEqual([first, first])
  })

  it('side tables of an older version get a column only where two nodes cannot both give it', async () => {
    expect((await migstate(words('snapshot', 'create'), on(0))).exitCode).toBe(0)
    await ask(0, 'ALTER TABLE migstate_snapshot_row DROP COLUMN extra')
    await ask(0, "ALTER TABLE django_migrations ADD COLUMN tag varchar(20) DEFAULT 'x'")
    const marked = await migstate(words('mark', 'unapplied', 'blog.0001_initial'), on(1))
    if (!ordersDdl) {
      expect([marked.exitCode, marked.json.error?.code], marked.stdout).toEqual([4, 'table-unfit'])
      await ask(2, marked.json.error.details.ddl[0])
      expect((await migstate(words('mark', 'unapplied', 'blog.0001_initial'), on(1))).exitCode).toBe(0)
    } else expect(marked.exitCode, marked.stdout).toBe(0)
    expect((await migstate(words('rollback'), on(0))).exitCode).toBe(0)
    expect(await ask(2, "SELECT tag FROM django_migrations WHERE app = 'blog'")).toEqual([{ tag: 'x' }])
  })

  it('an operation that another node begins after this one has looked: nothing is changed beneath it', async () => {
    const [late, early] = [gate(), gate()]
    const marking = start(words('mark', 'unapplied', 'blog.0001_initial'), on(1, { MIGSTATE_FAILPOINT: late.at('journal-made') }))
    await late.reached()
    const rerun = start(words('rerun', 'shop.0002_data', '--force', ...project.manage('record')), on(0, { MIGSTATE_FAILPOINT: early.at('child-exited') }))
    await early.reached()
    const lifted = await history(2)
    late.open()
    const marked = await inTime(marking.done)
    expect([marked.exitCode, marked.json.error?.code], marked.stdout).toEqual([8, 'unfinished-operation'])
    expect(marked.json.error.message).toContain('another node is at work on it')
    expect(await history(2)).toBe(lifted)
    early.open()
    const done = await inTime(rerun.done)
    expect(done.exitCode, done.stdout + done.stderr).toBe(0)
  })

  it.each(['record', 'fail'] as const)('a run that another node has recovered meanwhile writes nothing more (manage.py: %s)', async (behaviour) => {
    const before = await history(0)
    const hold = gate()
    const rerun = start(words('rerun', 'shop.0002_data', '--force', ...project.manage(behaviour)), on(0, { MIGSTATE_FAILPOINT: hold.at('child-exited') }))
    await hold.reached()
    // Of another machine, and silent for as long as that it counts as dead.
    await ask(1, "UPDATE migstate_operation SET host = 'elsewhere'")
    const recovered = await migstate(words('recover', ...(behaviour === 'fail' ? ['--assume', 'not-applied'] : [])), on(1))
    expect(recovered.exitCode, recovered.stdout).toBe(0)
    const after = await history(2)
    expect(after === before).toBe(behaviour === 'fail')
    hold.open()
    const ended = await inTime(rerun.done)
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(behaviour === 'fail' ? 6 : 8)
    expect(ended.json.error).toMatchObject({
      message: expect.stringMatching(/^The operation \w+ has been ended from another node/),
      hint: expect.stringContaining('migstate history'),
      consequence: behaviour === 'fail' ? 'rolled-back' : 'committed',
    })
    expect(await history(2)).toBe(after)
    expect(await ask(2, "SELECT event FROM migstate_event WHERE event IN ('done', 'failed')")).toHaveLength(1)
  })

  it('says that the lock holds on one node only; reading says nothing', async () => {
    const marked = await migstate(words('mark', 'unapplied', 'blog.0001_initial'), on(0))
    expect(marked.json.warnings).toContainEqual({ code: 'one-node-lock', message: expect.stringContaining(called) })
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

  it('what another node has committed and this one has not applied yet is waited for', async () => {
    await ask(0, 'CREATE TABLE other (id integer PRIMARY KEY)')
    expect(await ask(1, 'SELECT id FROM other')).toEqual([])
    const { createConnection } = await import('mysql2/promise')
    const holder = await createConnection(urlOf(1).replace('mariadb:', 'mysql:'))
    whenTestEnds(async () => holder.destroy())
    // It stops the thread that applies the writes of the others.
    await holder.query('LOCK TABLES other WRITE')
    await ask(0, 'INSERT INTO other VALUES (1)')
    expect((await migstate(words('mark', 'unapplied', 'blog.0001_initial'), on(0))).exitCode).toBe(0)
    const status = start(['status', '--json'], on(1))
    // One that does not wait has long ended then.
    await Promise.race([status.done, new Promise((resolve) => setTimeout(resolve, 4_000))])
    await holder.query('UNLOCK TABLES')
    const { json, stdout } = await inTime(status.done)
    expect(json.result?.summary.applied, stdout).toBe(5)
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
    const { database: shopDatabase, shop } = await migratedShop(oneDjango as string, engine)
    const ran = await migstate(words('rerun', 'shop', '0003'), { cwd: shop.folder, env: shop.env })
    expect(ran.json, ran.stdout + ran.stderr).toMatchObject({ ok: true, result: { rerun: { mode: 'shadow' } } })
    expect((await shopDatabase.query("SELECT event FROM migstate_event WHERE event = 'done'")).length).toBe(1)
  })
}
