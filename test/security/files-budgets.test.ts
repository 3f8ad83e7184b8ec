import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { files, migration } from '../support/fake-project.js'
import { type Answer, freshProcesses } from './fresh-process.js'
import * as hostileMigrations from './hostile-migrations.js'
import * as hostileSettings from './hostile-settings.js'

/** Nothing in a file makes the reader hang or grow: it is read, or it is unknown with a reason, within two seconds and 300 MB. */
const read = freshProcesses()
/** … on a machine that takes so long for a hundred million steps of a loop; on a slower one, or a busy one, as much more, and twice that. */
const MACHINE = 0.2
const SECONDS = 4
const MEGABYTES = Number.parseInt(process.versions.node, 10) >= 24 ? 340 : 300
const REASON = /takes too long|too large|too deep|larger than|not valid Python/

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-budget-'))
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")\n',
    'project/__init__.py': '',
    'project/settings.py': hostileSettings.BASE,
    '.env': hostileSettings.ENV_FILE,
    'settings.ini': `[settings]\n${`a${' '.repeat(150_000)}b\n`}B = 1${' '.repeat(150_000)}x\n`,
    'shop/__init__.py': '',
    'shop/migrations/__init__.py': '',
    'shop/migrations/0001_initial.py': migration(''),
  })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function within(answer: Answer): Answer {
  expect(answer.seconds / Math.max(1, answer.machine / MACHINE)).toBeLessThan(SECONDS)
  expect(answer.megabytes).toBeLessThan(MEGABYTES)
  return answer
}

describe('settings', () => {
  it.each(Object.entries(hostileSettings.CHEAP))('%s: read', (_name, text) => {
    files(folder, { 'project/settings.py': hostileSettings.BASE + text })
    const answer = within(read(folder))
    expect(answer).toMatchObject({ error: null, complete: true, problems: [], apps: [{ label: 'shop' }] })
  })

  it.each(Object.entries(hostileSettings.DEAR))('%s: answered, or unknown with the reason', (_name, text) => {
    files(folder, { 'project/settings.py': hostileSettings.BASE + text })
    const answer = within(read(folder))
    if (answer.complete) expect(answer).toMatchObject({ error: null, problems: [], apps: [{ label: 'shop' }] })
    else expect([answer.error, ...answer.problems].join()).toMatch(REASON)
  })

  it('the reason is said for the database too, and names the way around', () => {
    files(folder, { 'project/settings.py': `${hostileSettings.BASE}${hostileSettings.DEAR['lists of lists compared']}` })
    expect(read(folder)).toMatchObject({
      complete: false,
      database: expect.stringMatching(/^database-unknown: .*settings\.py:1: it takes too long to evaluate/),
    })
  })
})

describe('migrations', () => {
  it.each(Object.entries(hostileMigrations.CHEAP))('%s: read', (_name, text) => {
    files(folder, { 'shop/migrations/0002_x.py': text })
    expect(within(read(folder)).apps[0]?.migrations).toMatchObject([
      { problems: [], broken: null },
      { name: '0002_x', problems: [], broken: null },
    ])
  })

  it.each(Object.entries(hostileMigrations.DEAR))('%s: answered, or unknown with the reason', (_name, text) => {
    files(folder, { 'shop/migrations/0002_x.py': text })
    const [good, bad] = within(read(folder)).apps[0]?.migrations ?? []
    expect(good).toMatchObject({ problems: [], broken: null })
    if (bad?.problems.length === 0) expect(bad.broken).toMatch(/^(SyntaxError|null)$/)
    else expect(bad?.problems.join()).toMatch(REASON)
  })

  it('a hundred files that each take all they may do not take a hundred times as long, and the others are read', () => {
    const dear = hostileSettings.DEAR['lists of lists compared'] as string
    for (let index = 10; index < 110; index++) files(folder, { [`shop/migrations/0${index}_x.py`]: dear + migration('') })
    files(folder, { 'shop/migrations/9999_last.py': migration('("shop", "0001_initial")') })
    const answer = read(folder)
    expect(answer.seconds / Math.max(1, answer.machine / MACHINE)).toBeLessThan(4 * SECONDS)
    const migrations = answer.apps[0]?.migrations ?? []
    expect(migrations.filter((one) => one.problems.join().includes('takes too long'))).toHaveLength(100)
    expect(migrations.at(-1)).toMatchObject({ name: '9999_last', problems: [] })
  })
})
