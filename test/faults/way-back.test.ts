import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { built, type CliResult, migstate, start } from '../support/cli.js'
import { engines, freshDatabase } from '../support/databases.js'
import { migratedShop, oneDjango } from '../support/django.js'
import { fakeProject } from '../support/fake-project.js'
import { gate } from '../support/gate.js'
import { fingerprint } from '../support/history-table.js'
import { dataMigration } from '../support/shadow-project.js'
import { until } from '../support/until.js'

const halfDone = (result: CliResult) => result.json.warnings.filter(({ code }: { code: string }) => code === 'half-done').map(({ message }: any) => message)

/** Table mode with --reverse-first: what is said of the reverse code, of which Django takes the row out after its transaction. */
describe.each(engines)('the way back, %s', (engine) => {
  /** Killed after the reverse code is committed, and before its row is out. */
  async function killedBehindItsCommit() {
    const { database, shop } = await migratedShop(oneDjango as string, engine)
    const dies = 'create("reversed")\n    from django.db import transaction\n    transaction.on_commit(lambda: os.kill(os.getpid(), 9))'
    shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('create("forward")', '', dies) })
    const options = (env: Record<string, string> = {}) => ({ cwd: shop.folder, env: { ...shop.env, ...env } })
    const rerun = (env: Record<string, string> = {}) => built(['rerun', 'shop', '0003', '--mode', 'table', '--reverse-first', '--yes', '--json'], options(env))
    const products = async () => (await database.query('SELECT name FROM shop_product')).map((row) => row.name)
    return { database, rerun, products, before: await fingerprint(database), run: (...argv: string[]) => migstate([...argv, '--json'], options()) }
  }

  it('manage.py is killed right after the commit: nobody says that the reverse code did not run', async () => {
    const { database, rerun, products, before, run } = await killedBehindItsCommit()
    const failed = await rerun()
    expect([failed.exitCode, failed.json.error?.code], failed.stdout + failed.stderr).toEqual([7, 'manage-failed'])
    expect(await products()).toEqual(['reversed'])
    expect(failed.json.error.message).toContain('Whether its reverse code has run nobody can know')
    expect(failed.json.error.message).not.toContain('did not take')
    expect(await fingerprint(database)).toEqual(before)
    expect((await run('recover')).json.result.operation).toBeNull()
  })

  it('the tool is killed too, when the end is written down already: recover says the same', async () => {
    const { database, rerun, products, before, run } = await killedBehindItsCommit()
    expect((await rerun({ MIGSTATE_FAILPOINT: 'backward-ran' })).exitCode).toBeNull()
    const recovered = await run('recover')
    expect(recovered.json.result?.operation, recovered.stdout).toMatchObject({ status: 'failed' })
    expect(halfDone(recovered)).toEqual([expect.stringContaining('nobody can know')])
    expect(await products()).toEqual(['reversed'])
    expect(await fingerprint(database)).toEqual(before)
  })

  it('the tool is killed when the way back is done: recover says which half', async () => {
    const database = await freshDatabase(engine)
    const project = await fakeProject(database)
    const options = (env: Record<string, string> = {}) => ({ cwd: project.folder, env: { MIGSTATE_URL: database.url, ...env } })
    const before = await fingerprint(database)
    const words = ['rerun', 'shop', '0002', '--reverse-first', '--yes', '--force', '--json', ...project.manage('both')]
    expect((await built(words, options({ MIGSTATE_FAILPOINT: 'backward-ran' }))).exitCode).toBeNull()
    const recovered = await migstate(['recover', '--json'], options())
    expect(recovered.json.result?.operation, recovered.stdout).toMatchObject({ status: 'failed' })
    expect(halfDone(recovered)).toEqual([expect.stringContaining('Its reverse code has run and its forward code has not')])
    expect(await fingerprint(database)).toEqual(before)
    const again = await built(words, options())
    expect([again.exitCode, again.json.result?.operation?.status], again.stdout).toEqual([0, 'done'])
  })

  it('the client of a container is stopped: manage.py may go on with the way back, and nothing is put in order before it has ended', async () => {
    const database = await freshDatabase(engine)
    const project = await fakeProject(database)
    const go = gate()
    project.write({ 'bin/docker': CLIENT })
    chmodSync(join(project.folder, 'bin', 'docker'), 0o755)
    const [mode, name, manage, command] = project.manage('both') as [string, string, string, string]
    const options = { cwd: project.folder, env: { MIGSTATE_URL: database.url } }
    const run = (...argv: string[]) => migstate([...argv, '--json'], options)
    const before = await fingerprint(database)
    const client = [mode, name, manage, `${join(project.folder, 'bin', 'docker')} ${go.file} ${command}`]
    const running = start(['rerun', 'shop', '0002', '--reverse-first', '--yes', '--force', '--json', ...client], options)
    await go.reached()
    running.process.kill('SIGINT')
    const stopped = await running.done
    expect([stopped.exitCode, stopped.json.error?.code], stopped.stdout).toEqual([8, 'outcome-unknown'])
    const lifted = await fingerprint(database)
    const asked = await run('recover')
    expect([asked.exitCode, asked.json.error?.code], asked.stdout).toEqual([8, 'outcome-unknown'])
    expect(asked.json.error.message).toContain('reverse code')
    expect(await fingerprint(database)).toEqual(lifted)
    go.open()
    await until('the row is out', async () => (await fingerprint(database)).rows.length < lifted.rows.length)
    const recovered = await run('recover', '--assume', 'not-applied')
    expect(recovered.json.result?.operation, recovered.stdout).toMatchObject({ status: 'failed' })
    expect(halfDone(recovered)).toEqual([expect.stringContaining('Its reverse code has run')])
    expect(await fingerprint(database)).toEqual(before)
  })
})

/** Starts the real command in a session of its own, as a server does, and is gone at the first SIGINT. */
const CLIENT = `#!/usr/bin/env node
const { spawn } = require('node:child_process')
const [, , wait, ...words] = process.argv
const child = spawn('/bin/sh', ['-c', 'touch "$0.reached"; while [ ! -e "$0" ]; do sleep 0.05; done; exec "$@"', wait, ...words], { detached: true, stdio: 'ignore' })
child.on('exit', (code) => process.exit(code ?? 1))
process.on('SIGINT', () => process.exit(130))
`
