import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { beforeEach, describe, expect, it } from 'vitest'
import { built, type CliResult, migstate, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, migratedShop, oneDjango } from '../support/django.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { gate } from '../support/gate.js'
import { fingerprint } from '../support/history-table.js'
import { dataMigration } from '../support/shadow-project.js'
import { until } from '../support/until.js'

/** What the journal says of the machine where the child ran. */
const elsewhere = (database: TestDatabase) =>
  database.query(`UPDATE migstate_event SET detail = REPLACE(detail, '"host":${JSON.stringify(hostname())}', '"host":"elsewhere"')`)
/** Python's json puts a blank behind the colon. */
const elsewhereInPython = (database: TestDatabase) =>
  database.query(`UPDATE migstate_event SET detail = REPLACE(detail, '"host": ${JSON.stringify(hostname())}', '"host": "elsewhere"')`)
const expectUnknown = (result: CliResult, code: 'outcome-unknown' | 'unfinished-operation') => {
  expect([result.exitCode, result.json.error?.code], result.stdout + result.stderr).toEqual([8, code])
  return result.json.error
}

/** Nothing is decided while the child of an interrupted rerun may still be at work. */
describe.each(engines)('shadow mode, %s', (engine) => {
  let database: TestDatabase
  let shop: DjangoProject
  beforeEach(async () => {
    ;({ database, shop } = await migratedShop(oneDjango as string, engine))
  })

  const options = (env: Record<string, string> = {}) => ({ cwd: shop.folder, env: { ...shop.env, ...env } })
  const run = (...argv: string[]) => migstate([...argv, '--json'], options())
  const products = async () => Number((await database.query('SELECT count(*) AS n FROM shop_product'))[0]?.n)
  const body = (text: string, more?: string) => shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration(text, more) })
  const changedRows = async (before: Awaited<ReturnType<typeof fingerprint>>) =>
    (await fingerprint(database)).rows.filter((row, index) => row !== before.rows[index]).length

  it('a living child when recover begins: exit 8; with patience it is waited for, and found to have run', async () => {
    body('create("it ran")\n    wait()')
    const before = await fingerprint(database)
    const go = gate()
    const running = start(['rerun', 'shop', '0003', '--yes'], options({ WAIT_FOR: go.file }))
    await go.reached()
    running.process.kill('SIGKILL')
    await running.done
    expect(expectUnknown(await run('recover', '--lock-timeout', '0.5'), 'unfinished-operation').message).toContain('is still running')
    // A person's word changes nothing while it can be seen at work.
    expectUnknown(await run('recover', '--lock-timeout', '0.5', '--assume', 'not-applied'), 'unfinished-operation')
    expect((await run('history')).json.result.operations[0]).toMatchObject({ kind: 'rerun', status: 'running' })
    expect(await fingerprint(database)).toEqual(before)
    const recovering = start(['recover', '--lock-timeout', '60', '--json'], options())
    let said = ''
    recovering.process.stderr?.on('data', (chunk) => (said += chunk))
    await until('recover says that it waits', () => said.includes('Waiting for manage.py to end'))
    go.open()
    const recovered = await recovering.done
    expect(recovered.json.result?.operation, recovered.stdout).toMatchObject({ kind: 'rerun', status: 'done' })
    expect([await products(), await changedRows(before)]).toEqual([1, 1])
  })

  it('a child that was killed on another machine: known where its sessions can be seen, else a person is asked', async () => {
    body('create("half")')
    const before = await fingerprint(database)
    const killed = await built(['rerun', 'shop', '0003', '--yes'], options({ MIGSTATE_FAILPOINT: 'shim-operation', MIGSTATE_FAILPOINT_TOO: 'child-exited' }))
    expect(killed.exitCode).toBeNull()
    await elsewhere(database)
    await elsewhereInPython(database)
    if (engine === 'sqlite') {
      expect(expectUnknown(await run('recover'), 'outcome-unknown').message).toContain('on elsewhere, where this machine')
      expect(await fingerprint(database)).toEqual(before)
    }
    const recovered = await run('recover', ...(engine === 'sqlite' ? ['--assume', 'not-applied'] : []))
    expect(recovered.json.result?.operation, recovered.stdout).toMatchObject({ kind: 'rerun', status: 'failed' })
    expect(await fingerprint(database)).toEqual(before)
  })
})

describe.each(engines)('table mode, %s', (engine) => {
  let database: TestDatabase
  let project: FakeProject
  beforeEach(async () => {
    database = await freshDatabase(engine)
    project = await fakeProject(database)
  })

  const options = (env: Record<string, string> = {}) => ({ cwd: project.folder, env: { MIGSTATE_URL: database.url, ...env } })
  const run = (...argv: string[]) => migstate([...argv, '--json'], options())
  const transactional = engine === 'sqlite' || engine === 'postgresql'

  it('an absent row decides only where the child cannot be at work any more', async () => {
    const before = await fingerprint(database)
    const killed = await built(['rerun', 'shop', '0002', '--yes', '--force', ...project.manage('crash')], options({ MIGSTATE_FAILPOINT: 'child-exited' }))
    expect(killed.exitCode).toBeNull()
    await elsewhere(database)
    const lifted = await fingerprint(database)
    expect(lifted.rows).toHaveLength(2)
    expect(expectUnknown(await run('recover'), 'outcome-unknown').message).toContain('on elsewhere, where this machine')
    expect(await fingerprint(database)).toEqual(lifted)
    const preview = await run('recover', '--assume', 'not-applied', '--dry-run')
    expect(preview.json.result?.changes.added, preview.stdout).toHaveLength(4)
    expect(await fingerprint(database)).toEqual(lifted)
    const recovered = await run('recover', '--assume', 'not-applied')
    expect(recovered.json.result?.operation, recovered.stdout).toMatchObject({ status: 'failed' })
    expect(await fingerprint(database)).toEqual(before)
  })

  it('--assume applied: the target gets a new time, the rest is as before', async () => {
    const before = await fingerprint(database)
    await built(['rerun', 'shop', '0002', '--yes', '--force', ...project.manage('crash')], options({ MIGSTATE_FAILPOINT: 'child-exited' }))
    await elsewhere(database)
    const recovered = await run('recover', '--assume', 'applied')
    expect(recovered.json.result, recovered.stdout).toMatchObject({
      operation: { status: 'done' },
      changes: { removed: [], added: [], updated: [{ before: { id: '2' }, after: { id: '2' } }] },
    })
    const after = await fingerprint(database)
    expect(after.rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
    expect(after.counter).toBe(before.counter)
  })

  it('the rows that would come back are what a dry run of recover shows', async () => {
    await built(['rerun', 'shop', '0002', '--yes', '--force', ...project.manage('record')], options({ MIGSTATE_FAILPOINT: 'lifted' }))
    const lifted = await fingerprint(database)
    const { changes } = (await run('recover', '--dry-run')).json.result
    expect(changes.added.map((row: { id: string; name: string }) => `${row.id} ${row.name}`)).toEqual([
      '2 0002_data',
      '3 0001_initial',
      '4 0003_more',
      '5 0001_initial',
    ])
    expect(changes).toMatchObject({ removed: [], updated: [] })
    expect(await fingerprint(database)).toEqual(lifted)
  })

  it('the child is in the journal before it does anything', async () => {
    const held = gate()
    const running = start(
      ['rerun', 'shop', '0002', '--yes', '--force', '--json', ...project.manage('record')],
      options({ MIGSTATE_FAILPOINT: held.at('child-held') }),
    )
    await held.reached()
    const [event] = await database.query("SELECT detail FROM migstate_event WHERE event = 'child-started'")
    const { pid } = JSON.parse(String(event?.detail))
    // The shell that waits for its word; what is to run would have taken its place.
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toMatch(/^\/bin\/sh\0-c\0read -r go/)
    held.open()
    const done = await running.done
    expect(done.exitCode, done.stdout + done.stderr).toBe(0)
  })

  it.runIf(transactional)('an atomic migration that was killed here: as before', async () => {
    const before = await fingerprint(database)
    await built(['rerun', 'shop', '0002', '--yes', '--force', ...project.manage('crash')], options({ MIGSTATE_FAILPOINT: 'child-exited' }))
    expect((await run('recover')).json.result).toMatchObject({ operation: { status: 'failed' } })
    expect(await fingerprint(database)).toEqual(before)
  })
})

describe.runIf(engines.includes('postgresql'))('table mode, a session that its process has left behind', () => {
  it('recover waits for it, as long as --lock-timeout says', async () => {
    const { database, shop } = await migratedShop(oneDjango as string, 'postgresql')
    const before = await fingerprint(database)
    const options = { cwd: shop.folder, env: { ...shop.env, MIGSTATE_FAILPOINT: 'child-held' } }
    await built(['rerun', 'shop', '0003', '--mode', 'table', '--yes'], options)
    const run = (...argv: string[]) => migstate([...argv, '--json'], { cwd: shop.folder, env: shop.env })
    const { operations } = (await run('history')).json.result
    const { default: pg } = await import('pg')
    const theirs = new pg.Client({ connectionString: database.url, application_name: `migstate:${operations[0].id}` })
    await theirs.connect()
    try {
      expect(expectUnknown(await run('recover', '--lock-timeout', '0.5'), 'unfinished-operation').message).toMatch(/PostgreSQL session \d+/)
      expect((await fingerprint(database)).rows.length).toBeLessThan(before.rows.length)
    } finally {
      await theirs.end()
    }
    const recovered = await run('recover', '--lock-timeout', '10')
    expect(recovered.json.result?.operation, recovered.stdout).toMatchObject({ status: 'failed' })
    expect(await fingerprint(database)).toEqual(before)
  })
})
