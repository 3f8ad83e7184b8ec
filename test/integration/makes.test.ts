import { beforeEach, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { eachServer } from '../support/each-server.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'
import { throughProxy } from '../support/tcp-proxy.js'

/** What such servers say of themselves, said by a real one: the bytes of its answer are written over, in the length that they have. */
eachServer((engine) => {
  let database: TestDatabase
  let project: FakeProject
  beforeEach(async () => {
    database = await freshDatabase(engine)
    project = await fakeProject(database)
  })

  const run = (url: string, ...argv: string[]) => migstate([...argv, '--json'], { cwd: project.folder, env: { MIGSTATE_URL: url } })

  /** Without TLS, which nobody could write over. */
  const plainly = () => `${database.url}?sslmode=disable`

  /** @param said what stands in the server's answers, and what is put in its place */
  const saying = (said: RegExp, instead: string) => {
    const seen: string[] = []
    const url = throughProxy(plainly(), () => ({
      toServer: (data) => {
        seen.push(data.toString('latin1'))
        return data
      },
      toClient: (data) =>
        Buffer.from(
          data.toString('latin1').replaceAll(said, (found) => instead.padEnd(found.length).slice(0, found.length)),
          'latin1',
        ),
    }))
    return { url, seen }
  }

  const postgres: [string, string][] = [
    ['CockroachDB', 'CockroachDB CCL v25.2.1'],
    ['YugabyteDB', 'PostgreSQL 15.2-YB-2.25.0.0-b0'],
    ['Amazon Redshift', 'PostgreSQL 8.0.2 Redshift 1.0'],
    ['Greenplum', 'PostgreSQL 12.12 (Greenplum Database 7)'],
  ]
  const mysql: [string, string][] = [
    ['TiDB', 'TiDB'],
    ['Vitess (PlanetScale)', 'Vitess'],
  ]

  it.each(engine === 'postgresql' ? postgres : mysql)('%s: reading works, writing is refused by name', async (name, version) => {
    // The whole text of version(); of MySQL the comment of the build, for the driver reads the version in the greeting.
    const said = engine === 'postgresql' ? /PostgreSQL \d[^\0]{45,}(?=\0|$|[\x00-\x1f])/g : /(?<=version_comment.)[^\x00-\x1f]+/gs
    const { url, seen } = saying(said, version)
    const before = await fingerprint(database)
    const status = await run(await url, 'status')
    expect(status.json, status.stdout).toMatchObject({ ok: true, result: { summary: { applied: 6 } } })
    for (const verb of ['plan', 'history', 'doctor']) expect((await run(await url, verb)).json.error, verb).toBeUndefined()
    const found = (await run(await url, 'doctor')).json.result.findings.filter(({ code }: { code: string }) => code === 'engine-unsupported')
    expect(found).toMatchObject([{ severity: 'info', message: expect.stringContaining(name) }])
    for (const argv of [
      ['mark', 'unapplied', 'blog.0001', '--yes'],
      ['mark', 'unapplied', 'blog.0001', '--dry-run'],
      ['snapshot', 'create'],
      ['rerun', 'shop.0002', '--force', '--yes', ...project.manage('record')],
    ]) {
      const refused = await run(await url, ...argv)
      expect([refused.exitCode, refused.json.error?.code], argv.join(' ') + refused.stdout).toEqual([4, 'engine-unsupported'])
      expect(refused.json.error).toMatchObject({ message: expect.stringContaining(name), details: { engine: name } })
    }
    expect(await fingerprint(database)).toEqual(before)
    const sent = seen.join('\n')
    expect(sent).not.toMatch(/CREATE TABLE|INSERT INTO|DELETE FROM|GET_LOCK\(|pg_try_advisory_lock/)
    if (name === 'CockroachDB') expect(sent).not.toContain('SET LOCAL row_security')
    if (name === 'TiDB') expect(sent).not.toContain('READ ONLY')
  })

  it.runIf(engine !== 'postgresql')(
    'group replication with several primaries is known by its variable, and refused where a server does not wait for the others',
    async () => {
      const old = 'engine-unsupported'
      for (const [mode, waits, code] of [
        ['OFF', false, old],
        // A variable of MySQL's servers, with and without the group.
        ['OFF', true, engine === 'mysql' ? undefined : old],
        ['ON', true, undefined],
      ] as const) {
        const url = await throughProxy(plainly(), () => ({
          toClient: (data) => {
            const said = instead(data, 'version_comment', 'group_replication_single_primary_mode', mode)
            return waits ? said : Buffer.from(said.toString('latin1').replaceAll('group_replication_consistency', 'group_replication_consistenc_'), 'latin1')
          },
        }))
        expect((await run(url, 'status')).json.ok).toBe(true)
        const marked = await run(url, 'mark', 'unapplied', 'blog.0001', '--yes')
        expect(marked.json.error?.code, marked.stdout).toBe(code)
        if (code) expect(marked.json.error.message).toContain('several primaries, before MySQL 8.0.14')
        else expect((await run(url, 'rollback', '--yes')).exitCode).toBe(0)
        expect(marked.json.warnings.some(({ code: warned }: { code: string }) => warned === 'one-node-lock')).toBe(mode === 'OFF' && !code)
      }
    },
  )

  it.runIf(engine !== 'postgresql')('Amazon Aurora is known by a variable that only it has', async () => {
    const { url } = saying(/wsrep_provider(?=.)/gs, 'aurora_version')
    if (!(await database.query("SHOW GLOBAL VARIABLES LIKE 'wsrep_provider'")).length) return
    const refused = await run(await url, 'mark', 'unapplied', 'blog.0001', '--yes')
    expect([refused.exitCode, refused.json.error?.code]).toEqual([4, 'engine-unsupported'])
    expect(refused.json.error.message).toContain('Aurora')
    expect((await run(await url, 'status')).json.ok).toBe(true)
  })

  it.runIf(engine === 'postgresql')('a Citus worker is refused, its coordinator is not', async () => {
    for (const [group, code] of [
      ['7', 'engine-unsupported'],
      ['0', undefined],
    ]) {
      // Nobody can make a table in pg_catalog here: what is asked for is another one, of a name as long.
      const { url } = saying(/$^/g, '')
      await database.query(
        `CREATE SCHEMA IF NOT EXISTS pgs_catalo; DROP TABLE IF EXISTS pgs_catalo.pg_dist_local_group; CREATE TABLE pgs_catalo.pg_dist_local_group (groupid integer); INSERT INTO pgs_catalo.pg_dist_local_group VALUES (${group})`,
      )
      const through = await throughProxy(await url, () => ({
        toServer: (data) => Buffer.from(data.toString('latin1').replaceAll('pg_catalog.pg_dist_local_group', 'pgs_catalo.pg_dist_local_group'), 'latin1'),
      }))
      expect((await run(through, 'status')).json.ok).toBe(true)
      const marked = await run(through, 'mark', 'unapplied', 'blog.0001', '--yes')
      expect(marked.json.error?.code, marked.stdout).toBe(code)
    }
  })
})

/** A row of two texts in place of another one (MySQL's protocol, text result set row: a packet of 3 bytes of length, a number, the texts). */
function instead(data: Buffer, name: string, newName: string, newValue: string): Buffer {
  const at = data.indexOf(`${String.fromCharCode(name.length)}${name}`)
  if (at < 4) return data
  const end = at + data.readUIntLE(at - 4, 3)
  const texts = [newName, newValue].map((text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]))
  const header = Buffer.from([0, 0, 0, data[at - 1] as number])
  header.writeUIntLE(
    texts.reduce((sum, text) => sum + text.length, 0),
    0,
    3,
  )
  return Buffer.concat([data.subarray(0, at - 4), header, ...texts, data.subarray(end)])
}
