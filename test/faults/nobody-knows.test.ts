import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { built, type CliResult, migstate, start } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, migratedShop, oneDjango } from '../support/django.js'
import { type FakeProject, fakeProject, migration } from '../support/fake-project.js'
import { gate } from '../support/gate.js'
import { fingerprint } from '../support/history-table.js'
import { dataMigration } from '../support/shadow-project.js'
import { until } from '../support/until.js'

const expectUnknown = (result: CliResult) => {
  expect([result.exitCode, result.json.error?.code], result.stdout + result.stderr).toEqual([8, 'outcome-unknown'])
  return result.json.error
}

/** Where neither markers nor rows can tell, the tool says so, changes nothing, and only a person's word ends the operation. */
describe.each(engines)('shadow mode, %s', (engine) => {
  let database: TestDatabase
  let shop: DjangoProject
  beforeEach(async () => {
    ;({ database, shop } = await migratedShop(oneDjango as string, engine))
  })

  const options = (env: Record<string, string> = {}) => ({ cwd: shop.folder, env: { ...shop.env, ...env } })
  const run = (...argv: string[]) => migstate([...argv, '--json'], options())
  const products = async () => (await database.query('SELECT name FROM shop_product ORDER BY id')).map((row) => row.name)

  /** Exit 8 and nothing decided; then the person's word, both ways. */
  async function expectAPersonIsAsked(rerun: () => Promise<CliResult>): Promise<void> {
    const before = await fingerprint(database)
    for (const assume of ['not-applied', 'applied'] as const) {
      expectUnknown(await rerun())
      expect(await fingerprint(database)).toEqual(before)
      expect((await run('history')).json.result.operations[0]).toMatchObject({ kind: 'rerun', status: 'unknown', finishedAt: null })
      expectUnknown(await run('recover'))
      expectUnknown(await run('recover', '--yes'))
      expect(await fingerprint(database)).toEqual(before)
      const recovered = await run('recover', '--assume', assume)
      expect(recovered.json.result?.operation, recovered.stdout).toMatchObject({ status: assume === 'applied' ? 'done' : 'failed' })
      const after = await fingerprint(database)
      expect(after.rows.filter((row, index) => row !== before.rows[index])).toHaveLength(assume === 'applied' ? 1 : 0)
      expect([after.rows.length, after.counter]).toEqual([before.rows.length, before.counter])
      expect((await run('recover')).json.result.operation).toBeNull()
    }
    expect((await run('rollback', '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
  }

  it('a migration that is not atomic, killed between its work and its marker', async () => {
    shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('create("half")', 'atomic = False') })
    await expectAPersonIsAsked(() => built(['rerun', 'shop', '0003', '--yes', '--json'], options({ MIGSTATE_FAILPOINT: 'shim-operation' })))
    expect(await products()).toEqual(['half', 'half'])
  })

  it('a migration that does more than data, not atomic: known by its end marker, and by nothing before it', async () => {
    const operations = 'operations = [migrations.RunPython(forward, backward), migrations.AlterModelOptions("product", {"ordering": ["name"]})]'
    shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('create("it ran")', 'atomic = False').replace(/operations = .*/, operations) })
    const before = await fingerprint(database)
    const rerun = (failpoint: string) => built(['rerun', 'shop', '0003', '--yes', '--force', '--json'], options({ MIGSTATE_FAILPOINT: failpoint }))
    expectUnknown(await rerun('shim-whole-marked'))
    expect((await run('recover', '--assume', 'not-applied')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
    const ran = await rerun('shim-end-marked')
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
    expect(ran.json.warnings.map((one: { code: string }) => one.code)).toContain('manage-failed-after')
    expect((await fingerprint(database)).rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
  })

  // On SQLite Django has the transaction in hand: COMMIT in a RunSQL is an error there.
  it.runIf(engine !== 'sqlite')('a COMMIT behind the back of an atomic migration, which is killed after it', async () => {
    const text = dataMigration('create("half")')
    const operations = 'operations = [migrations.RunPython(forward, backward), migrations.RunSQL("COMMIT"), migrations.RunPython(die, die)]'
    shop.write({
      'shop/migrations/0003_fill_slugs.py': text
        .replace(/operations = .*/, operations)
        .replace('def forward', 'def die(apps, schema_editor):\n    os.kill(os.getpid(), 9)\n\n\ndef forward'),
    })
    await expectAPersonIsAsked(() => built(['rerun', 'shop', '0003', '--yes', '--json'], options()))
    expect(await products()).toEqual(['half', 'half'])
  })

  const ENDS_ITSELF = engine === 'postgresql' ? 'SELECT pg_terminate_backend(pg_backend_pid())' : 'KILL CONNECTION_ID()'
  it.runIf(engine !== 'sqlite')('a migration that is not atomic, whose session the server ends after its last statement', async () => {
    const body = `create("half")\n    with schema_editor.connection.cursor() as cursor:\n        cursor.execute("${ENDS_ITSELF}")`
    shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration(body, 'atomic = False') })
    await expectAPersonIsAsked(() => built(['rerun', 'shop', '0003', '--yes', '--json'], options()))
    expect(await products()).toEqual(['half', 'half'])
    const [{ id }] = (await run('history')).json.result.operations.filter(({ kind }: { kind: string }) => kind === 'rerun')
    const { events } = (await run('history', id)).json.result.operation
    expect(events.find(({ event }: { event: string }) => event === 'child-exited').detail).toMatchObject({ exitCode: 1, ended: false })
  })

  it.runIf(engine !== 'sqlite')('an atomic one whose session the server ends: its markers tell', async () => {
    const before = await fingerprint(database)
    shop.write({
      'shop/migrations/0003_fill_slugs.py': dataMigration(
        `create("half")\n    with schema_editor.connection.cursor() as cursor:\n        cursor.execute("${ENDS_ITSELF}")`,
      ),
    })
    const failed = await built(['rerun', 'shop', '0003', '--yes', '--json'], options())
    expect([failed.exitCode, failed.json.error?.code, failed.json.error?.consequence], failed.stdout).toEqual([7, 'manage-failed', 'rolled-back'])
    expect(await products()).toEqual([])
    expect(await fingerprint(database)).toEqual(before)
    expect((await run('recover')).json.result.operation).toBeNull()
  })

  it.runIf(engine === 'mysql' || engine === 'mariadb')('a RunSQL where it commits by itself, killed between its work and its marker', async () => {
    const sql = 'migrations.RunSQL("INSERT INTO shop_product (name) VALUES (\'half\')", migrations.RunSQL.noop)'
    shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('pass').replace(/operations = .*/, `operations = [${sql}]`) })
    await expectAPersonIsAsked(() => built(['rerun', 'shop', '0003', '--yes', '--json'], options({ MIGSTATE_FAILPOINT: 'shim-operation' })))
    expect(await products()).toEqual(['half', 'half'])
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

  it.each([
    ['a migration that is not atomic was killed', '    atomic = False\n', [], 'crash'],
    ['a Django that records after the commit was killed', '', ['--django-version', '2.1'], 'crash'],
    ['a migration that is not atomic lost its session', '    atomic = False\n', [], 'lose'],
  ] as const)('%s: its absent row proves nothing', async (_name, more, flags, behaviour) => {
    project.write({ 'shop/migrations/0002_data.py': migration('("shop", "0001_initial")', undefined, more) })
    const before = await fingerprint(database)
    for (const assume of ['not-applied', 'applied'] as const) {
      expectUnknown(await run('rerun', 'shop', '0002', '--yes', '--force', ...project.manage(behaviour), ...flags))
      const lifted = await fingerprint(database)
      expect(lifted.rows).toHaveLength(2)
      expect(expectUnknown(await run('recover')).message.includes('was killed')).toBe(behaviour === 'crash')
      expect(await fingerprint(database)).toEqual(lifted)
      const recovered = await run('recover', '--assume', assume)
      expect(recovered.json.result?.operation, recovered.stdout).toMatchObject({ status: assume === 'applied' ? 'done' : 'failed' })
      const after = await fingerprint(database)
      expect(after.rows.filter((row, index) => row !== before.rows[index])).toHaveLength(assume === 'applied' ? 1 : 0)
      expect(after.counter).toBe(before.counter)
    }
  })

  it('an atomic one that lost its session: where the row commits with the data its absence proves that nothing ran', async () => {
    const before = await fingerprint(database)
    const lost = await run('rerun', 'shop', '0002', '--yes', '--force', ...project.manage('lose'))
    if (engine === 'mysql' || engine === 'mariadb') return void expectUnknown(lost)
    expect([lost.exitCode, lost.json.error?.code], lost.stdout).toEqual([7, 'manage-failed'])
    expect(await fingerprint(database)).toEqual(before)
  })

  /** Starts the real command in a session of its own, as a server does, and is gone at the first SIGINT. */
  const CLIENT = `#!/usr/bin/env node
const { spawn } = require('node:child_process')
const [, , wait, ...words] = process.argv
const child = spawn('/bin/sh', ['-c', 'touch "$0.reached"; while [ ! -e "$0" ]; do sleep 0.05; done; exec "$@"', wait, ...words], { detached: true, stdio: 'ignore' })
child.on('exit', (code) => process.exit(code ?? 1))
process.on('SIGINT', () => process.exit(130))
`
  const client = (wait: string) => {
    project.write({ 'bin/docker': CLIENT })
    chmodSync(join(project.folder, 'bin', 'docker'), 0o755)
    const [mode, name, manage, command] = project.manage('record') as [string, string, string, string]
    return [mode, name, manage, `${join(project.folder, 'bin', 'docker')} ${wait} ${command}`]
  }

  it('the client of a container was stopped: manage.py may go on, and when it has, recover finds that it ran', async () => {
    const before = await fingerprint(database)
    const go = gate()
    const running = start(['rerun', 'shop', '0002', '--yes', '--force', '--json', ...client(go.file)], options())
    await go.reached()
    running.process.kill('SIGINT')
    expectUnknown(await running.done)
    const lifted = await fingerprint(database)
    expect(lifted.rows).toHaveLength(2)
    // The client's exit status says nothing about the one that works.
    expectUnknown(await run('recover'))
    expect(await fingerprint(database)).toEqual(lifted)
    go.open()
    const rows = async () => (await fingerprint(database)).rows.length
    await until('the row is there', async () => (await rows()) !== lifted.rows.length)
    const recovered = await run('recover')
    expect(recovered.json.result?.operation, recovered.stdout).toMatchObject({ status: 'done' })
    const after = await fingerprint(database)
    expect(after.rows.filter((row, index) => row !== before.rows[index])).toHaveLength(1)
    expect(after.counter).toBe(before.counter)
  })

  it('the tool and the client of a container were killed: nobody can know', async () => {
    const before = await fingerprint(database)
    const go = gate()
    const running = start(['rerun', 'shop', '0002', '--yes', '--force', ...client(go.file)], options({ MIGSTATE_FAILPOINT: 'child-exited' }))
    await go.reached()
    const { operations } = (await run('history')).json.result
    const { events } = (await run('history', operations[0].id)).json.result.operation
    process.kill(-events.find((event: { event: string }) => event.event === 'child-started').detail.pid, 'SIGKILL')
    expect((await running.done).exitCode).toBeNull()
    expectUnknown(await run('recover'))
    expect((await fingerprint(database)).rows).toHaveLength(2)
    expect((await run('recover', '--assume', 'not-applied')).json.result.operation).toMatchObject({ status: 'failed' })
    expect(await fingerprint(database)).toEqual(before)
  })
})
