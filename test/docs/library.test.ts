import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { StartedMariaDbContainer } from '@testcontainers/mariadb'
import type { StartedMySqlContainer } from '@testcontainers/mysql'
import type { StartedPostgreSqlContainer } from '@testcontainers/postgresql'
import { type Migstate, MigstateError, open } from '../../src/index.js'
import { migrated } from '../../src/testing.js'
import { root } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { oneDjango, shopProject } from '../support/django.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'

/** The library as docs/library.md promises it. */
describe.each(engines)('%s', (engine) => {
  let database: TestDatabase
  let project: FakeProject
  let m: Migstate
  beforeEach(async () => {
    database = await freshDatabase(engine)
    project = await fakeProject(database)
    m = await open({ project: project.folder, url: database.url, actor: 'test suite' })
  })
  afterEach(async () => {
    await m.close()
    project.remove()
    await database.drop()
  })

  it("a result is the caller's own: what is changed in it changes no later answer", async () => {
    const first = await m.status()
    const before = structuredClone(first)
    for (const app of first.apps) for (const one of app.migrations) one.replaces.push(['x', 'y'])
    first.notFound.push('x')
    expect(await m.status()).toEqual(before)
  })

  it('verbs take the arguments and long flags of the commands; results have warnings of their own', async () => {
    const marked = await m.mark({ applied: false, migrations: ['blog.0001', 'reports.0001'], reason: 'a test', lockTimeout: 3 })
    expect(marked.changes.removed.map((row) => row.app).sort()).toEqual(['blog', 'reports'])
    const { operations } = await m.history()
    expect(operations[0]).toMatchObject({ actor: 'test suite', reason: 'a test', target: expect.stringMatching(/, 1 more$/) })
    const { operation } = await m.history({ operation: operations[0]?.id as string })
    expect(operation.events.map(({ event }) => event)).toEqual(['snapshot', 'done'])
    await m.rollback({ to: operations[0]?.id })
    const bare = await m.mark({ applied: true, app: 'stranger', migrations: ['0001_x'], force: true }).catch((error: MigstateError) => error)
    expect(bare).toBeInstanceOf(MigstateError)
    expect(bare).toMatchObject({ code: 'unknown-app', exitCode: 2 })
    const { warnings } = await m.show({ migration: 'shop.0002' })
    expect(warnings.map(({ code }) => code)).toEqual(['django-version-unknown'])
    await database.query("DELETE FROM django_migrations WHERE name = '0002_data'")
    expect((await m.status()).warnings.map(({ code }) => code)).toContain('hole')
    // The next answer has no warning of the last one.
    expect((await m.plan({ app: 'blog' })).warnings.map(({ code }) => code)).not.toContain('hole')
  })

  it('flags of one call hold for this call alone', async () => {
    await expect(m.mark({ applied: false, migrations: ['blog.0001'], lockTimeout: -1 })).rejects.toMatchObject({ code: 'usage' })
    await expect(m.rerun({ migrations: ['shop.0002'], manage: 'make APP NAME' })).rejects.toMatchObject({ code: 'usage' })
    expect((await m.rerun({ migrations: ['shop.0002'], dryRun: true })).rerun.mode).toBe('shadow')
    expect((await m.rerun({ migrations: ['shop.0002'], dryRun: true, mode: 'table' })).rerun.mode).toBe('table')
  })

  it('calls that are not awaited run one after the other', async () => {
    const before = await fingerprint(database)
    const [, , after] = await Promise.all([
      m.mark({ applied: false, migrations: ['blog.0001'] }),
      m.mark({ applied: false, migrations: ['reports.0001'] }),
      m.status(),
    ])
    expect(after.summary.unapplied).toBe(2)
    await Promise.all([m.rollback(), m.rollback({ operation: (await m.history()).operations.at(-1)?.id })]).catch(() => undefined)
    await m.restore({ id: (await m.snapshots()).snapshots.at(-1)?.id as string })
    expect((await fingerprint(database)).rows).toEqual(before.rows)
  })

  it('withRestore puts back rows, ids, times and counter, and hands on what the work gives or throws', async () => {
    const before = await fingerprint(database)
    const result = await m.withRestore(async (inner) => {
      await inner.mark({ applied: false, migrations: ['shop.0002'], withDependants: true })
      await inner.mark({ applied: true, migrations: ['shop.0002'] })
      await database.query("DELETE FROM django_migrations WHERE app = 'blog'")
      expect(await fingerprint(database)).not.toEqual(before)
      return 42
    })
    expect(result).toBe(42)
    expect(await fingerprint(database)).toEqual(before)
    await expect(
      m.withRestore(async () => {
        await m.mark({ applied: false, migrations: ['blog.0001'] })
        throw new Error('the test failed')
      }),
    ).rejects.toThrow('the test failed')
    expect(await fingerprint(database)).toEqual(before)
  })

  it('signal ends waiting; onOutput gets what manage.py prints', async () => {
    const controller = new AbortController()
    const chunks: string[] = []
    const other = await open({ project: project.folder, url: database.url, signal: controller.signal, onOutput: (chunk) => chunks.push(chunk) })
    const [, , manage] = project.manage('fail')
    await expect(other.rerun({ migrations: ['shop.0002'], mode: 'table', manage: project.manage('fail').at(-1), force: true })).rejects.toMatchObject({
      code: 'manage-failed',
    })
    expect(manage).toBe('--manage')
    expect(chunks.join('')).toContain('IntegrityError')
    controller.abort()
    await other.close()
  })
})

it('env and cwd take the place of the process', async () => {
  const database = await freshDatabase('sqlite')
  const project = await fakeProject(database)
  project.write({ 'settings.py': 'import os\nINSTALLED_APPS = os.environ["APPS"].split()\n' })
  try {
    await using m = await open({ cwd: join(project.folder, 'shop'), env: { APPS: 'shop blog', MIGSTATE_URL: database.url, MIGSTATE_ACTOR: 'env' } })
    expect((await m.status()).apps.map(({ label }) => label)).toEqual(['blog', 'shop'])
    await m.mark({ applied: false, migrations: ['../blog/migrations/0001_initial.py'] })
    await expect(open({ cwd: project.folder, python: './nowhere/python' })).rejects.toMatchObject({ code: 'usage' })
    mkdirSync(join(project.folder, 'elsewhere', 'more', 'migrations'), { recursive: true })
    for (const file of ['__init__.py', 'migrations/__init__.py', 'migrations/0001_more.py']) writeFileSync(join(project.folder, 'elsewhere', 'more', file), '')
    const env = { APPS: 'shop blog more', MIGSTATE_URL: database.url }
    await using wide = await open({ cwd: project.folder, path: ['elsewhere'], env })
    expect((await wide.status()).apps.find(({ label }) => label === 'more')).toMatchObject({ migrations: [{ name: '0001_more' }] })
    expect((await m.history()).operations[0]?.actor).toBe('env')
  } finally {
    project.remove()
    await database.drop()
  }
})

/** A new database for each engine, empty as a container's is. */
it.runIf(oneDjango).each(engines.filter((engine) => engine !== 'mysql'))(
  '%s: the project of docs/testing.md runs as it stands there',
  { timeout: 180_000 },
  async (engine) => {
    const database = await freshDatabase(engine)
    const shop = shopProject(oneDjango as string, database)
    const folder = mkdtempSync(join(tmpdir(), 'migstate-fixture-'))
    try {
      const [, block] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs', 'testing.md'), 'utf8')) as RegExpExecArray
      const here = (block as string).replace("'migstate/testing'", `'${join(root, 'src', 'testing.ts')}'`)
      writeFileSync(join(folder, 'fixture.test.ts'), here)
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
      const vitest = spawn(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--root', folder], {
        cwd: folder,
        env: { ...process.env, ...shop.env, PROJECT: shop.folder, NEW_DATABASE_URL: database.url },
      })
      let output = ''
      for (const stream of [vitest.stdout, vitest.stderr]) stream.on('data', (chunk) => (output += chunk))
      expect(await new Promise((resolve) => vitest.on('close', resolve)), output).toBe(0)
      expect(output.replaceAll(/\u001b\[[0-9;]*m/g, '')).toMatch(/Tests\s+2 passed/)
      expect((await fingerprint(database)).rows).toHaveLength(21)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)

describe.runIf(oneDjango)('migrated', () => {
  it('starts nothing where the settings name another database than the container', async () => {
    const [database, other] = [await freshDatabase('sqlite'), await freshDatabase('sqlite')]
    const shop = shopProject(oneDjango as string, other)
    const options = { project: shop.folder, env: () => shop.env }
    await expect(migrated(database.url, options)).rejects.toMatchObject({ code: 'other-database', consequence: 'nothing' })
    for (const one of [database, other]) expect(await one.query("SELECT name FROM sqlite_master WHERE name = 'django_migrations'")).toEqual([])
  })

  it('says what manage.py died of, and that it is not known what it did', async () => {
    const database = await freshDatabase('sqlite')
    const shop = shopProject(oneDjango as string, database)
    shop.write({ 'reports/migrations/0002_fails.py': FAILS })
    const failure = await migrated(database.url, { project: shop.folder, env: () => shop.env }).catch((error: MigstateError) => error)
    expect(failure).toBeInstanceOf(MigstateError)
    expect(failure).toMatchObject({ code: 'manage-failed', consequence: 'unknown', details: { exitCode: 1 } })
    expect((failure as MigstateError).message).toContain('on purpose')
  })

  it('takes what testcontainers gives', () => {
    // Compiled only: there is no container here.
    const types = (one: StartedPostgreSqlContainer | StartedMySqlContainer | StartedMariaDbContainer) => migrated(one)
    expect(types).toBeInstanceOf(Function)
  })
})

const FAILS = `
from django.db import migrations
def fail(apps, schema_editor):
    raise ValueError("on purpose")
class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial")]
    operations = [migrations.RunPython(fail)]
`
