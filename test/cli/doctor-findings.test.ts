import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject, migration } from '../support/fake-project.js'
import { createHistoryTable, record } from '../support/history-table.js'

interface Finding {
  code: string
  app: string | null
  migration: string | null
  severity: string
  message: string
  evidence: string[]
  repairs: { command: string }[]
}

/** Findings of files and rows: each with a state that has it, and states that look like it and have not. */
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

const options = () => ({ cwd: project.folder, env: { MIGSTATE_URL: database.url, MIGSTATE_NO_CACHE: 'true', MIGSTATE_DJANGO_VERSION: '5.2' } })
const run = (...argv: string[]) => migstate([...argv, '--json'], options())
const only = async (code: string): Promise<Finding[]> => (await run('doctor', '--only', code)).json.result.findings

describe('database-ahead', () => {
  it('rows that come after every recorded file', async () => {
    await record(database, [['shop', '0004_newer'], ['blog', '0002_newer']]) // prettier-ignore
    const [found, ...rest] = await only('database-ahead')
    expect(rest).toEqual([])
    expect(found).toMatchObject({ severity: 'info', message: expect.stringContaining('ahead of this code by 2 migrations: shop.0004_newer, blog.0002_newer') })
    expect(await only('ghost')).toHaveLength(2)
  })
  it('not where a file comes after the row, nor where a file of the app is not recorded', async () => {
    await record(database, [['shop', '0002_other_branch']])
    expect(await only('database-ahead')).toEqual([])
    await record(database, [['blog', '0009_newer']])
    await database.query("DELETE FROM django_migrations WHERE app = 'blog' AND name = '0001_initial'")
    expect(await only('database-ahead')).toEqual([])
  })
})

describe('extra-columns', () => {
  it('a column that Django does not know, and whether it may be NULL', async () => {
    await database.query('ALTER TABLE django_migrations ADD COLUMN note text')
    expect((await only('extra-columns'))[0]?.message).toMatch(/does not know: note\. Django leaves them NULL/)
    await database.query("ALTER TABLE django_migrations ADD COLUMN tenant text NOT NULL DEFAULT ''")
    expect((await only('extra-columns'))[0]?.message).toMatch(/note, tenant\. Where tenant has no default, recording a migration fails/)
  })
  it('not with the columns that Django makes, nor for a column of another table', async () => {
    await database.query('CREATE TABLE other (note text)')
    expect(await only('extra-columns')).toEqual([])
  })
})

describe('not-shipped', () => {
  const packages = () => join(project.folder, '.venv/lib/python3.12/site-packages')
  /** An installed package `tokens` with two migrations, of which its RECORD lists these. */
  function install(listed: readonly string[] | null): void {
    const files: Record<string, string> = {
      '../../../pyvenv.cfg': 'home = /usr/bin\nversion = 3.12.1\n',
      'django/__init__.py': 'VERSION = (5, 2, 0, "final", 0)\n',
      'django/db/__init__.py': '',
      'django/db/migrations/__init__.py': '',
      'tokens/__init__.py': '',
      'tokens/migrations/__init__.py': '',
      'tokens/migrations/0001_initial.py': migration(''),
      'tokens/migrations/0002_auto.py': migration('("tokens", "0001_initial")'),
      ...(listed
        ? { 'tokens-1.0.dist-info/RECORD': ['tokens/__init__.py', 'tokens/migrations/__init__.py', ...listed].map((path) => `${path},sha256=x,1`).join('\n') }
        : {}),
    }
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(packages(), path)), { recursive: true })
      writeFileSync(join(packages(), path), text)
    }
    project.write({ 'settings.py': 'INSTALLED_APPS = ["shop", "billing", "reports", "blog", "tokens"]\nUSE_TZ = True\n' })
  }
  const all = ['tokens/migrations/0001_initial.py', '"tokens/migrations/0002_auto.py"']

  it('a file that the RECORD of its package does not list', async () => {
    install(all.slice(0, 1))
    const [found, ...rest] = await only('not-shipped')
    expect(rest).toEqual([])
    expect(found).toMatchObject({
      app: 'tokens',
      migration: '0002_auto',
      severity: 'warning',
      message: expect.stringContaining('installed package tokens-1.0'),
    })
  })
  it('L14: its conflict is not to be merged there', async () => {
    install(all.slice(0, 1))
    writeFileSync(join(packages(), 'tokens/migrations/0002_real.py'), migration('("tokens", "0001_initial")'))
    writeFileSync(join(packages(), 'tokens-1.0.dist-info/RECORD'), `tokens/migrations/__init__.py,,\n${all[0]},,\ntokens/migrations/0002_real.py,,\n`)
    const [conflict] = await only('conflict')
    expect(conflict?.repairs.map(({ command }) => command)).toEqual(['migstate doctor --only not-shipped'])
  })
  it('not where the RECORD lists it, nor where there is no RECORD, nor for files of the project', async () => {
    install(all)
    expect(await only('not-shipped')).toEqual([])
    rmSync(join(packages(), 'tokens-1.0.dist-info'), { recursive: true })
    expect(await only('not-shipped')).toEqual([])
    // An editable install: its RECORD lists no file of it.
    install([])
    writeFileSync(join(packages(), 'tokens-1.0.dist-info/RECORD'), '__editable__.tokens.pth,,\n')
    expect(await only('not-shipped')).toEqual([])
  })
})

describe('state-breaks', () => {
  const pending = (operations: string, more = '') => ({
    'blog/migrations/0002_x.py': migration('("blog", "0001_initial")', operations, more).replace('import migrations', 'import migrations, models'),
  })
  it.each([
    ['a model that nothing makes', 'migrations.AddField("post", "slug", models.TextField())', 'makes the model blog.post'],
    [
      'a field that nothing makes',
      'migrations.CreateModel("Post", [("id", models.AutoField(primary_key=True))]), migrations.RemoveField("post", "slug")',
      'gives blog.post the field slug',
    ],
  ])('%s', async (_name, operations, reason) => {
    project.write(pending(operations))
    const [found, ...rest] = await only('state-breaks')
    expect(rest).toEqual([])
    expect(found).toMatchObject({ app: 'blog', migration: '0002_x', severity: 'error', message: expect.stringContaining(reason) })
    const plan = await run('plan')
    expect(plan.json.warnings).toContainEqual({ code: 'state-breaks', message: expect.stringContaining('blog.0002_x') })
  })
  it.each([
    [
      'what the migration itself makes',
      'migrations.CreateModel("Post", [("id", models.AutoField(primary_key=True))]), migrations.AddField("post", "slug", models.TextField())',
    ],
    ['after an operation that may have made it', 'Own(), migrations.AddField("post", "slug", models.TextField())'],
  ])('not for %s', async (_name, operations) => {
    project.write(pending(operations))
    expect(await only('state-breaks')).toEqual([])
    expect((await run('plan')).json.warnings.map(({ code }: { code: string }) => code)).not.toContain('state-breaks')
  })
  it('not for what is recorded, and will not run', async () => {
    project.write(pending('migrations.AddField("post", "slug", models.TextField())'))
    await record(database, [['blog', '0002_x']])
    expect(await only('state-breaks')).toEqual([])
  })
})

describe.runIf(engines.includes('postgresql'))('read-only', () => {
  it('a server that lets nobody write is said to be so, and a role that may write is no reason to say it', async () => {
    const server = await freshDatabase('postgresql')
    try {
      await createHistoryTable(server)
      const found = async () =>
        (await migstate(['doctor', '--only', 'read-only', '--json', '--no-files'], { env: { MIGSTATE_URL: server.url } })).json.result.findings
      expect(await found()).toEqual([])
      const [{ name } = { name: '' }] = await server.query('SELECT current_database() AS name')
      await server.query(`ALTER DATABASE ${String(name)} SET default_transaction_read_only = on`)
      expect(await found()).toEqual([
        expect.objectContaining({ code: 'read-only', severity: 'info', message: expect.stringContaining('transaction_read_only is on') }),
      ])
    } finally {
      await server.drop()
    }
  })
})
