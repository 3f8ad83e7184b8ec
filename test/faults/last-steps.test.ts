import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { type CliResult, migstate, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, migratedShop, oneDjango } from '../support/django.js'
import { type FakeProject, fakeProject, migration } from '../support/fake-project.js'
import { gate } from '../support/gate.js'
import { fingerprint } from '../support/history-table.js'
import { holdTable } from '../support/sessions.js'
import { dataMigration, INSERTS } from '../support/shadow-project.js'
import { refuseEvent } from '../support/triggers.js'
import { until } from '../support/until.js'

const some = engines.filter((engine) => engine === 'sqlite' || engine === 'postgresql')

const expectUnfinished = (result: CliResult) => {
  expect([result.exitCode, result.json.error?.code], result.stdout + result.stderr).toEqual([8, 'unfinished-operation'])
  // What the trigger says, or, where the markers are read first, that there is one.
  expect(result.json.error.message).toMatch(/no room|has the trigger refuse_event/)
}

interface Step {
  /** Where the program waits while the journal is spoilt. */
  at: string
  /** What the journal does not take from then on. */
  event: string
}

/** A rerun whose journal does not take an event from a moment on, and does again when it has ended. */
async function spoilt(
  database: TestDatabase,
  words: string[],
  options: { cwd: string; env: Record<string, string | undefined> },
  step: Step,
): Promise<CliResult> {
  const hold = gate()
  const running = start([...words, '--yes', '--json'], { ...options, env: { ...options.env, MIGSTATE_FAILPOINT: hold.at(step.at) } })
  await hold.reached()
  const mend = await refuseEvent(database, step.event)
  hold.open()
  const failed = await running.done
  await mend()
  return failed
}

/** Held at a failpoint until the table is somebody else's; then let go on, until it says that it waits. */
async function waits(database: TestDatabase, words: string[], options: { cwd: string; env: Record<string, string | undefined> }, says: string) {
  const hold = gate()
  const running = start([...words, '--yes', '--json'], { ...options, env: { ...options.env, MIGSTATE_FAILPOINT: hold.at('before-close') } })
  let said = ''
  running.process.stderr?.on('data', (chunk) => (said += chunk))
  await hold.reached()
  const free = await holdTable(database)
  hold.open()
  await until('it says what it waits with', () => said.replaceAll(/\s+/g, ' ').includes(says))
  return { running, free }
}

/** What cannot be written down at one of the last steps of a rerun: nothing is guessed, exit 8, and `recover` ends it once it can be written. */
describe.each(some)('table mode, %s', (engine) => {
  let database: TestDatabase
  let project: FakeProject
  beforeEach(async () => {
    database = await freshDatabase(engine)
    project = await fakeProject(database)
    // The journal is there before it is spoilt.
    expect((await run('snapshot', 'create')).exitCode).toBe(0)
  })

  const options = () => ({ cwd: project.folder, env: { MIGSTATE_URL: database.url } })
  const run = (...argv: string[]) => migstate([...argv, '--json'], options())
  const rerun = (...more: string[]) => ['rerun', 'shop', '0002', '--force', ...more]

  it('the row of the target does not come back for the way back: nothing is started', async () => {
    const before = await fingerprint(database)
    expectUnfinished(await spoilt(database, rerun('--reverse-first', ...project.manage('both')), options(), { at: 'lifted', event: 'target-back' }))
    expect((await fingerprint(database)).rows).toHaveLength(2)
    expect((await run('recover')).json.result?.operation).toMatchObject({ status: 'failed' })
    expect(await fingerprint(database)).toEqual(before)
  })

  it('manage.py may go on with the way back, and that cannot be written down', async () => {
    const before = await fingerprint(database)
    project.write({ 'bin/docker': '#!/bin/sh\nkill -9 $$\n' })
    chmodSync(join(project.folder, 'bin', 'docker'), 0o755)
    const client = ['--mode', 'table', '--manage', `${join(project.folder, 'bin', 'docker')} exec APP NAME`]
    expectUnfinished(await spoilt(database, rerun('--reverse-first', ...client), options(), { at: 'backward-ran', event: 'outcome-unknown' }))
    expect((await run('recover')).json.error).toMatchObject({ code: 'outcome-unknown' })
    expect((await run('recover', '--assume', 'not-applied')).json.result?.operation).toMatchObject({ status: 'failed' })
    expect(await fingerprint(database)).toEqual(before)
  })

  it('nobody can know whether it ran, and that cannot be written down', async () => {
    const before = await fingerprint(database)
    project.write({ 'shop/migrations/0002_data.py': migration('("shop", "0001_initial")', undefined, '    atomic = False\n') })
    expectUnfinished(await spoilt(database, rerun(...project.manage('crash')), options(), { at: 'child-exited', event: 'outcome-unknown' }))
    expect((await run('recover')).json.error).toMatchObject({ code: 'outcome-unknown' })
    expect((await run('recover', '--assume', 'not-applied')).json.result?.operation).toMatchObject({ status: 'failed' })
    expect(await fingerprint(database)).toEqual(before)
  })

  it('it ran, and the rows cannot be put back', async () => {
    const before = await fingerprint(database)
    const failed = await spoilt(database, rerun(...project.manage('record')), options(), { at: 'before-close', event: 'done' })
    expectUnfinished(failed)
    expect(failed.json.error.message).toContain('are still out of the table')
    expect((await run('recover')).json.result?.operation).toMatchObject({ status: 'done' })
    expect((await fingerprint(database)).rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
  })

  it('somebody has the table when the rows are due: it waits past --lock-timeout, says with what, and puts them back', async () => {
    const before = await fingerprint(database)
    const { running, free } = await waits(database, rerun('--lock-timeout', '1', ...project.manage('record')), options(), 'the rows still have to be put back')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await free()
    const done = await running.done
    expect(done.exitCode, done.stdout + done.stderr).toBe(0)
    expect((await fingerprint(database)).rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
  })

  it('Ctrl-C while recover waits for the table: the rows are still out, exit 8, and the next recover puts them back', async () => {
    const before = await fingerprint(database)
    await start([...rerun(...project.manage('record')), '--yes'], { ...options(), env: { ...options().env, MIGSTATE_FAILPOINT: 'lifted' } }).done
    const hold = gate()
    const recovering = start(['recover', '--yes', '--json'], { ...options(), env: { ...options().env, MIGSTATE_FAILPOINT: hold.at('recover-judged') } })
    let said = ''
    recovering.process.stderr?.on('data', (chunk) => (said += chunk))
    await hold.reached()
    const free = await holdTable(database)
    hold.open()
    await until('it waits', () => said.includes('Waiting'))
    recovering.process.kill('SIGINT')
    const stopped = await recovering.done
    await free()
    expect([stopped.exitCode, stopped.json.error?.code], stopped.stdout + stopped.stderr).toEqual([8, 'unfinished-operation'])
    expect(stopped.json.error.message).toContain('are still out of the table')
    expect((await run('recover')).json.result?.operation).toMatchObject({ status: 'failed' })
    expect(await fingerprint(database)).toEqual(before)
  })
})

describe.each(some)('shadow mode, %s', (engine) => {
  let database: TestDatabase
  let shop: DjangoProject
  beforeEach(async () => {
    ;({ database, shop } = await migratedShop(oneDjango as string, engine))
    shop.write({ 'shop/migrations/0003_fill_slugs.py': INSERTS })
    expect((await run('snapshot', 'create')).exitCode).toBe(0)
  })

  const options = (env: Record<string, string> = {}) => ({ cwd: shop.folder, env: { ...shop.env, ...env } })
  const run = (...argv: string[]) => migstate([...argv, '--json'], options())
  const rerun = (...more: string[]) => ['rerun', 'shop', '0003', ...more]
  const products = async () => (await database.query('SELECT name FROM shop_product ORDER BY id')).map((row) => row.name)

  it('nobody can know whether it ran, and that cannot be written down', async () => {
    const before = await fingerprint(database)
    const dies = 'create("half")\n    os.kill(os.getpid(), 9)'
    shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration(dies, 'atomic = False') })
    expectUnfinished(await spoilt(database, rerun(), options(), { at: 'child-exited', event: 'outcome-unknown' }))
    expect((await run('recover')).json.error).toMatchObject({ code: 'outcome-unknown' })
    expect((await run('recover', '--assume', 'not-applied')).json.result?.operation).toMatchObject({ status: 'failed' })
    expect(await fingerprint(database)).toEqual(before)
  })

  it('it did not run, and that cannot be written down', async () => {
    const before = await fingerprint(database)
    shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('raise ValueError("no")') })
    expectUnfinished(await spoilt(database, rerun(), options(), { at: 'child-exited', event: 'failed' }))
    expect((await run('recover')).json.result?.operation).toMatchObject({ status: 'failed' })
    expect([await fingerprint(database), await products()]).toEqual([before, []])
  })

  it('it ran, and the new time of its row cannot be written', async () => {
    const before = await fingerprint(database)
    expectUnfinished(await spoilt(database, rerun(), options(), { at: 'before-close', event: 'done' }))
    expect(await fingerprint(database)).toEqual(before)
    expect((await run('recover')).json.result?.operation).toMatchObject({ status: 'done' })
    expect((await fingerprint(database)).rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
    expect(await products()).toEqual(['it ran'])
  })

  it('somebody has the table when the time is due: it waits past --lock-timeout, and says that the migration ran', async () => {
    const { running, free } = await waits(database, rerun('--lock-timeout', '1'), options(), 'the migration ran; its row still has to be written')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await free()
    const done = await running.done
    expect([done.exitCode, done.json.result?.operation?.status], done.stdout + done.stderr).toEqual([0, 'done'])
  })

  it('somebody has the table when the operation is due: it waits, and begins when they have gone', async () => {
    const hold = gate()
    const running = start([...rerun('--lock-timeout', '60'), '--yes', '--json'], options({ MIGSTATE_FAILPOINT: hold.at('journal-made') }))
    let said = ''
    running.process.stderr?.on('data', (chunk) => (said += chunk))
    await hold.reached()
    const free = await holdTable(database)
    hold.open()
    // A reader is in nobody's way on a server: only its file is one's own in SQLite.
    if (engine === 'sqlite') await until('it waits', () => said.includes('Waiting'))
    await free()
    const done = await running.done
    expect([done.exitCode, done.json.result?.operation?.status], done.stdout + done.stderr).toEqual([0, 'done'])
  })

  it.runIf(engine === 'sqlite')('somebody has the file when the start of manage.py is to be written down: it is, as soon as they have gone', async () => {
    const hold = gate()
    const running = start([...rerun(), '--yes', '--json'], options({ MIGSTATE_FAILPOINT: hold.at('shadowed') }))
    await hold.reached()
    const free = await holdTable(database)
    hold.open()
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    expect(await products()).toEqual([])
    await free()
    const done = await running.done
    expect([done.exitCode, done.json.result?.operation?.status], done.stdout + done.stderr).toEqual([0, 'done'])
  })

  it.each([
    ['shadowed', [], 'failed'],
    ['forward-ran', [['shop', '0003_fill_slugs']], 'done'],
  ])('killed at %s: a dry run of recover shows which row would have a new time', async (failpoint, rows, status) => {
    await start([...rerun(), '--yes'], options({ MIGSTATE_FAILPOINT: failpoint })).done
    const before = await fingerprint(database)
    const { changes } = (await run('recover', '--dry-run')).json.result
    expect(changes).toMatchObject({ removed: [], added: [] })
    expect(changes.updated.map(({ after }: { after: { app: string; name: string } }) => [after.app, after.name])).toEqual(rows)
    expect(await fingerprint(database)).toEqual(before)
    const recovered = (await run('recover')).json.result
    expect([recovered.operation.status, recovered.changes.updated.length]).toEqual([status, rows.length])
  })

  it.each([
    ['before anything runs', 'shadowed', [], 'Interrupted before shop.0003_fill_slugs ran.'],
    ['between the way back and the way forward', 'backward-ran', ['--reverse-first'], 'Its reverse code has run and its forward code has not'],
  ])('Ctrl-C %s: the way forward is not begun, exit 130', async (_when, at, flags, says) => {
    shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('create("forward")', '', 'create("reversed")') })
    const before = await fingerprint(database)
    const hold = gate()
    const running = start([...rerun(...flags), '--yes', '--json'], options({ MIGSTATE_FAILPOINT: hold.at(at) }))
    let said = ''
    running.process.stderr?.on('data', (chunk) => (said += chunk))
    await hold.reached()
    running.process.kill('SIGINT')
    await until('it is heard', () => said.includes('Interrupting'))
    hold.open()
    const done = await running.done
    expect([done.exitCode, done.json.error?.code], done.stdout + done.stderr).toEqual([130, 'interrupted'])
    expect(done.json.error.message).toContain(says)
    expect([await fingerprint(database), await products()]).toEqual([before, flags.length > 0 ? ['reversed'] : []])
    expect((await run('recover')).json.result.operation).toBeNull()
  })
})

/** On SQLite a reader delays the COMMIT itself. */
describe.runIf(engines.includes('sqlite'))('a COMMIT that waits, sqlite', () => {
  it('is told of after --lock-timeout, and takes place when the reader has gone', async () => {
    const database = await freshDatabase('sqlite')
    const project = await fakeProject(database)
    const { default: Sqlite } = await import('better-sqlite3')
    const reader = new Sqlite(database.file as string)
    const hold = gate()
    const running = start(['mark', 'unapplied', 'blog', '0001', '--lock-timeout', '1', '--yes', '--json'], {
      cwd: project.folder,
      env: { MIGSTATE_URL: database.url, MIGSTATE_FAILPOINT: hold.at('before-commit') },
    })
    let said = ''
    running.process.stderr?.on('data', (chunk) => (said += chunk))
    await hold.reached()
    reader.exec('BEGIN; SELECT count(*) FROM django_migrations')
    hold.open()
    await until('it is told', () => said.replaceAll(/\s+/g, ' ').includes('the answer to COMMIT'))
    reader.close()
    const done = await running.done
    expect([done.exitCode, done.json.result?.operation?.status], done.stdout + done.stderr).toEqual([0, 'done'])
    expect((await fingerprint(database)).rows).toHaveLength(5)
  })
})

/** There the step of the counter comes after the COMMIT. */
describe.each(engines.filter((engine) => engine === 'mysql' || engine === 'mariadb'))('%s', (engine) => {
  it('killed before the step of the counter: a dry run of recover shows the changes of the operation', async () => {
    const database = await freshDatabase(engine)
    const project = await fakeProject(database)
    const options = (env: Record<string, string> = {}) => ({ cwd: project.folder, env: { MIGSTATE_URL: database.url, ...env } })
    expect((await migstate(['mark', 'applied', 'blog', '0002_x', '--no-files', '--yes', '--json'], options())).exitCode).toBe(0)
    await start(['rollback', '--yes'], options({ MIGSTATE_FAILPOINT: 'before-sequence' })).done
    const preview = await migstate(['recover', '--dry-run', '--json'], options())
    expect(preview.json.result?.changes, preview.stdout).toMatchObject({ removed: [{ app: 'blog', name: '0002_x' }], added: [], updated: [] })
    expect((await migstate(['recover', '--json'], options())).json.result.operation).toMatchObject({ kind: 'rollback', status: 'done' })
  })
})
