import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject, migration, ROWS } from '../support/fake-project.js'
import { fingerprint, record } from '../support/history-table.js'

/** What the reading commands and `fake` answer, as JSON of docs/json.md and as text. */
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

const options = () => ({ cwd: project.folder, env: { MIGSTATE_URL: database.url } })
const text = (...argv: string[]) => migstate(argv, options())
const json = async (...argv: string[]) => (await migstate([...argv, '--json'], options())).json

describe('fake', () => {
  it('writes what migrate --fake writes, other apps included, says so first, and rolls back exactly', async () => {
    const before = await fingerprint(database)
    const dry = await text('fake', 'shop', '0001', '--dry-run')
    expect(dry.stdout).toContain('shop.0002_data')
    expect(await fingerprint(database)).toEqual(before)
    const done = await json('fake', 'shop', '0001', '--yes')
    expect(done.result.changes.removed.map((row: { app: string; name: string }) => `${row.app}.${row.name}`).sort()).toEqual([
      'billing.0001_initial',
      'reports.0001_initial',
      'shop.0002_data',
      'shop.0003_more',
    ])
    expect(done.result.operation).toMatchObject({ kind: 'fake', status: 'done' })
    expect((await text('rollback', '--yes')).exitCode).toBe(0)
    expect(await fingerprint(database)).toEqual(before)
  })

  it('names rows of other apps first', async () => {
    const dry = await text('fake', 'shop', 'zero', '--dry-run')
    expect(dry.stdout).toMatch(/^Rows of other apps among them: [^\n]*billing\.0001_initial/)
    expect((await json('fake', 'shop', 'zero', '--dry-run')).result.otherApps).toContainEqual(['reports', '0001_initial'])
  })

  it('goes on where a gate stops Django, and says which', async () => {
    await database.query("DELETE FROM django_migrations WHERE name = '0002_data'")
    const plan = await json('plan')
    expect(plan.result.blockedBy[0].gate).toBe('inconsistent-history')
    const faked = await json('fake', 'shop', '0002_data', '--yes')
    expect(faked).toMatchObject({ ok: true, warnings: expect.arrayContaining([expect.objectContaining({ code: 'hole' })]) })
    expect(faked.result.changes.added).toMatchObject([{ app: 'shop', name: '0002_data' }])
    expect(faked.result.next).toMatchObject({ steps: [], blockedBy: [] })
  })

  it.each([
    [['fake', 'nope', '--yes'], 2, 'unknown-app'],
    [['fake', 'shop', '0009', '--yes'], 2, 'unknown-migration'],
    [['fake', 'shop', '000', '--yes'], 2, 'ambiguous-migration'],
  ])('%j is exit %i', async (argv, exit, code) => {
    const result = await migstate([...argv, '--json'], options())
    expect([result.exitCode, result.json.error.code]).toEqual([exit, code])
  })

  it('says the name of the exception by which Django would die', async () => {
    project.write({
      'shop/migrations/0004_squash.py': migration('("shop", "0001_initial")', '', '    replaces = [("shop", "0002_data"), ("shop", "0003_more")]\n'),
    })
    const result = await migstate(['fake', 'shop', '0002_data', '--yes', '--json', '--django-version', '3.2'], options())
    expect([result.exitCode, result.json.error]).toMatchObject([1, { code: 'django-error', details: { exception: 'KeyError' } }])
  })
})

describe('show', () => {
  it('tells all about one migration', async () => {
    const { result } = await json('show', 'shop', '0002')
    expect(result.migration).toMatchObject({
      app: 'shop',
      name: '0002_data',
      file: join(project.folder, 'shop', 'migrations', '0002_data.py'),
      state: 'applied',
      row: { id: '2', name: '0002_data' },
      dependencies: [['shop', '0001_initial']],
      replaces: [],
      atomic: true,
      reversible: true,
      operations: [{ type: 'RunPython', data: true, reversible: true, code: 'forward', summary: 'RunPython forward' }],
      hazards: [],
      journal: [],
    })
    expect(result.migration.dependants.map((pair: string[]) => pair.join('.')).sort()).toEqual([
      'billing.0001_initial',
      'reports.0001_initial',
      'shop.0003_more',
    ])
    expect((await text('show', 'shop', '0002')).stdout).toMatch(/\[X\] shop\.0002_data[\s\S]*depends on +shop\.0001_initial/)
  })

  it('knows ghosts, and the operations that changed a row', async () => {
    await record(database, [['shop', '0009_gone']])
    expect((await json('show', 'shop', '0009')).result.migration).toMatchObject({ file: null, row: { name: '0009_gone' }, operations: null, state: 'applied' })
    const { result } = await json('mark', 'unapplied', 'shop', '0009_gone', '--yes')
    await json('rollback', '--yes')
    expect((await json('show', 'shop', '0009_gone')).result.migration.journal).toContain(result.operation.id)
  })
})

describe('graph', () => {
  it('lists nodes in order with their state, and edges, the child first', async () => {
    const { result } = await json('graph', 'shop')
    expect(result).toEqual({
      nodes: ['0001_initial', '0002_data', '0003_more'].map((name) => ({ app: 'shop', name, state: 'applied' })),
      edges: [
        [
          ['shop', '0002_data'],
          ['shop', '0001_initial'],
        ],
        [
          ['shop', '0003_more'],
          ['shop', '0002_data'],
        ],
      ],
    })
    expect((await json('graph')).result.nodes).toHaveLength(ROWS.length)
  })

  it('draws itself', async () => {
    expect((await text('graph', 'shop')).stdout).toBe('[X] shop.0001_initial\n[X] shop.0002_data  after 0001_initial\n[X] shop.0003_more  after 0002_data\n')
    expect((await text('graph', '--format', 'mermaid')).stdout).toMatch(/^flowchart LR\n {2}subgraph app0\["/)
    expect((await text('graph', '--format', 'dot')).stdout).toMatch(/^digraph migrations \{[\s\S]*"shop\.0001_initial" -> "shop\.0002_data";[\s\S]*\}\n$/)
    expect((await text('graph', '--format', 'svg')).exitCode).toBe(2)
  })
})

describe('status --data', () => {
  it('lists what has data operations', async () => {
    project.write({ 'blog/migrations/0001_initial.py': migration('', 'migrations.CreateModel("Post", [])') })
    const { result } = await json('status', '--data')
    expect(result.apps.map((app: { label: string }) => app.label)).not.toContain('blog')
    expect(result.apps.find((app: { label: string }) => app.label === 'shop').migrations[1]).toMatchObject({
      name: '0002_data',
      operations: ['RunPython forward'],
    })
    expect((await text('status', '--data')).stdout).toContain('RunPython forward')
  })
})

describe('flags about the project', () => {
  it('--migrations takes the place of what the settings say', async () => {
    project.write({ 'elsewhere/0001_other.py': migration('') })
    const { result } = await json('status', 'blog', '--migrations', `blog=${join(project.folder, 'elsewhere')}`)
    expect(result.apps[0]).toMatchObject({ label: 'blog', migrations: [{ name: '0001_other', state: 'unapplied' }], ghosts: [{ name: '0001_initial' }] })
    expect((await text('status', '--migrations', 'blog')).exitCode).toBe(2)
  })

  it('--django-version takes the rules of another Django', async () => {
    project.write({
      'shop/migrations/0004_squash.py': migration('("shop", "0001_initial")', '', '    replaces = [("shop", "0002_data"), ("shop", "0003_more")]\n'),
    })
    const state = async (version: string) => (await json('status', 'shop', '--django-version', version)).result.apps[0].migrations.at(-1).state
    expect([await state('3.2'), await state('5.2')]).toEqual(['applied', 'unrecorded-squash'])
    expect((await text('status', '--django-version', 'five')).exitCode).toBe(2)
    expect((await json('status', '--django-version', '7.0')).warnings).toMatchObject([{ code: 'django-version-untested' }])
  })

  it('a settings module that only another tool names never chooses the database of a write', async () => {
    project.write({
      'manage.py': '',
      'pytest.ini': '[pytest]\nDJANGO_SETTINGS_MODULE = own.settings\n',
      'own/__init__.py': '',
      'own/settings.py': `${readFileSync(join(project.folder, 'settings.py'), 'utf8')}DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "${new URL(database.url).pathname}"}}\n`,
    })
    const run = (...argv: string[]) => migstate([...argv, '--json'], { cwd: project.folder, env: { MIGSTATE_URL: undefined } })
    expect((await run('status')).json.ok).toBe(true)
    expect((await run('mark', 'unapplied', 'blog', '0001', '--yes')).json.error.code).toBe('database-unknown')
  })
})

it('bad times in the table stop Django since 3.0, and are said', async () => {
  await database.query("UPDATE django_migrations SET applied = '2024-13-45 00:00:00' WHERE name = '0002_data'")
  expect((await json('plan', '--django-version', '5.2')).result.blockedBy).toMatchObject([
    { gate: 'bad-row', exception: 'ValueError', migrations: [['shop', '0002_data']] },
  ])
  expect((await json('plan', '--django-version', '2.2')).result.blockedBy).toEqual([])
})
