import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { createHistoryTable, fingerprint, record } from '../support/history-table.js'
import { oddly } from '../support/odd-places.js'
import { root } from '../support/root.js'

/** Node itself needs some to start (Node 20: 19, Node 24: 22); below 25 an edit of a SQLite file has not enough. */
const LIMITS = [20, 21, 22, 23, 24].filter((limit) => oddly(['--version'], { before: `ulimit -n ${limit}`, cwd: root }).stdout !== '')

describe('few file descriptors', () => {
  let database: TestDatabase
  let project: FakeProject
  beforeEach(async () => {
    database = await freshDatabase('sqlite')
    project = await fakeProject(database)
  })
  afterEach(async () => {
    project.remove()
    await database.drop()
  })

  it.each(LIMITS)('ulimit -n %i: it works, or says what it needs, and ends', async (limit) => {
    const few = { before: `ulimit -n ${limit}`, cwd: project.folder }
    for (const argv of [['status'], ['mark', 'unapplied', 'blog', '0001_initial', '--yes'], ['rollback', '--yes']]) {
      const before = await fingerprint(database)
      const ended = oddly([...argv, '--json', '--url', database.url], few)
      const { ok, error } = JSON.parse(ended.stdout)
      expect(ended.status, argv.join(' ')).toBe(ok ? 0 : 1)
      if (ok) continue
      expect(error, argv.join(' ')).toMatchObject({
        code: 'too-many-files',
        message: expect.stringMatching(/EMFILE/),
        hint: expect.stringContaining('ulimit -n'),
      })
      expect(await fingerprint(database)).toEqual(before)
    }
    // Nobody holds the lock any more.
    expect(oddly(['mark', 'applied', 'zoo', '0001_x', '--no-files', '--yes', '--url', database.url], { cwd: project.folder }).status).toBe(0)
  })

  it('in text too', () => {
    const ended = oddly(['mark', 'applied', 'zoo', '0001_x', '--no-files', '--yes', '--url', database.url], {
      before: `ulimit -n ${LIMITS[0]}`,
      cwd: project.folder,
    })
    expect([ended.status, ended.stdout]).toEqual([1, ''])
    expect(ended.stderr).toMatch(/\[too-many-files\][^]*ulimit -n/)
    expect(ended.stderr).not.toContain('writable primary')
  })

  it('a folder that cannot be listed for want of descriptors is an error, never an app without migrations', () => {
    for (const limit of LIMITS) {
      const ended = oddly(['status', '--json', '--no-cache', '--url', database.url], { before: `ulimit -n ${limit}`, cwd: project.folder })
      const { ok, result, error } = JSON.parse(ended.stdout)
      if (ok) expect(result.apps.map(({ migrations }: { migrations: unknown[] }) => migrations.length > 0)).not.toContain(false)
      else expect(error.code).toBe('too-many-files')
    }
  })

  it.runIf(engines.some((engine) => engine !== 'sqlite'))('on a server', async () => {
    for (const engine of engines.filter((one) => one !== 'sqlite')) {
      const server = await freshDatabase(engine)
      await createHistoryTable(server)
      await record(server, [['shop', '0001_initial']])
      for (const limit of [19, ...LIMITS]) {
        const ended = oddly(['mark', 'applied', 'zoo', `00${limit}_x`, '--no-files', '--yes', '--json', '--url', server.url], { before: `ulimit -n ${limit}` })
        const { ok, error } = JSON.parse(ended.stdout)
        expect([engine, limit, ended.status]).toEqual([engine, limit, ok ? 0 : 1])
        if (!ok) expect(error.code).toBe('too-many-files')
      }
      await server.drop()
    }
  })
})
