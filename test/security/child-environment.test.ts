import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { migstate } from '../support/cli.js'
import { freshDatabase } from '../support/databases.js'
import { fakeProject } from '../support/fake-project.js'

/** A URL for migstate may hold the password of a DBA; the project's own programs have no use for it. */
it('manage.py, and the Python that is asked, get the environment but for MIGSTATE_URL', async () => {
  const database = await freshDatabase('sqlite')
  const project = await fakeProject(database)
  const folder = mkdtempSync(join(tmpdir(), 'migstate-env-'))
  onTestFinished(async () => {
    rmSync(folder, { recursive: true, force: true })
    project.remove()
    await database.drop()
  })
  const told = join(folder, 'told')
  const spy = join(folder, 'spy.sh')
  writeFileSync(spy, `env >> ${told}; exit 1\n`)
  const env = { MIGSTATE_URL: database.url, OWN_WORD: 'kept' }
  const words = () => {
    expect(existsSync(told)).toBe(true)
    const text = readFileSync(told, 'utf8')
    rmSync(told)
    return [text.includes('OWN_WORD=kept'), text.includes('MIGSTATE_URL'), text.includes(database.url)]
  }
  const rerun = ['rerun', 'shop', '0002_data', '--yes', '--force']
  for (const argv of [
    [...rerun, '--mode', 'table', '--manage', `sh ${spy} APP NAME`],
    [...rerun, '--python', `sh ${spy}`],
    ['status', '--ask-django', '--python', `sh ${spy}`],
  ]) {
    await migstate([...argv, '--json'], { cwd: project.folder, env })
    expect(words(), argv.join(' ')).toEqual([true, false, false])
  }
})
