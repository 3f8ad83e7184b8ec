import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject, migration } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'

/** What is printed can be typed, and what is mistyped is answered with what was probably meant. */
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
const json = async (...argv: string[]) => (await migstate([...argv, '--json'], options())).json
const done = async (...argv: string[]) => {
  const document = await json(...argv)
  expect(document, JSON.stringify(document.error)).toMatchObject({ ok: true })
  return document
}
const removed = (document: { result: { changes: { removed: { app: string; name: string }[] } } }) =>
  document.result.changes.removed.map((row) => `${row.app}.${row.name}`).sort()

describe('a migration', () => {
  it.each([[['blog', '0001']], [['blog.0001_initial']], [['blog.0001']], [['blog/migrations/0001_initial.py']], [['./blog/migrations/0001_initial.py']]])(
    '%j',
    async (words) => {
      expect(removed(await json('mark', 'unapplied', ...words, '--dry-run'))).toEqual(['blog.0001_initial'])
      expect((await json('show', ...words)).result.migration).toMatchObject({ app: 'blog', name: '0001_initial' })
      expect((await json('plan', ...words)).ok).toBe(true)
      expect((await json('fake', ...words, '--dry-run')).ok).toBe(true)
      expect((await json('rerun', ...words, '--dry-run')).result.rerun.target).toEqual(['blog', '0001_initial'])
    },
  )

  it('by its absolute path, from any folder', async () => {
    const path = join(project.folder, 'blog', 'migrations', '0001_initial.py')
    const result = await migstate(['show', path, '--project', project.folder, '--json'], { cwd: '/', env: { MIGSTATE_URL: database.url } })
    expect(result.json.result.migration).toMatchObject({ app: 'blog', name: '0001_initial' })
  })

  it('several of different apps stand side by side, in any of these forms', async () => {
    const wanted = ['blog.0001_initial', 'reports.0001_initial', 'shop.0003_more']
    for (const words of [
      ['blog.0001', 'reports.0001', 'shop.0003'],
      ['blog', '0001', 'reports', '0001', 'shop.0003'],
      ['shop/migrations/0003_more.py', 'blog', '0001', 'reports.0001'],
    ])
      expect(removed(await done('mark', 'unapplied', ...words, '--dry-run'))).toEqual(wanted)
  })

  it('rerun takes several of different apps, in the order of the graph', async () => {
    const { result } = await json('rerun', 'reports.0001', 'blog.0001', 'shop.0002', '--dry-run')
    const order = result.reruns.map((run: { target: string[] }) => run.target.join('.'))
    expect(order.indexOf('shop.0002_data')).toBeLessThan(order.indexOf('reports.0001_initial'))
    expect(order).toHaveLength(3)
  })

  it('an app without a name, and a file that is no migration', async () => {
    expect((await json('mark', 'unapplied', 'blog', '--yes')).error).toMatchObject({ code: 'usage', hint: 'See "migstate status blog" for the names.' })
    expect((await json('show', 'settings.py')).error).toMatchObject({ code: 'unknown-migration' })
  })

  it('what follows -- is never a flag', async () => {
    expect((await migstate(['mark', 'applied', '--json', '--dry-run', '--', 'blog', '-rf'], options())).json.error).toMatchObject({ code: 'unknown-migration' })
    expect((await json('mark', 'applied', 'blog', '-rf')).error).toMatchObject({ code: 'usage' })
  })
})

describe('did you mean', () => {
  it.each([
    [['statsu'], '"migstate status"'],
    [['roll'], '"migstate rollback"'],
    [['applied'], '"migstate mark applied"'],
    [['mark', 'aplied'], '"migstate mark applied"'],
    [['snapshot', 'lst'], '"migstate snapshot list"'],
    [['mark', 'everything'], '"migstate mark applied"'],
  ])('the command %j', async (argv, wanted) => {
    const { error } = await json(...argv)
    expect(error.code).toBe('unknown-command')
    expect(error.hint).toContain(wanted)
  })

  it.each([
    [['mark', 'applied', 'blog.0001', '--dryrun'], '--dry-run'],
    [['status', '--chek'], '--check'],
    [['rerun', 'shop.0002', '--reverse'], '--reverse-first'],
    [['status', '--ulr=postgresql://u:s3cr3t@h/x'], '--url'],
  ])('the flag in %j', async (argv, wanted) => {
    const { error } = await json(...argv)
    expect(error).toMatchObject({ code: 'usage', exitCode: 2 })
    expect(error.hint).toContain(wanted)
    expect(error.hint).toContain(`migstate ${argv[0] === 'mark' ? 'mark applied' : argv[0]} --help`)
    expect(JSON.stringify(error)).not.toContain('s3cr3t')
  })

  it('an app, and a migration, also by a part of its name', async () => {
    expect((await json('status', 'shpo')).error.hint).toContain('Did you mean shop?')
    expect((await json('show', 'shop', 'data')).error.hint).toContain('Did you mean 0002_data?')
    expect((await json('show', 'shop', '0002_dta')).error.hint).toContain('Did you mean 0002_data?')
  })

  it('long lists end in "and N more"', async () => {
    for (let number = 10; number < 30; number++) project.write({ [`shop/migrations/00${number}_step.py`]: migration('("shop", "0003_more")') })
    const { error } = await json('show', 'shop', '00')
    expect(error.message).toMatch(/and 17 more/)
    expect((await json('show', 'shop', 'zzz')).error.hint).toMatch(/The last ones are: 0029_step, .* and 19 more/)
  })
})

it('names that a shell would take apart are printed so that they can be typed', async () => {
  await database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('blog', '0002 it''s', '2024-01-01')")
  const { findings } = (await json('status')).result
  const command = findings.find((one: { code: string }) => one.code === 'ghost').next[0].command
  expect(command).toBe(`migstate mark unapplied 'blog.0002 it'\\''s'`)
  const { splitWords } = await import('../../src/config/command-words.js')
  expect(removed(await json(...splitWords(command.replaceAll("'\\''", `'"'"'`)).slice(1), '--dry-run'))).toEqual(["blog.0002 it's"])
  expect((await fingerprint(database)).rows).toHaveLength(7)
})
