import { existsSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject } from '../support/fake-project.js'
import { oddly } from '../support/odd-places.js'

/** What was done does not depend on whether it can be told: the exit code is that of the outcome. */
describe.runIf(existsSync('/dev/full'))('a report that cannot be written', () => {
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

  const rows = async () => (await database.query('SELECT app, name FROM django_migrations')).map(({ app, name }) => `${app}.${name}`)
  const run = (argv: string[], behind: string, json: boolean) =>
    oddly([...argv, ...(json ? ['--json'] : []), '--url', database.url], { behind, cwd: project.folder })

  describe.each([
    ['stdout full', '>/dev/full', true],
    ['stdout and stderr full', '>/dev/full 2>/dev/full', false],
    ['stdout closed', '>&-', false],
    ['everything closed', '<&- >&- 2>&-', false],
    ['stdout a pipe that nobody reads', '> >(exec 0<&-; sleep 0.1)', false],
  ])('%s', (_what, behind, said) => {
    it.each([false, true])('with --json: %s', async (json) => {
      const told = (stderr: string) =>
        said ? expect(stderr).toContain('The report could not be written (ENOSPC)') : expect(stderr).not.toContain('unexpectedly')
      const marked = run(['mark', 'unapplied', 'blog', '0001_initial', '--yes'], behind, json)
      expect(marked.status, marked.stderr).toBe(0)
      told(marked.stderr)
      expect(await rows()).not.toContain('blog.0001_initial')
      const checked = run(['status', '--check'], behind, json)
      expect(checked.status, checked.stderr).toBe(3)
      told(checked.stderr)
      const undone = run(['rollback', '--yes'], behind, json)
      expect(undone.status, undone.stderr).toBe(0)
      expect(await rows()).toContain('blog.0001_initial')
      expect(run(['rerun', 'shop', '0002_data', ...project.manage('record'), '--yes', '--force'], behind, json).status).toBe(0)
      expect(run(['rerun', 'shop', '0002_data', ...project.manage('fail'), '--yes', '--force'], behind, json).status).toBe(7)
      expect(run(['mark', 'applied', 'shop', 'nope', '--yes'], behind, json).status).toBe(2)
    })
  })
})
