import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { root, start } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type DjangoProject, djangos, migratedShop, oneDjango } from '../support/django.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { dataMigration } from '../support/shadow-project.js'
import { CTRL_C, Terminal, terminal } from '../support/terminal.js'

/** What a person sees who waits. */
describe('a lock that somebody else holds', () => {
  let database: TestDatabase
  let project: FakeProject
  let gate: string
  beforeEach(async () => {
    database = await freshDatabase('sqlite')
    project = await fakeProject(database)
    gate = join(project.folder, 'gate')
  })
  afterEach(async () => {
    writeFileSync(gate, '')
    project.remove()
    await database.drop()
  })

  async function hold(): Promise<void> {
    const holder = start(['mark', 'unapplied', 'blog.0001', '--yes'], {
      cwd: project.folder,
      env: { MIGSTATE_URL: database.url, MIGSTATE_FAILPOINT: `lock-taken@${gate}` },
    })
    onTestFinished(() => void holder.process.kill('SIGKILL'))
    for (let turn = 0; !existsSync(`${gate}.reached`); turn++) {
      if (turn > 400) throw new Error('the lock was never taken')
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }

  it('is named, with the time that is left, in one line that is gone in the end', async () => {
    await hold()
    const run = terminal(['mark', 'unapplied', 'reports.0001', '--yes', '--lock-timeout', '4'], { cwd: project.folder, env: { MIGSTATE_URL: database.url } })
    const waiting = await run.sees(/Waiting \(\d of 4 s\) for the lock of this history/)
    expect(waiting.text).toMatch(/held by process \d+ /)
    const done = await run.done
    expect(done.exitCode).toBe(5)
    expect(done.text).not.toContain('Waiting (')
    expect(done.text.replaceAll('\n', ' ')).toMatch(/lock of this history is held by process \d+ .*; waited \d\.\d s\. Nothing was changed\./)
  })

  it('a holder for whom the line has no room is said above it, once', async () => {
    await hold()
    const options = { cwd: project.folder, env: { MIGSTATE_URL: database.url }, columns: 60 }
    const run = terminal(['mark', 'unapplied', 'reports.0001', '--yes', '--lock-timeout', '4'], options)
    await run.sees(/Waiting \(2 of 4 s\) for the lock of this history$/m)
    const above = run.now.text.replaceAll('\n', ' ')
    expect(above.match(/The lock of this history is held by process \d+ /g)).toHaveLength(1)
    await run.done
  })

  it('Ctrl-C ends the waiting at once: exit 130, said once', async () => {
    await hold()
    const run = terminal(['mark', 'unapplied', 'reports.0001', '--yes', '--lock-timeout', '30'], { cwd: project.folder, env: { MIGSTATE_URL: database.url } })
    await run.sees(/Waiting \(/)
    run.type(CTRL_C)
    const done = await run.done
    expect(done.exitCode).toBe(130)
    expect(done.text.match(/nterrupted/g)).toHaveLength(1)
  })
})

describe.runIf(oneDjango)('a migration that runs', () => {
  let database: TestDatabase
  let shop: DjangoProject
  beforeEach(async () => {
    ;({ database, shop } = await migratedShop(oneDjango as string, 'sqlite'))
  })
  afterEach(async () => {
    shop.remove()
    await database.drop()
  })

  it('shows how long and which operation; its own output stays readable', async () => {
    const gate = join(shop.folder, 'gate')
    shop.write({ 'shop/migrations/0003_fill_slugs.py': dataMigration('print("half way")\n    wait()') })
    const run = terminal(['rerun', 'shop.0003'], { cwd: shop.folder, env: { ...shop.env, WAIT_FOR: gate } })
    const asked = await run.sees(/\[y\/N\]/)
    expect(asked.text.replaceAll(/\s+/g, ' ')).toContain(`manage.py is started with ${shop.env.VIRTUAL_ENV}`)
    run.type('y\r')
    const running = await run.sees(/shop\.0003_fill_slugs is running \(\d+ s\), operation 1 of 1: RunPython forward/)
    expect(running.text).toContain('half way')
    writeFileSync(gate, '')
    const done = await run.done
    expect(done.exitCode, done.text).toBe(0)
    expect(done.text).not.toContain('is running')
    expect(done.text).toMatch(/shop\.0003_fill_slugs ran again in \d/)
  })
})

it.runIf(oneDjango)('npm run demo, in a terminal', { timeout: 180_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'migstate-demo-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const npm = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim()
  const run = new Terminal([npm, 'run', 'demo'], { cwd: root, env: { TMPDIR: folder, VIRTUAL_ENV: djangos[oneDjango as string] } })
  const done = await run.done
  expect(done.exitCode, done.text).toBe(0)
  expect(done.text).toContain('That was the demo')
  expect(done.text).toContain('shop.0003_fill_slugs ran again')
  expect(done.text).not.toMatch(/unexpectedly|internal-error/)
})
