import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject, migration } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'
import { CTRL_C, CTRL_D, ENTER, SIZES, type Terminal, terminal } from '../support/terminal.js'

/** The question, in a pseudo-terminal: default no, nonsense asks again, and no is not an error. */
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

const ask = (argv: string[], [rows, columns]: readonly [number, number] = [24, 80]): Terminal =>
  terminal(argv, { cwd: project.folder, env: { MIGSTATE_URL: database.url }, rows, columns })
const unmark = ['mark', 'unapplied', 'blog.0001']
const sideTables = async () => (await database.query("SELECT name FROM sqlite_master WHERE name LIKE 'migstate%'")).length

describe.each(SIZES)('%i x %i', (rows, columns) => {
  it('yes: the rows that will change, where, what else is made; then it is done', async () => {
    const run = ask(unmark, [rows, columns])
    const asked = await run.sees(/\[y\/N\]/)
    expect(asked.text).toMatch(/mark unapplied blog\.0001_initial on django_migrations of/)
    expect(asked.text).toMatch(/- 6 +blog +0001_initial +2024-03-10 02:30:05\.123456/)
    expect(asked.text.replaceAll(/\s+/g, ' ')).toContain('migstate_operation, migstate_event, migstate_snapshot_row')
    expect(await sideTables()).toBe(0)
    run.type(`y${ENTER}`)
    const done = await run.done
    expect(done.exitCode).toBe(0)
    expect(done.text).toContain('Changed 1 row')
    expect((await fingerprint(database)).rows).toHaveLength(5)
  })
})

it.each([
  ['no', `n${ENTER}`],
  ['NO', `NO${ENTER}`],
  ['Enter', ENTER],
  ['Ctrl-D', CTRL_D],
])('%s: not run, exit 4, no error in red, nothing written', async (_name, keys) => {
  const before = await fingerprint(database)
  const run = ask(unmark)
  await run.sees(/\[y\/N\]/)
  run.type(keys)
  const done = await run.done
  expect(done.exitCode).toBe(4)
  expect(done.text).toMatch(/Not run\. Nothing was changed\.$/)
  expect(done.text).not.toMatch(/Error|declined/)
  expect(done.raw.slice(done.raw.indexOf('[y/N]'))).not.toContain('\u001b[31m')
  expect(await fingerprint(database)).toEqual(before)
  expect(await sideTables()).toBe(0)
})

it('nonsense is asked again, as often as it comes', async () => {
  const run = ask(unmark)
  await run.sees(/\[y\/N\]/)
  run.type(`maybe${ENTER}`)
  await run.sees(/answer y for yes or n for no/)
  run.type(`yess${ENTER}`)
  await run.sees(/(answer y for yes[\s\S]*){2}\[y\/N\]/)
  expect(await sideTables()).toBe(0)
  run.type(`yes${ENTER}`)
  const done = await run.done
  expect(done.exitCode).toBe(0)
  // Each answer is echoed once.
  expect(done.text).toMatch(/\[y\/N\] yess\n/)
  expect(done.text).toMatch(/\[y\/N\] yes\n/)
})

it('Ctrl-C at the question: said once, exit 130, nothing written', async () => {
  const before = await fingerprint(database)
  const run = ask(unmark)
  await run.sees(/\[y\/N\]/)
  run.type(CTRL_C)
  const done = await run.done
  expect(done.exitCode).toBe(130)
  expect(done.text.match(/nterrupted/g)).toHaveLength(1)
  expect(done.text).not.toMatch(/history is as before/)
  expect(await fingerprint(database)).toEqual(before)
})

it('--json never asks, also in a terminal', async () => {
  const done = await ask([...unmark, '--json']).done
  expect(done.exitCode).toBe(4)
  expect(JSON.parse(done.text.replaceAll('\n', '')).error.code).toBe('needs-yes')
})

it('--yes does not ask', async () => {
  const done = await ask([...unmark, '--yes']).done
  expect(done.exitCode).toBe(0)
  expect(done.text).not.toContain('[y/N]')
})

it('what a person said yes to is never changed: a row that moved in between is exit 6', async () => {
  const run = ask(unmark)
  await run.sees(/\[y\/N\]/)
  await database.query("UPDATE django_migrations SET applied = '2025-05-05 05:05:05' WHERE app = 'blog'")
  const moved = await fingerprint(database)
  run.type(`y${ENTER}`)
  const done = await run.done
  expect(done.exitCode, done.text).toBe(6)
  expect(done.text).toContain('table-changed')
  expect(await fingerprint(database)).toEqual(moved)
})

it('a rerun that would hide other rows than were shown is exit 6', async () => {
  const run = ask(['rerun', 'shop.0002', '--python', '/bin/false'])
  await run.sees(/\[y\/N\]/)
  await database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('billing', '0001_initial', '2025-01-01 00:00:00')")
  run.type(`y${ENTER}`)
  const done = await run.done
  expect(done.exitCode, done.text).toBe(6)
})

it('what a person has weighed at the question is not said again once it is done; with --yes it is', async () => {
  const creates = (model: string) => `migrations.CreateModel("${model}", [("id", models.AutoField(primary_key=True))])`
  const models = 'from django.db import models\n'
  project.write({
    'blog/migrations/0001_initial.py': models + migration('', creates('Post')),
    'blog/migrations/0002_next.py': models + migration('("blog", "0001_initial")', creates('Page')),
  })
  const argv = ['mark', 'applied', 'blog.0002']
  const said = /nothing of blog\.0002_next is in the database/g
  const run = ask(argv)
  const asked = await run.sees(/\[y\/N\]/)
  expect(asked.text.replaceAll(/\s+/g, ' ').match(said)).toHaveLength(1)
  run.type(`y${ENTER}`)
  const done = await run.done
  expect(done.exitCode).toBe(0)
  expect(done.text).toContain('Changed 1 row')
  expect(done.text).not.toContain('recorded-missing')
  expect(done.text.replaceAll(/\s+/g, ' ').match(said)).toHaveLength(1)
  const unasked = await ask(['mark', 'unapplied', 'blog.0002', '--yes']).done.then(() => ask([...argv, '--yes']).done)
  expect(unasked.text.replaceAll(/\s+/g, ' ')).toMatch(/recorded-missing\] nothing of blog\.0002_next is in the database/)
})
