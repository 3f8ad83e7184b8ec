import { beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject, migration } from '../support/fake-project.js'
import { record } from '../support/history-table.js'

/** Exit 3: what scripts ask for, and what they must not get where all is well. */
let database: TestDatabase
let project: FakeProject
beforeEach(async () => {
  database = await freshDatabase('sqlite')
  project = await fakeProject(database)
})

const options = () => ({ cwd: project.folder, env: { MIGSTATE_URL: database.url } })
const run = (...argv: string[]) => migstate([...argv, '--json'], options())
const forget = (...names: string[]) =>
  database.query(`DELETE FROM django_migrations WHERE app || '.' || name IN (${names.map((name) => `'${name}'`).join(', ')})`)
const squash = () =>
  project.write({
    'shop/migrations/0002_squashed_0003.py': migration('("shop", "0001_initial")', '', '    replaces = [("shop", "0002_data"), ("shop", "0003_more")]\n'),
  })

describe('status --check', () => {
  it.each<[string, () => unknown]>([
    ['something unapplied', () => forget('blog.0001_initial')],
    ['a hole', () => forget('shop.0001_initial')],
    ['a ghost', () => record(database, [['blog', '0009_gone']])],
    ['a duplicate', () => record(database, [['blog', '0001_initial']])],
    [
      'a conflict',
      () => {
        project.write({ 'shop/migrations/0003_other.py': migration('("shop", "0002_data")') })
        return record(database, [['shop', '0003_other']])
      },
    ],
    ['a file that cannot be read', () => project.write({ 'blog/migrations/0001_initial.py': migration('whatever()') })],
    ['an app that cannot be found', () => project.write({ 'settings.py': 'INSTALLED_APPS = ["shop", "billing", "reports", "blog", "nowhere"]\n' })],
  ])('%s: exit 3, and the answer is there all the same', async (_name, make) => {
    await make()
    const checked = await run('status', '--check')
    expect([checked.exitCode, checked.json.ok], checked.stdout).toEqual([3, true])
    expect(checked.json.result.apps.length).toBeGreaterThan(3)
    expect((await run('status')).exitCode).toBe(0)
  })

  it.each<[string, () => unknown]>([
    ['all is well', () => {}],
    ['rows of an app that is not installed', () => record(database, [['elsewhere', '0001_initial']])],
    ['twice the same row there', () => record(database, [['elsewhere', '0001_initial'], ['elsewhere', '0001_initial']])], // prettier-ignore
    ['a squash without a row of its own', squash],
  ])('%s: exit 0', async (_name, make) => {
    await make()
    const checked = await run('status', '--check')
    expect(checked.exitCode, checked.stdout).toBe(0)
  })
})

describe('plan', () => {
  it('stopped by a gate: exit 3, in text too', async () => {
    await forget('shop.0001_initial')
    const stopped = await run('plan')
    expect([stopped.exitCode, stopped.json.ok, stopped.json.result.steps], stopped.stdout).toEqual([3, true, []])
    expect(stopped.json.result.blockedBy[0].gate).toBe('inconsistent-history')
    expect((await migstate(['plan'], options())).exitCode).toBe(3)
  })

  it('with something to do, or nothing: exit 0', async () => {
    expect(await run('plan')).toMatchObject({ exitCode: 0 })
    await forget('blog.0001_initial')
    const planned = await run('plan')
    expect([planned.exitCode, planned.json.result.steps]).toEqual([0, [{ app: 'blog', name: '0001_initial', direction: 'forward' }]])
  })

  it('says that the later gates cannot be known without a graph', async () => {
    project.write({ 'blog/migrations/0001_initial.py': migration('("shop", "0009_gone")') })
    const stopped = await run('plan')
    expect(stopped.json.result.blockedBy).toMatchObject([{ gate: 'missing-parent' }])
    expect(stopped.json.warnings.map((one: { code: string }) => one.code)).toContain('later-gates-unknown')
  })
})

describe('what status says of rows and files', () => {
  it('a hole is one at any depth below', async () => {
    await forget('shop.0001_initial', 'shop.0002_data', 'billing.0001_initial')
    const { result, warnings } = (await run('status', 'shop', 'billing')).json
    const holes = result.apps.flatMap((app: { label: string; migrations: { name: string; hole: boolean }[] }) =>
      app.migrations.filter((one) => one.hole).map((one) => `${app.label}.${one.name}`),
    )
    expect(holes).toEqual(['billing.0001_initial', 'shop.0001_initial', 'shop.0002_data'])
    expect(result.summary.holes).toBe(3)
    expect(warnings.find((one: { code: string }) => one.code === 'hole').message).toContain('shop.0001_initial')
  })

  it('a row that `replaces` still names is no ghost', async () => {
    squash()
    project.write({
      'billing/migrations/0001_initial.py': migration('("shop", "0002_squashed_0003")'),
    })
    const { rmSync } = await import('node:fs')
    for (const name of ['0002_data', '0003_more']) rmSync(`${project.folder}/shop/migrations/${name}.py`)
    await record(database, [['shop', '0009_gone']])
    const { result } = (await run('status', 'shop')).json
    expect(result.apps[0].ghosts.map((row: { name: string }) => row.name)).toEqual(['0009_gone'])
    expect(result.summary.ghosts).toBe(1)
  })
})
