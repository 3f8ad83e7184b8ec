import { beforeEach, describe, expect, it } from 'vitest'
import { migstate } from '../support/cli.js'
import { engines, freshDatabase, type TestDatabase } from '../support/databases.js'
import { type FakeProject, fakeProject, migration } from '../support/fake-project.js'

/** What is refused of the reverse code before anything runs. */
describe.runIf(engines.includes('sqlite'))('rerun --reverse-first', () => {
  let database: TestDatabase
  let project: FakeProject
  beforeEach(async () => {
    database = await freshDatabase('sqlite')
    project = await fakeProject(database)
  })

  const RUNS = 'migrations.RunPython(forward, forward)'
  const UNKNOWN = 'migrations.RunPython(forward, REVERSES["shop"])'

  it('reverse code that cannot be read is refused by its name', async () => {
    const text = migration('("shop", "0001_initial")', `${RUNS}, ${UNKNOWN}`)
    project.write({
      'shop/migrations/0002_data.py': text.replace('from django.db import migrations', 'from django.db import migrations\nfrom elsewhere import REVERSES'),
    })
    const words = ['rerun', 'shop', '0002', '--reverse-first', '--dry-run', '--json', ...project.manage('both')]
    const { json } = await migstate(words, { cwd: project.folder, env: { MIGSTATE_URL: database.url } })
    expect(json.error).toMatchObject({ code: 'unknown-operation-kind', message: expect.stringMatching(/cannot be read from its file \(.*RunPython/) })
  })
})
