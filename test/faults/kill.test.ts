import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { built, migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { fingerprint, insertLikeDjango } from '../support/history-table.js'
import { until } from '../support/until.js'

const EDIT = ['lock-taken', 'journal-made', 'edit-begun', 'snapshot-written', 'rows-written', 'before-commit', 'after-commit']
const SEQUENCE = ['before-sequence', 'sequence-set']
const RERUN = [...EDIT, 'before-lift', 'lifted', 'child-held', 'child-released', 'child-exited', 'before-close', 'closed']
const RECOVER = ['lock-taken', 'recover-judged', 'edit-begun', 'rows-written', 'before-commit', 'after-commit', 'recovered']

/** kill -9 at every failpoint, then recover: the rows are those before or those after, and the tool works on. */
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

  const options = () => ({ cwd: project.folder, env: { MIGSTATE_URL: database.url } })
  const run = (...argv: string[]) => migstate([...argv, '--json'], options())
  const killAt = (failpoint: string, ...argv: string[]) =>
    built([...argv, '--json'], { ...options(), env: { ...options().env, MIGSTATE_FAILPOINT: failpoint } })
  const mysqlLike = engine === 'mysql' || engine === 'mariadb'

  it.each(EDIT)('mark killed at %s', async (failpoint) => {
    const before = await fingerprint(database)
    expect((await killAt(failpoint, 'mark', 'unapplied', 'blog', '0001', '--yes')).exitCode).toBeNull()
    const killed = await fingerprint(database)
    expect([6, 5]).toContain(killed.rows.length)
    const recovered = await run('recover')
    expect(recovered.exitCode, recovered.stdout).toBe(0)
    expect((await fingerprint(database)).rows).toEqual(killed.rows)
    const done = killed.rows.length === 5
    expect(done).toBe(failpoint === 'after-commit')
    expect((await run('history')).json.result.operations).toHaveLength(done ? 1 : 0)
    expect((await run('rollback', '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
  })

  it.each([...EDIT, ...(mysqlLike ? SEQUENCE : [])])('rollback killed at %s', async (failpoint) => {
    await run('mark', 'unapplied', 'blog', '0001', '--yes')
    await run('mark', 'applied', 'blog', '0002_x', '--no-files', '--yes')
    const before = await fingerprint(database)
    expect((await killAt(failpoint, 'rollback', '--yes')).exitCode).toBeNull()
    const killed = await fingerprint(database)
    const done = killed.rows.length === before.rows.length - 1
    expect(done).toBe([...SEQUENCE, 'after-commit'].includes(failpoint))
    const unfinished = mysqlLike && done
    const refused = await run('mark', 'applied', 'x', '0001', '--no-files', '--yes')
    expect(refused.exitCode).toBe(unfinished ? 8 : 0)
    if (unfinished) expect(refused.json.error).toMatchObject({ code: 'unfinished-operation' })
    else await run('rollback', '--yes')
    expect((await run('recover')).exitCode).toBe(0)
    expect((await run('recover')).json.result.operation).toBeNull()
    const after = await fingerprint(database)
    expect(after.rows).toEqual(killed.rows)
    if (done) expect(after.counter).toBe('7')
    await insertLikeDjango(database)
  })

  it.each(RERUN)('rerun killed at %s', async (failpoint) => {
    await run('snapshot', 'create')
    const before = await fingerprint(database)
    const killed = await killAt(failpoint, 'rerun', 'shop', '0002', '--yes', '--force', ...project.manage('record'))
    expect(killed.exitCode).toBeNull()
    // The child goes on without the tool.
    if (failpoint === 'child-released')
      await until('the child records', async () => (await fingerprint(database)).rows.some((row) => row.includes('2025-01-02')))
    const lifted = (await fingerprint(database)).rows.length < before.rows.length
    const status = await run('status')
    expect(status.json.warnings.map((one: { code: string }) => one.code).includes('unfinished-operation')).toBe(lifted)
    expect((await run('mark', 'applied', 'x', '0001', '--dry-run', '--no-files')).exitCode).toBe(lifted ? 8 : 0)
    expect((await run('mark', 'unapplied', 'blog', '0001', '--yes')).exitCode).toBe(lifted ? 8 : 0)
    if (!lifted) await run('rollback', '--yes')
    if (mysqlLike && failpoint === 'child-held') {
      // Released or not: nobody can know, and MySQL's missing row proves nothing. Only a person's word counts, --yes does not.
      expect((await run('recover', '--yes')).json.error).toMatchObject({ code: 'outcome-unknown', exitCode: 8 })
      expect((await run('recover', '--assume', 'not-applied')).exitCode).toBe(0)
      expect(await fingerprint(database)).toEqual(before)
      return
    }
    const recovered = await run('recover')
    expect(recovered.exitCode, recovered.stdout).toBe(0)
    const after = await fingerprint(database)
    const ran = ['child-released', 'child-exited', 'before-close', 'closed'].includes(failpoint)
    expect(after.rows.map((row) => row.split('|').slice(0, 3))).toEqual(before.rows.map((row) => row.split('|').slice(0, 3)))
    const changed = after.rows.filter((row, index) => row !== before.rows[index])
    expect(changed).toHaveLength(ran ? 1 : 0)
    if (ran) expect(changed[0]).toMatch(/^2\|shop\|0002_data\|.*2025-01-02 03:04:05\.678901/)
    expect(after.counter).toBe(before.counter)
    expect((await run('recover')).json.result.operation).toBeNull()
    const operations = (await run('history')).json.result.operations as { id: string; kind: string }[]
    const rerun = operations.find((one) => one.kind === 'rerun')
    if (ran) expect((await run('rollback', rerun?.id as string, '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
  })

  it.each([...RECOVER, ...(mysqlLike ? SEQUENCE : [])])('recover killed at %s, then recovered', async (failpoint) => {
    const before = await fingerprint(database)
    await killAt('before-close', 'rerun', 'shop', '0002', '--yes', '--force', ...project.manage('record'))
    expect((await killAt(failpoint, 'recover')).exitCode).toBeNull()
    const recovered = await run('recover')
    expect(recovered.exitCode, recovered.stdout).toBe(0)
    const after = await fingerprint(database)
    expect(after.rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
    expect(after.counter).toBe(before.counter)
  })
})
