import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CliResult, migstate, type Running, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type Behaviour, type FakeProject, fakeProject } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'
import { until } from '../support/until.js'

/** What becomes of the table when manage.py behaves badly; every database, no Django needed. */
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
  const rerun = (behaviour: Behaviour, ...more: string[]) => run('rerun', 'shop', '0002', '--yes', '--force', ...project.manage(behaviour), ...more)
  const transactional = engine === 'sqlite' || engine === 'postgresql'

  it('ran: one row has a new time, the rest is as before', async () => {
    const before = await fingerprint(database)
    const ran = await rerun('record')
    expect(ran.json, ran.stderr).toMatchObject({
      result: {
        rerun: {
          mode: 'table',
          target: ['shop', '0002_data'],
          hidden: [
            ['billing', '0001_initial'],
            ['shop', '0003_more'],
            ['reports', '0001_initial'],
          ],
        },
        changes: { removed: [], added: [], updated: [{ before: { id: '2' }, after: { id: '2' } }] },
      },
    })
    const after = await fingerprint(database)
    expect(after.rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
    expect(after.counter).toBe(before.counter)
  })

  it('failed: exact as before, exit 7, the cause in one sentence', async () => {
    const before = await fingerprint(database)
    const failed = await rerun('fail')
    expect(failed.json.error).toMatchObject({ code: 'manage-failed', exitCode: 7, details: { exitCode: 1 } })
    expect(failed.json.error.message).toContain('A later migration made shop_order.z NOT NULL')
    expect(await fingerprint(database)).toEqual(before)
  })

  it('exit 0 without running it: exit 7 all the same', async () => {
    const before = await fingerprint(database)
    expect((await rerun('nothing')).json.error).toMatchObject({ code: 'manage-failed', details: { exitCode: 0 } })
    expect(await fingerprint(database)).toEqual(before)
  })

  it('ran, and manage.py failed afterwards: exit 0 and a warning', async () => {
    const ran = await rerun('record-then-fail')
    expect(ran.exitCode).toBe(0)
    expect(codes(ran)).toContain('manage-failed-after')
    expect(ran.json.result.rerun.exitCode).toBe(1)
    expect((await fingerprint(database)).rows.filter((row) => row.includes('2025-01-02'))).toHaveLength(1)
  })

  it('manage.py killed: as before where that proves it, else a person is asked', async () => {
    const before = await fingerprint(database)
    const crashed = await rerun('crash')
    if (transactional) {
      expect(crashed.json.error).toMatchObject({ code: 'manage-failed', exitCode: 7 })
      expect(await fingerprint(database)).toEqual(before)
      return
    }
    expect(crashed.json.error).toMatchObject({ code: 'outcome-unknown', exitCode: 8 })
    expect((await run('history')).json.result.operations[0]).toMatchObject({ status: 'unknown', finishedAt: null })
    expect((await run('recover')).json.error).toMatchObject({ code: 'outcome-unknown', exitCode: 8 })
    const assumed = await run('recover', '--assume', 'applied')
    expect(assumed.json.result.changes.updated).toMatchObject([{ before: { id: '2' }, after: { id: '2' } }])
    const after = await fingerprint(database)
    expect(after.rows.map((row) => row.split('|').slice(0, 3))).toEqual(before.rows.map((row) => row.split('|').slice(0, 3)))
    expect(after.rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
    await run('rollback', '--yes')
    expect(await fingerprint(database)).toEqual(before)
  })

  it('an --assume against known facts is ignored with a warning', async () => {
    const before = await fingerprint(database)
    const killed = start(['rerun', 'shop', '0002', '--yes', '--force', ...project.manage('record')], {
      ...options(),
      env: { ...options().env, MIGSTATE_FAILPOINT: 'lifted' },
    })
    expect((await killed.done).exitCode).toBeNull()
    const recovered = await run('recover', '--assume', 'applied')
    expect(codes(recovered)).toContain('assume-ignored')
    expect(await fingerprint(database)).toEqual(before)
  })

  it('what others did meanwhile stays and is reported, nothing is doubled', async () => {
    const ran = await rerun('interfere')
    expect(ran.exitCode).toBe(0)
    const [warning] = ran.json.warnings.filter((one: { code: string }) => one.code === 'interleaved')
    expect(warning.message).toContain('billing.0001_initial')
    expect(warning.message).toContain('stranger.0001_initial')
    const names = (await fingerprint(database)).rows.map((row) => row.split('|').slice(1, 3).join('.'))
    expect(names.filter((name) => name === 'billing.0001_initial')).toHaveLength(1)
    expect([...names].sort()).toEqual([
      'billing.0001_initial',
      'blog.0001_initial',
      'reports.0001_initial',
      'shop.0001_initial',
      'shop.0002_data',
      'shop.0003_more',
      'stranger.0001_initial',
    ])
  })

  it('of duplicates the highest id is kept and updated, the others stay', async () => {
    await database.query(
      `INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0002_data', '2024-04-04 04:04:04.000004${engine === 'postgresql' ? '+00' : ''}')`,
    )
    const before = await fingerprint(database)
    await rerun('record')
    const after = await fingerprint(database)
    expect(after.rows.slice(0, 6)).toEqual(before.rows.slice(0, 6))
    expect(after.rows[6]).toMatch(/^7\|shop\|0002_data\|.*2025-01-02/)
    expect(after.rows).toHaveLength(7)
  })

  it('Ctrl-C: one SIGINT to the child, everything back, exit 130', async () => {
    const before = await fingerprint(database)
    const running = start(['rerun', 'shop', '0002', '--yes', '--force', '--json', ...project.manage('hang')], options())
    await hangs(running)
    expect((await run('mark', 'applied', 'blog', '0001', '--dry-run')).exitCode).toBe(8)
    const blocked = await run('mark', 'unapplied', 'blog', '0001', '--yes', '--lock-timeout', '0.3')
    expect(blocked.json.error).toMatchObject({ code: 'lock-timeout', exitCode: 5 })
    expect(blocked.json.error.message).toContain('operation ')
    expect((await run('status')).json.warnings).toContainEqual({ code: 'unfinished-operation', message: expect.stringContaining('in progress') })
    running.process.kill('SIGINT')
    const done = await running.done
    expect(done.exitCode, done.stderr).toBe(130)
    expect(done.json.error.code).toBe('interrupted')
    expect(await fingerprint(database)).toEqual(before)
    expect((await run('recover')).json.result.operation).toBeNull()
  })

  it('whoever reads its output goes away: the rerun is finished all the same', async () => {
    const before = await fingerprint(database)
    const running = start(['rerun', 'shop', '0002', '--yes', '--force', ...project.manage('record')], options())
    running.process.stderr?.once('data', () => {
      running.process.stderr?.destroy()
      running.process.stdout?.destroy()
    })
    const exitCode = await new Promise((resolve) => running.process.on('exit', resolve))
    expect(exitCode).toBe(0)
    expect((await fingerprint(database)).rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
    expect((await run('recover')).json.result.operation).toBeNull()
  })

  it('the tool killed while the child runs: recover waits for the child it can see, names it, then tells', async () => {
    const before = await fingerprint(database)
    const running = start(['rerun', 'shop', '0002', '--yes', '--force', ...project.manage('hang')], options())
    await hangs(running)
    running.process.kill('SIGKILL')
    await running.done
    const waiting = await run('recover', '--lock-timeout', '0.5')
    expect(waiting.json.error).toMatchObject({ code: 'unfinished-operation', exitCode: 8 })
    const { operations } = (await run('history')).json.result
    const events = (await run('history', operations[0].id)).json.result.operation.events
    const { pid } = events.find((event: { event: string }) => event.event === 'child-started').detail
    expect(waiting.json.error.message).toContain(`process ${pid}`)
    process.kill(-pid, 'SIGKILL')
    const recovered = await run('recover', '--assume', 'not-applied')
    expect(recovered.exitCode, recovered.stdout).toBe(0)
    expect(recovered.json.result.operation).toMatchObject({ kind: 'rerun', status: 'failed' })
    expect(await fingerprint(database)).toEqual(before)
  })
})

/** manage.py runs, and listens to signals. */
async function hangs({ process: tool }: Running): Promise<void> {
  let said = ''
  tool.stderr?.on('data', (chunk) => (said += chunk))
  await until('manage.py runs', () => said.includes('hanging'))
}

function codes(result: CliResult): string[] {
  return result.json.warnings.map((warning: { code: string }) => warning.code)
}
