import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject, migration } from '../support/fake-project.js'

/** Not found is not "not there": what is unknown weakens the answer, and is named. */
let database: TestDatabase
let project: FakeProject
beforeEach(async () => {
  database = await freshDatabase('sqlite')
  project = await fakeProject(database)
  install('django.contrib.sessions', 'company.apps.CompanyConfig')
})
afterEach(async () => {
  project.remove()
  await database.drop()
})

function install(...more: string[]): void {
  const apps = ['shop', 'billing', 'reports', 'blog', ...more]
  project.write({ 'settings.py': `INSTALLED_APPS = [${apps.map((app) => `"${app}"`).join(', ')}]\nUSE_TZ = True\n` })
}

const options = () => ({ cwd: project.folder, env: { MIGSTATE_URL: database.url, VIRTUAL_ENV: undefined } })
const text = async (...argv: string[]) => {
  const result = await migstate(argv, options())
  return { exitCode: result.exitCode, out: result.stdout.replaceAll(/\s+/g, ' '), err: result.stderr.replaceAll(/\s+/g, ' ') }
}
const json = async (...argv: string[]) => {
  const { json: document, exitCode } = await migstate([...argv, '--json'], options())
  return { ...document, exitCode }
}

describe('an installed app that is not on disk', () => {
  it('status --check: exit 3, and 0 once all are found', async () => {
    const checked = await json('status', '--check')
    expect(checked.exitCode).toBe(3)
    expect(checked.result).toMatchObject({ notFound: ['django.contrib.sessions', 'company.apps.CompanyConfig'], summary: { unapplied: 0 } })
    install()
    expect((await json('status', '--check')).exitCode).toBe(0)
  })

  it('rows of an app that is not installed do not count', async () => {
    install()
    await database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('stranger', '0001_initial', '2024-01-01')")
    expect((await json('status', '--check')).exitCode).toBe(0)
  })

  it('its rows are not ghosts, and are said to be of an installed app', async () => {
    await database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('sessions', '0001_initial', '2024-01-01')")
    const { result } = await json('status')
    expect(result.summary.ghosts).toBe(0)
    expect(result.unknownApps).toMatchObject([{ label: 'sessions', installed: true }])
    expect((await text('status')).out).toContain('sessions (installed, but not found; its rows are not judged)')
  })

  it('one warning for all of them, with the flags that find them, also with -q', async () => {
    for (const argv of [['status'], ['status', '-q'], ['plan', '-q']]) {
      const { err } = await text(...argv)
      expect(err).toContain('2 apps of INSTALLED_APPS were not found on disk')
      expect(err).toContain('django.contrib.sessions, company.apps.CompanyConfig')
      expect(err).toMatch(/--python.*--path/)
    }
  })

  it('plan does not say "nothing to do" without saying how far it knows', async () => {
    expect((await text('plan')).out).toContain('manage.py migrate has nothing to do, as far as the files are known (2 apps not found).')
    expect((await text('plan', '-q')).out).toContain('as far as the files are known')
    expect((await json('plan')).result).toMatchObject({ steps: [], notFound: ['django.contrib.sessions', 'company.apps.CompanyConfig'] })
  })

  it('plan of it: no claim in the name of Django, exit 3', async () => {
    for (const app of ['sessions', 'firm']) {
      const planned = await json('plan', app)
      expect(planned.exitCode).toBe(3)
      expect(planned.result.blockedBy).toMatchObject([{ gate: 'unreadable', exception: null }])
    }
    expect((await text('plan', 'sessions')).out).toContain('INSTALLED_APPS has "django.contrib.sessions", which was not found on disk')
    install()
    expect((await json('plan', 'sessions', '--django-version', '5.2')).result.blockedBy).toMatchObject([
      { gate: 'unknown-app', exception: 'CommandError', message: "No installed app with label 'sessions'." },
    ])
  })

  it('status, show, mark and fake of it say what is known, and no more', async () => {
    for (const argv of [
      ['status', 'sessions'],
      ['show', 'sessions', '0001'],
      ['mark', 'applied', 'sessions', '0001', '--yes'],
      ['fake', 'sessions', '--yes'],
    ]) {
      const { error } = await json(...argv)
      expect(error, argv.join(' ')).toMatchObject({ code: 'unknown-app', exitCode: 2 })
      expect(error.message).toContain('INSTALLED_APPS has "django.contrib.sessions", which was not found on disk')
      expect(error.message).not.toMatch(/There is no app|No installed app/)
      expect(error.hint).toContain('--python')
    }
  })

  it('after a change the next step of Django is only as far as the files are known', async () => {
    expect((await text('mark', 'unapplied', 'blog.0001', '--yes')).out).toMatch(
      /would run blog\.0001_initial, as far as the files are known \(2 apps not found\)\./,
    )
  })
})

it('INSTALLED_APPS that cannot be read whole: no label is surely none', async () => {
  project.write({ 'settings.py': 'INSTALLED_APPS = ["shop", "blog"] + plugins()\n' })
  expect((await json('plan', 'sessions')).result.blockedBy.at(-1)).toMatchObject({ gate: 'unreadable', exception: null })
  expect((await json('status', '--check')).exitCode).toBe(3)
})

describe('an app whose migrations may be elsewhere', () => {
  const PLACE = 'MIGRATION_MODULES["blog"] cannot be read'
  beforeEach(async () => {
    install()
    await database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('blog', '0009_gone', '2024-01-01')")
    project.write({ 'settings.py': 'INSTALLED_APPS = ["shop", "billing", "reports", "blog"]\nMIGRATION_MODULES = {"blog": where()}\n' })
  })

  it('its rows without a file are no ghosts, and nobody says to take them away', async () => {
    const { result } = await json('status')
    expect(result.summary).toMatchObject({ ghosts: 0, unreadable: 1 })
    expect(result.unknownApps).toMatchObject([{ label: 'blog', installed: true, rows: [{ name: '0009_gone' }] }])
    const { out } = await text('status')
    expect(out).toContain('blog (not among the files that were read of it; its rows are not judged) [X] 0009_gone')
    expect(out).not.toContain('mark unapplied')
    expect((await json('show', 'blog.0009_gone')).result.migration.next).toEqual([])
  })

  it('status --check and doctor do not call it well', async () => {
    await database.query("DELETE FROM django_migrations WHERE name = '0009_gone'")
    expect((await json('status', '--check')).exitCode).toBe(3)
    const found = (await json('doctor')).result.findings
    expect(found).toMatchObject([{ code: 'unreadable-file', severity: 'info', app: 'blog' }])
    expect(found[0].message).toContain('Where the migrations of blog are cannot be read')
    expect(found[0].evidence[0]).toContain(PLACE)
  })

  it('a name that no file has is taken as typed, with a warning', async () => {
    const marked = await json('mark', 'applied', 'blog.0010_there', '--yes')
    expect(marked).toMatchObject({ exitCode: 0, result: { changes: { added: [{ app: 'blog', name: '0010_there' }] } } })
    expect(marked.warnings.map((one: { message: string }) => one.message).join()).toContain('where the migrations of "blog" are cannot be read')
  })

  it('fake of it, and prune of anything, name it; what does not rest on it is answered', async () => {
    expect((await text('fake', 'blog', 'zero', '--dry-run')).err).toContain(PLACE)
    expect((await json('plan', 'blog', 'zero')).result.blockedBy[0].message).toContain(PLACE)
    expect((await json('plan', 'reports', 'zero')).result).toMatchObject({ blockedBy: [], steps: [{ app: 'reports' }] })
  })
})

it.each<[string, () => Promise<unknown> | void]>([
  ['unapplied', () => database.query("DELETE FROM django_migrations WHERE app = 'blog'")],
  ['a hole', () => database.query("DELETE FROM django_migrations WHERE app = 'billing'")],
  ['a ghost', () => database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('blog', '0009_gone', '2024-01-01')")],
  ['a duplicate', () => database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('blog', '0001_initial', '2024-01-01')")],
  ['a conflict', () => project.write({ 'shop/migrations/0003_other.py': migration('("shop", "0002_data")') })],
  ['an unreadable file', () => project.write({ 'blog/migrations/0002_x.py': 'class Migration(:\n' })],
])('status --check: %s is exit 3', async (_name, damage) => {
  install()
  expect((await json('status', '--check')).exitCode).toBe(0)
  await damage()
  expect((await json('status', '--check')).exitCode).toBe(3)
  expect((await json('status')).exitCode).toBe(0)
})

it('a plan that is stopped is exit 3, one that is not is 0', async () => {
  install()
  expect((await json('plan')).exitCode).toBe(0)
  await database.query("DELETE FROM django_migrations WHERE name = '0002_data'")
  expect((await json('plan')).exitCode).toBe(3)
})
