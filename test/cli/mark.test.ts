import { beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject, migration } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'

/** What `mark` takes along, what it refuses, and what it writes. */
let database: TestDatabase
let project: FakeProject
beforeEach(async () => {
  database = await freshDatabase('sqlite')
  project = await fakeProject(database)
})

const run = (...argv: string[]) => migstate([...argv, '--json'], { cwd: project.folder, env: { MIGSTATE_URL: database.url } })
const forget = (...names: string[]) =>
  database.query(`DELETE FROM django_migrations WHERE app || '.' || name IN (${names.map((name) => `'${name}'`).join(', ')})`)
const names = (rows: { app: string; name: string }[]) => rows.map((row) => `${row.app}.${row.name}`)

describe('what is taken along', () => {
  it('--with-dependencies: what is missing below, over all apps, in the order of Django', async () => {
    await database.query('DELETE FROM django_migrations')
    const refused = await run('mark', 'applied', 'billing', '0001', '--yes')
    expect(refused.json.error).toMatchObject({ code: 'would-make-hole', hint: expect.stringContaining('--with-dependencies') })
    const marked = await run('mark', 'applied', 'billing', '0001', '--with-dependencies', '--yes')
    expect(names(marked.json.result.changes.added), marked.stdout).toEqual(['shop.0001_initial', 'shop.0002_data', 'billing.0001_initial'])
    expect(marked.json.result.next.blockedBy).toEqual([])
    const again = await run('mark', 'applied', 'reports', '0001', '--with-dependencies', '--yes')
    expect(names(again.json.result.changes.added)).toEqual(['reports.0001_initial'])
  })

  it('--with-dependants: what is recorded above, over all apps', async () => {
    const before = await fingerprint(database)
    const refused = await run('mark', 'unapplied', 'shop', '0002', '--yes')
    expect(refused.json.error).toMatchObject({ code: 'would-make-hole', hint: expect.stringContaining('--with-dependants') })
    const unmarked = await run('mark', 'unapplied', 'shop', '0002', '--with-dependants', '--yes')
    expect(names(unmarked.json.result.changes.removed), unmarked.stdout).toEqual([
      'shop.0002_data',
      'billing.0001_initial',
      'shop.0003_more',
      'reports.0001_initial',
    ])
    expect(unmarked.json.result.next.blockedBy).toEqual([])
    await run('rollback', '--yes')
    expect(await fingerprint(database)).toEqual(before)
  })
})

it('filling a hole is never refused, even where another one stays', async () => {
  await forget('shop.0001_initial', 'shop.0002_data')
  const filled = await run('mark', 'applied', 'shop', '0002_data', '--yes')
  expect(filled.exitCode, filled.stdout).toBe(0)
  expect(names(filled.json.result.changes.added)).toEqual(['shop.0002_data'])
  // The one that was there before is still there, and no reason to refuse anything else.
  const other = await run('mark', 'unapplied', 'blog', '0001_initial', '--yes')
  expect(other.exitCode, other.stdout).toBe(0)
})

it('an exact name wins over longer ones; a beginning of several is refused with the list', async () => {
  project.write({ 'blog/migrations/0001_initial_more.py': migration('("blog", "0001_initial")') })
  const exact = await run('mark', 'unapplied', 'blog', '0001_initial', '--yes')
  expect(names(exact.json.result?.changes.removed ?? []), exact.stdout).toEqual(['blog.0001_initial'])
  const short = await run('mark', 'applied', 'blog', '0001_init', '--yes')
  expect(short.json.error).toMatchObject({ code: 'ambiguous-migration', details: { candidates: ['0001_initial', '0001_initial_more'] } })
})

describe('the time of a new row', () => {
  const HOUR = 3_600_000
  it.each([
    ['USE_TZ', 'USE_TZ = True\nTIME_ZONE = "Asia/Tokyo"\n', 0],
    ['no USE_TZ: the local time of TIME_ZONE', 'USE_TZ = False\nTIME_ZONE = "Asia/Tokyo"\n', 9],
    ['no USE_TZ, a zone behind UTC', 'USE_TZ = False\nTIME_ZONE = "Etc/GMT+7"\n', -7],
  ])('%s', async (_name, settings, hours) => {
    project.write({ 'settings.py': `INSTALLED_APPS = ["shop", "billing", "reports", "blog"]\n${settings}` })
    await forget('blog.0001_initial')
    const began = Date.now()
    const marked = await run('mark', 'applied', 'blog', '0001', '--yes')
    const [row] = marked.json.result.changes.added
    expect(row.applied, marked.stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?$/)
    const at = Date.parse(`${row.applied.replace(' ', 'T')}Z`) - hours * HOUR
    expect(at).toBeGreaterThanOrEqual(began - 1000)
    expect(at).toBeLessThanOrEqual(Date.now() + 1000)
    expect(marked.json.warnings.map((one: { code: string }) => one.code)).not.toContain('time-zone-unknown')
  })

  it('a zone that is not known: UTC, and that is said; a reader and a removal say nothing of it', async () => {
    project.write({ 'settings.py': 'INSTALLED_APPS = ["shop", "billing", "reports", "blog"]\nUSE_TZ = bool(input())\n' })
    const codes = (result: { json: { warnings: { code: string }[] } }) => result.json.warnings.map((one) => one.code)
    expect(codes(await run('mark', 'unapplied', 'blog', '0001', '--yes'))).not.toContain('time-zone-unknown')
    const marked = await run('mark', 'applied', 'blog', '0001', '--yes')
    expect(codes(marked)).toContain('time-zone-unknown')
    expect(Math.abs(Date.parse(`${marked.json.result.changes.added[0].applied.replace(' ', 'T')}Z`) - Date.now())).toBeLessThan(60_000)
  })
})

it('a password in a hint is masked', async () => {
  await database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('postgresql://user:s3cr3t@host/db', '0001_x', '2024-01-01')")
  const refused = await run('mark', 'applied', 'nowhere', '0001', '--yes')
  expect(refused.json.error).toMatchObject({ code: 'unknown-app', hint: expect.stringContaining('postgresql://user:***@host/db') })
  expect(refused.json.error.hint).not.toContain('s3cr3t')
})

it('what cannot be checked never refuses, and is said', async () => {
  await database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('elsewhere', '0001_x', '2024-01-01')")
  const notFound = await run('mark', 'unapplied', 'elsewhere', '0001_x', '--yes')
  expect(names(notFound.json.result?.changes.removed ?? []), notFound.stdout).toEqual(['elsewhere.0001_x'])
  expect(notFound.json.warnings).toContainEqual({ code: 'not-checked', message: expect.stringContaining('elsewhere') })
  project.write({ 'shop/migrations/0003_more.py': migration('whatever()') })
  const unread = await run('mark', 'unapplied', 'shop', '0002', '--yes', '--with-dependants')
  expect(unread.exitCode, unread.stdout).toBe(0)
  expect(unread.json.warnings).toContainEqual({ code: 'not-checked', message: expect.stringContaining('0003_more.py') })
})
