import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase } from '../support/databases.js'
import { migratedShop, oneDjango } from '../support/django.js'
import { fakeProject } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'
import { severalNodes } from '../support/several-nodes.js'
import type { Cluster } from '../support/servers/galera.js'
import { startMysqlGroup } from '../support/servers/mysql-group.js'
import { mysqldOf } from '../support/servers/private-mysql.js'

/** Members of which each takes writes. On a machine without a MySQL server, and without MIGSTATE_TEST_MYSQL_ROOT, both are skipped. */
describe.runIf(mysqldOf())('MySQL group replication with several primaries', () => {
  severalNodes({
    engine: 'mysql',
    name: 'MySQL group replication',
    causal: "SET SESSION group_replication_consistency = 'BEFORE'",
    ordersDdl: false,
    start: () => startMysqlGroup('all', 3),
  })
})

describe.runIf(mysqldOf())('MySQL group replication with a single primary', () => {
  let group: Cluster
  const given = process.env.MIGSTATE_TEST_MYSQL_URL
  beforeAll(async () => {
    group = await startMysqlGroup('one', 2)
    process.env.MIGSTATE_TEST_MYSQL_URL = group.urls[0] as string
  })
  afterAll(async () => {
    process.env.MIGSTATE_TEST_MYSQL_URL = given
    await group?.stop()
  })

  it('the primary is a server like any other; a secondary is read, and says first that nothing is written there', async () => {
    const database = await freshDatabase('mysql')
    const project = await fakeProject(database)
    const secondary = new URL(new URL(database.url).pathname, group.urls[1]).href
    const on = (url: string) => ({ cwd: project.folder, env: { MIGSTATE_URL: url } })
    const mark = ['mark', 'unapplied', 'blog.0001', '--yes', '--json']
    const before = await fingerprint(database)
    const marked = await migstate(mark, on(database.url))
    expect([marked.exitCode, marked.json.warnings.map(({ code }: { code: string }) => code)], marked.stdout).toEqual([0, ['django-version-unknown']])
    expect((await migstate(['rollback', '--yes', '--json'], on(database.url))).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
    const status = await migstate(['status', '--json'], on(secondary))
    expect(status.json.result.summary.applied, status.stdout).toBe(6)
    const refused = await migstate(mark, on(secondary))
    expect([refused.exitCode, refused.json.error.code], refused.stdout).toEqual([1, 'read-only'])
    expect(await fingerprint(database)).toEqual(before)
  })

  it.runIf(oneDjango)('a rerun in shadow mode, where every table needs a primary key', async () => {
    const { database, shop } = await migratedShop(oneDjango as string, 'mysql')
    await database.query('SET GLOBAL sql_require_primary_key = ON')
    const ran = await migstate(['rerun', 'shop', '0003', '--yes', '--json'], { cwd: shop.folder, env: shop.env })
    expect(ran.json, ran.stdout + ran.stderr).toMatchObject({ ok: true, result: { rerun: { mode: 'shadow' } } })
  })
})
