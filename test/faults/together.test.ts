import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { built, migstate, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { gate } from '../support/gate.js'
import { fingerprint } from '../support/history-table.js'

/** Several tools on one table. */
describe.each(engines)('%s', (engine) => {
  let database: TestDatabase
  let project: FakeProject
  beforeEach(async () => {
    database = await freshDatabase(engine)
    project = await fakeProject(database)
  })
  afterEach(async () => {
    project.remove()
    await database.drop()
  })

  const options = (env: Record<string, string> = {}) => ({ cwd: project.folder, env: { MIGSTATE_URL: database.url, ...env } })

  it('12 marks at once: 12 times exit 0, 12 rows', async () => {
    const marks = await Promise.all(
      Array.from({ length: 12 }, (_unused, index) =>
        built(['mark', 'applied', 'many', `${String(index).padStart(4, '0')}_x`, '--no-files', '--yes', '--json'], options()),
      ),
    )
    expect(marks.filter((mark) => mark.exitCode !== 0).map((mark) => mark.stdout)).toEqual([])
    const rows = (await fingerprint(database)).rows.filter((row) => row.includes('|many|'))
    expect(rows).toHaveLength(12)
    expect(new Set(rows.map((row) => row.split('|')[2])).size).toBe(12)
    expect((await migstate(['history', '--json'], options())).json.result.operations).toHaveLength(12)
  })

  it('9 marks at once, each third of them killed: a row is there exactly where an operation says so', async () => {
    const marks = Array.from({ length: 9 }, (_unused, index) => ({
      app: `app${index}`,
      running: start(['mark', 'applied', `app${index}`, '0001_x', '--no-files', '--yes', '--json'], options()),
    }))
    for (const [index, { running }] of marks.entries()) if (index % 3 === 0) setTimeout(() => running.process.kill('SIGKILL'), 700 + 250 * index)
    const ended = await Promise.all(marks.map(async ({ app, running }) => ({ app, done: await running.done })))
    expect((await migstate(['recover', '--json'], options())).exitCode).toBe(0)
    const rows = (await fingerprint(database)).rows.map((row) => row.split('|')[1])
    const { operations } = (await migstate(['history', '--json'], options())).json.result
    for (const {
      app,
      done: { exitCode, stdout },
    } of ended) {
      const said = operations.filter(({ target, status }: { target: string; status: string }) => target === `${app}.0001_x` && status === 'done').length
      expect([app, rows.filter((one) => one === app).length], stdout).toEqual([app, said])
      if (exitCode !== null) expect([app, exitCode, said], stdout).toEqual([app, 0, 1])
    }
    expect(operations.every(({ status, readable }: { status: string; readable: boolean }) => status === 'done' && readable)).toBe(true)
  })

  it('the same mark twice at once writes one row', async () => {
    const marks = await Promise.all([1, 2, 3].map(() => built(['mark', 'applied', 'same', '0001_x', '--no-files', '--yes', '--json'], options())))
    expect(marks.map((mark) => mark.exitCode)).toEqual([0, 0, 0])
    expect((await fingerprint(database)).rows.filter((row) => row.includes('|same|'))).toHaveLength(1)
  })

  it('a row that changed under the plan: made again with --yes', async () => {
    const hold = gate()
    const waiting = start(
      ['mark', 'unapplied', 'blog', '0001_initial', '--no-files', '--yes', '--json'],
      options({ MIGSTATE_FAILPOINT: hold.at('lock-taken') }),
    )
    await hold.reached()
    await database.query("DELETE FROM django_migrations WHERE app = 'blog'")
    hold.open()
    const done = await waiting.done
    expect(done.exitCode, done.stderr).toBe(0)
    expect(done.json.result).toMatchObject({ operation: null, changes: { removed: [] } })
  })

  it('a second writer gives up in time while another tool works, exit 5, nothing changed', async () => {
    const hold = gate()
    const before = await fingerprint(database)
    const holder = start(['mark', 'unapplied', 'blog', '0001_initial', '--no-files', '--yes'], options({ MIGSTATE_FAILPOINT: hold.at('edit-begun') }))
    await hold.reached()
    const second = await built(['mark', 'applied', 'x', '0001', '--no-files', '--yes', '--json', '--lock-timeout', '1'], options())
    expect(second.json.error).toMatchObject({ code: 'lock-timeout', exitCode: 5 })
    hold.open()
    expect((await holder.done).exitCode).toBe(0)
    expect((await fingerprint(database)).rows).toEqual(before.rows.filter((row) => !row.includes('|blog|')))
  })
})
