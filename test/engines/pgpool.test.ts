import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'
import { startPgpool } from '../support/servers/pgpool.js'
import { type PostgresNode, startPostgresNode } from '../support/servers/postgres-nodes.js'
import { until } from '../support/until.js'

/** Debian's pgpool-II in front of a primary and a standby: what is read through it comes from the standby. */
describe('pgpool-II', () => {
  let primary: PostgresNode
  let standby: PostgresNode
  let database: TestDatabase
  let project: FakeProject
  let url: string
  const given = process.env.MIGSTATE_TEST_PG_URL
  beforeEach(async () => {
    primary = await startPostgresNode('15')
    process.env.MIGSTATE_TEST_PG_URL = primary.url
    database = await freshDatabase('postgresql', { keep: true })
    project = await fakeProject(database)
    standby = await primary.standby('second')
    await until('the standby streams', async () => (await database.query('SELECT state FROM pg_stat_replication'))[0]?.state === 'streaming')
    url = await startPgpool([primary, standby], new URL(database.url).pathname.slice(1))
  })
  afterEach(async () => {
    process.env.MIGSTATE_TEST_PG_URL = given
    await standby?.remove()
    await primary?.remove()
  })

  it('reading works; every change is refused by name, before anything is written', async () => {
    const run = (...argv: string[]) => migstate([...argv, '--json'], { cwd: project.folder, env: { MIGSTATE_URL: url } })
    const { default: pg } = await import('pg')
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query("SELECT current_setting('port') AS port").finally(() => client.end())
    expect(rows).toEqual([{ port: String(standby.port) }])
    const before = await fingerprint(database)
    const status = await run('status')
    expect(status.json.result?.summary.applied, status.stdout).toBe(6)
    for (const argv of [
      ['mark', 'unapplied', 'blog.0001', '--yes'],
      ['mark', 'applied', 'blog', '0002_x', '--no-files', '--yes'],
      ['snapshot', 'create'],
      ['rerun', 'shop.0002', '--force', '--yes', ...project.manage('record')],
      ['recover'],
    ]) {
      const refused = await run(...argv)
      expect([refused.exitCode, refused.json.error?.code], `${argv.join(' ')}: ${refused.stdout}`).toEqual([4, 'pooler'])
      expect(refused.json.error.message).toContain('pgpool-II')
    }
    expect(await fingerprint(database)).toEqual(before)
    expect(await database.query("SELECT relname FROM pg_class WHERE relname LIKE 'migstate%'")).toEqual([])
  })
})
