import { beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { migratedShop, oneDjango } from '../support/django.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'
import { startPgbouncer } from '../support/servers/pgbouncer.js'

/** Debian's PgBouncer in its three modes. */
describe.runIf(engines.includes('postgresql'))('pgbouncer', () => {
  let database: TestDatabase
  let project: FakeProject
  beforeEach(async () => {
    database = await freshDatabase('postgresql')
    project = await fakeProject(database)
  })

  const run = (url: string, ...argv: string[]) => migstate([...argv, '--yes', '--json'], { cwd: project.folder, env: { MIGSTATE_URL: url } })
  /** So many server sessions wait in the pool afterwards. */
  async function fillPool(url: string, count: number): Promise<void> {
    const { default: pg } = await import('pg')
    const clients = Array.from({ length: count }, () => new pg.Client({ connectionString: url }))
    for (const client of clients) await client.connect()
    for (const client of clients) await client.query('BEGIN')
    for (const client of clients) await client.query('ROLLBACK')
    for (const client of clients) await client.end()
  }

  it('session pooling is as good as none: a change, its undo, a rerun', async () => {
    const url = await startPgbouncer(database.url, 'session')
    const before = await fingerprint(database)
    expect((await run(url, 'mark', 'unapplied', 'blog.0001_initial')).exitCode).toBe(0)
    expect((await run(url, 'rollback')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
    const rerun = await run(url, 'rerun', 'shop.0002_data', '--force', ...project.manage('record'))
    expect(rerun.exitCode, rerun.stdout + rerun.stderr).toBe(0)
  })

  it.each(['0', '1'])('transaction pooling: single changes work, a rerun is refused (server_round_robin %s)', async (round) => {
    const url = await startPgbouncer(database.url, 'transaction', { server_round_robin: round })
    await fillPool(url, 3)
    for (let turn = 0; turn < 5; turn++) {
      const rerun = await run(url, 'rerun', 'shop.0002_data', '--force', ...project.manage('record'))
      expect([rerun.exitCode, rerun.json.error?.code], rerun.stdout).toEqual([4, 'pooler'])
    }
    expect((await run(url, 'mark', 'unapplied', 'blog.0001_initial')).exitCode).toBe(0)
    expect((await run(url, 'rollback')).exitCode).toBe(0)
  })

  it('statement pooling is refused by name', async () => {
    const url = await startPgbouncer(database.url, 'statement')
    const before = await fingerprint(database)
    for (const argv of [
      ['mark', 'unapplied', 'blog.0001_initial'],
      ['rerun', 'shop.0002_data', '--force', ...project.manage('record')],
    ]) {
      const refused = await run(url, ...argv)
      expect([refused.exitCode, refused.json.error?.code], refused.stdout).toEqual([4, 'pooler'])
      expect(refused.json.error.message).toContain('statement mode')
    }
    expect(await fingerprint(database)).toEqual(before)
  })

  it.runIf(oneDjango)('a rerun in shadow mode, where Django goes through the pooler too', async () => {
    for (const mode of ['session', 'transaction'] as const) {
      const { database: shopDatabase, shop } = await migratedShop(oneDjango as string, 'postgresql')
      const before = await fingerprint(shopDatabase)
      const url = new URL(await startPgbouncer(shopDatabase.url, mode))
      const ran = await migstate(['rerun', 'shop', '0003', '--yes', '--json'], { cwd: shop.folder, env: { ...shop.env, SHOP_DB_PORT: url.port } })
      if (mode === 'session') expect(ran.json, ran.stdout + ran.stderr).toMatchObject({ ok: true, result: { rerun: { mode: 'shadow' } } })
      else {
        expect([ran.exitCode, ran.json.error?.code], ran.stdout).toEqual([4, 'pooler'])
        expect(await fingerprint(shopDatabase)).toEqual(before)
      }
    }
  })
})
