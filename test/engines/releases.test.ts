import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { createHistoryTable, fingerprint, idKinds, insertLikeDjango, record } from '../support/history-table.js'

import { oneDjango, shopProject } from '../support/django.js'
import { startMariadbOf } from '../support/servers/debian-root.js'
import type { Server } from '../support/servers/server.js'
import { type PostgresNode, RELEASES, startPostgresNode } from '../support/servers/postgres-nodes.js'

/** Every PostgreSQL that its makers support: what a change, its undo and a rerun do to the table. */
describe.each(Object.keys(RELEASES))('PostgreSQL %s', (release) => {
  let node: PostgresNode
  let database: TestDatabase
  const given = process.env.MIGSTATE_TEST_PG_URL
  beforeAll(async () => {
    node = await startPostgresNode(release)
    process.env.MIGSTATE_TEST_PG_URL = node.url
  })
  afterAll(async () => {
    process.env.MIGSTATE_TEST_PG_URL = given
    await node?.remove()
  })
  beforeEach(async () => {
    database = await freshDatabase('postgresql')
  })

  const run = (...argv: string[]) => migstate([...argv, '--url', database.url, '--no-files', '--json'])

  it.each(idKinds('postgresql'))('mark, rollback, redo, snapshots are exact (ids as %s)', async (kind) => {
    await createHistoryTable(database, kind)
    await record(database, [
      ['auth', '0001_initial'],
      ['shop', '0001_initial'],
      ['blog', '0001_initial'],
    ])
    const before = await fingerprint(database)
    expect((await run('status')).json.result.database.version.split('.')[0]).toBe(release)
    const { snapshot } = (await run('snapshot', 'create')).json.result
    for (const argv of [['mark', 'applied', 'shop', '0002_x'], ['mark', 'unapplied', 'auth', '0001_initial'], ['rollback'], ['rollback'], ['rollback']]) {
      const { exitCode, stdout } = await run(...argv, '--yes')
      expect(exitCode, stdout).toBe(0)
    }
    expect((await run('snapshot', 'restore', snapshot.id, '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
    expect(await insertLikeDjango(database)).toBe('4')
  })

  it.runIf(oneDjango)('a rerun with Django', async () => {
    const shop = shopProject(oneDjango as string, database)
    expect((await shop.manage('migrate', '-v0')).exitCode).toBe(0)
    const before = await fingerprint(database)
    const ran = await migstate(['rerun', 'shop', '0003', '--yes', '--json'], { cwd: shop.folder, env: shop.env })
    expect(ran.json, ran.stdout + ran.stderr).toMatchObject({ ok: true, result: { rerun: { mode: 'shadow' } } })
    const after = await fingerprint(database)
    expect(after.rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
  })
})

describe.runIf(process.getuid?.() === 0 && oneDjango)('MariaDB 11.8', () => {
  let server: Server
  const given = process.env.MIGSTATE_TEST_MARIADB_URL
  beforeAll(async () => {
    server = (await startMariadbOf('trixie')) as Server
    expect(server).not.toBeNull()
    process.env.MIGSTATE_TEST_MARIADB_URL = server.url
  })
  afterAll(async () => {
    process.env.MIGSTATE_TEST_MARIADB_URL = given
    await server?.stop()
  })

  it.each(['shadow', 'table'])('a rerun with Django in %s mode', async (mode) => {
    const database = await freshDatabase('mariadb')
    const shop = shopProject(oneDjango as string, database)
    expect((await shop.manage('migrate', '-v0')).exitCode).toBe(0)
    const before = await fingerprint(database)
    const ran = await migstate(['rerun', 'shop', '0003', '--mode', mode, '--yes', '--json'], { cwd: shop.folder, env: shop.env })
    expect(ran.json, ran.stdout + ran.stderr).toMatchObject({ ok: true, result: { rerun: { mode } } })
    const after = await fingerprint(database)
    expect(after.rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
    shop.remove()
  })
})
