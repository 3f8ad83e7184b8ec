import { rmSync } from 'node:fs'
import { beforeEach, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { fingerprint } from '../support/history-table.js'
import { ENTER, terminal } from '../support/terminal.js'

/** What a person has said yes to at a terminal is done as it was shown, or nothing is done. */
let database: TestDatabase
let project: FakeProject
beforeEach(async () => {
  database = await freshDatabase('sqlite')
  project = await fakeProject(database)
})

const open = (...argv: string[]) => terminal(argv, { cwd: project.folder, env: { MIGSTATE_URL: database.url }, rows: 50, columns: 200 })
const mark = ['mark', 'unapplied', 'blog', '0001_initial']

it.each([
  ['the row has another time', "UPDATE django_migrations SET applied = '2020-01-01 00:00:00' WHERE app = 'blog'"],
  ['the row is gone', "DELETE FROM django_migrations WHERE app = 'blog'"],
  ['there is a second one', "INSERT INTO django_migrations (app, name, applied) VALUES ('blog', '0001_initial', '2020-01-01 00:00:00')"],
])('mark: %s: exit 6', async (_name, sql) => {
  const asked = open(...mark)
  await asked.sees(/\[y\/N\]/)
  await database.query(sql)
  const theirs = await fingerprint(database)
  asked.type(`y${ENTER}`)
  const done = await asked.done
  expect(done.exitCode, done.text).toBe(6)
  expect(done.text).toContain('[table-changed]')
  expect(await fingerprint(database)).toEqual(theirs)
})

it('mark: rows of others come and go as they like', async () => {
  const asked = open(...mark)
  await asked.sees(/\[y\/N\]/)
  await database.query("INSERT INTO django_migrations (app, name, applied) VALUES ('elsewhere', '0001_initial', '2020-01-01 00:00:00')")
  asked.type(`y${ENTER}`)
  const done = await asked.done
  expect(done.exitCode, done.text).toBe(0)
  expect((await fingerprint(database)).rows).toHaveLength(6)
})

it('mark: what would make a hole by now: exit 6', async () => {
  rmSync(`${project.folder}/blog/migrations/0001_initial.py`)
  const asked = open('mark', 'unapplied', 'reports', '0001_initial')
  await asked.sees(/\[y\/N\]/)
  await database.query("DELETE FROM django_migrations WHERE app = 'reports'")
  asked.type(`y${ENTER}`)
  expect((await asked.done).exitCode).toBe(6)
})

it.each(['table', 'shadow'])('rerun in %s mode: another row would be hidden: exit 6, nothing runs', async (mode) => {
  const flags = mode === 'table' ? project.manage('record') : ['--python', '/bin/false']
  const asked = open('rerun', 'shop', '0002', '--force', ...flags)
  await asked.sees(/\[y\/N\]/)
  await database.query("DELETE FROM django_migrations WHERE app = 'reports'")
  const theirs = await fingerprint(database)
  asked.type(`y${ENTER}`)
  const done = await asked.done
  expect(done.exitCode, done.text).toBe(6)
  expect(done.text).toContain('[table-changed]')
  expect(await fingerprint(database)).toEqual(theirs)
})
