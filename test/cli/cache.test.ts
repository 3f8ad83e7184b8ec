import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type MigrationFile, openProject } from '../../src/project/index.js'
import { files, migration } from '../support/fake-project.js'
import { rewriteEntry } from '../support/kept-entry.js'

/** What is kept between runs may save time and must never change an answer. */
let folder: string
/** Outside the project, whose folders are looked at: an entry that is written must not make itself stale. */
let outside: string
let cacheFolder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-cache-'))
  outside = mkdtempSync(join(tmpdir(), 'migstate-kept-'))
  cacheFolder = join(outside, 'cache', 'files')
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py': 'import os\nINSTALLED_APPS = ["a", "b"] + os.environ.get("MORE", "").split()\nX_MODEL = "b.Thing"\n',
    ...Object.fromEntries(['a', 'b', 'c'].flatMap((app) => [`${app}/__init__.py`, `${app}/migrations/__init__.py`].map((path) => [path, '']))),
    'a/migrations/0001_x.py': migration(''),
    'a/migrations/0002_y.py': migration('("a", "0001_x")'),
    'b/migrations/0001_z.py': migration('migrations.swappable_dependency(settings.X_MODEL)').replace(
      'import migrations',
      'import migrations\nfrom django.conf import settings',
    ),
    'c/migrations/0001_c.py': migration(''),
  })
  utimesSync(join(folder, 'a/migrations/0002_y.py'), LONG_AGO, LONG_AGO)
})
afterEach(() => {
  for (const one of [folder, outside]) rmSync(one, { recursive: true, force: true })
})

const open = (env: Record<string, string> = {}, more: { path?: string[]; migrations?: Record<string, string> } = {}) =>
  openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env, cacheFolder, ...more })
const plain = (file: MigrationFile) => JSON.parse(JSON.stringify(file))
const answer = (env: Record<string, string> = {}) =>
  open(env)
    .files()
    .apps.flatMap((app) => app.migrations.map(plain))
const fresh = (env: Record<string, string> = {}) =>
  openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env })
    .files()
    .apps.flatMap((app) => app.migrations.map(plain))
const entry = () => join(cacheFolder, readdirSync(cacheFolder)[0] as string)
/** Changes what is kept, so that an answer out of it can be told from one out of the files. */
const markEntry = () => rewriteEntry(entry(), (text) => text.replaceAll('RunPython forward', 'RunPython kept'))
const summaries = () =>
  open()
    .files()
    .apps[0]?.migrations.map((file) => file.operations?.[0]?.summary)

it('the second run takes the answer of the first', () => {
  expect(answer()).toEqual(fresh())
  expect(answer()).toEqual(fresh())
  markEntry()
  expect(summaries()).toEqual(['RunPython kept', 'RunPython kept'])
  expect(statSync(entry()).mode & 0o777).toBe(0o600)
  expect(statSync(cacheFolder).mode & 0o777).toBe(0o700)
})

it('details that are not kept are read again', () => {
  answer()
  const project = open()
  const file = project.files().apps[0]?.migrations[0] as MigrationFile
  expect(project.detailed(file).operations?.[0]?.arguments?.()).toMatchObject({ code: { source: 'forward' } })
})

describe('a change of', () => {
  it.each<[string, () => void, Record<string, string>?, boolean?]>([
    ['a migration', () => files(folder, { 'a/migrations/0002_y.py': migration('("b", "0001_z")') })],
    ['a migration, of the same size and time', () => sameSizeAndTime('a/migrations/0002_y.py', migration('("b", "0001_z")'))],
    ['the files of an app', () => files(folder, { 'a/migrations/0003_new.py': migration('("a", "0002_y")') })],
    ['a file that goes', () => rmSync(join(folder, 'a/migrations/0002_y.py'))],
    ['the settings', () => files(folder, { 'settings.py': 'INSTALLED_APPS = ["a"]\nX_MODEL = "a.Thing"\n' })],
    ['a setting that a migration asks', () => files(folder, { 'settings.py': 'INSTALLED_APPS = ["a", "b"]\nX_MODEL = "a.Thing"\n' })],
    ['the environment', () => {}, { MORE: 'c' }],
    [
      'an app config',
      () => files(folder, { 'b/apps.py': 'from django.apps import AppConfig\n\n\nclass B(AppConfig):\n    name = "b"\n    label = "other"\n' }),
    ],
    ['a module that is not there yet', () => files(folder, { 'b.py': '' }), {}, false],
  ])('%s is seen', (_name, change, env = {}, changes = true) => {
    answer()
    const before = answer()
    change()
    expect(answer(env)).toEqual(fresh(env))
    expect(answer(env)).toEqual(fresh(env))
    if (changes) expect(before).not.toEqual(fresh(env))
  })
})

const LONG_AGO = new Date('2024-01-01T00:00:00Z')

/** As a checkout or an archive leaves it: another text of the same size and the same time; only the inode and the time of the change itself tell. */
function sameSizeAndTime(path: string, text: string): void {
  const file = join(folder, path)
  const { size, mtimeMs } = statSync(file)
  expect(text.length).toBeLessThanOrEqual(size)
  rmSync(file)
  writeFileSync(file, text.padEnd(size))
  utimesSync(file, LONG_AGO, LONG_AGO)
  expect(statSync(file)).toMatchObject({ size, mtimeMs })
}

it('one changed file is read again, the others are remembered', () => {
  answer()
  markEntry()
  files(folder, { 'a/migrations/0002_y.py': migration('("b", "0001_z")') })
  expect(summaries()).toEqual(['RunPython kept', 'RunPython forward'])
})

describe('an entry that is', () => {
  it.each<[string, (path: string) => void]>([
    ['cut off', (path) => writeFileSync(path, readFileSync(path, 'utf8').slice(0, 100))],
    ['no JSON', (path) => writeFileSync(path, 'hello')],
    ['of another reader', (path) => writeFileSync(path, readFileSync(path, 'utf8').replace(/"reader":"[^"]*"/, '"reader":"0"'))],
    ['of another shape', (path) => rewriteEntry(path, (text) => text.replace('"seen":[', '"saw":['))],
    ['of another shape within', (path) => rewriteEntry(path, (text) => text.replace('"migrations":[[', '"migrations":[{"x":1},['))],
    ['of files that say everything by themselves, of another shape', (path) => rewriteEntry(path, (text) => text.replace(/^\[\[".*$/m, '{}'))],
    ['of operations of another shape', (path) => rewriteEntry(path, (text) => text.replace(/^\[\[\{.*$/gm, '7'))],
    ['no JSON in a part of it', (path) => rewriteEntry(path, (text) => text.replace(/^\[\[\{/gm, '[['))],
    ['changed by a bad disk', (path) => writeFileSync(path, readFileSync(path, 'utf8').replaceAll('RunPython forward', 'RunPython forwars'))],
    ['writable for others', (path) => chmodSync(path, 0o666)],
    ['a folder', (path) => (rmSync(path), mkdirSync(path))],
  ])('%s is ignored', (_name, spoil) => {
    answer()
    files(folder, { 'a/migrations/0002_y.py': migration('("b", "0001_z")') })
    spoil(entry())
    expect(answer()).toEqual(fresh())
  })
})

it.runIf(process.getuid?.() === 0)('an entry of another user is not believed', () => {
  answer()
  markEntry()
  expect(summaries()).toEqual(['RunPython kept', 'RunPython kept'])
  chownSync(entry(), 65534, 65534)
  expect(summaries()).toEqual(['RunPython forward', 'RunPython forward'])
})

describe('another question has another answer', () => {
  const names = (more: Parameters<typeof open>[1]) =>
    open({}, more)
      .files()
      .apps.find((app) => app.label === 'far')
      ?.migrations.map((file) => file.name)
  beforeEach(() => {
    files(folder, { 'settings.py': 'INSTALLED_APPS = ["a", "far"]\n' })
    for (const place of ['here', 'there']) {
      files(join(outside, place), { 'far/__init__.py': '', 'far/migrations/__init__.py': '', [`far/migrations/0001_${place}.py`]: migration('') })
    }
  })

  it('--path', () => {
    for (let turn = 0; turn < 2; turn++) for (const place of ['here', 'there']) expect(names({ path: [join(outside, place)] })).toEqual([`0001_${place}`])
  })

  it('--migrations', () => {
    const path = [join(outside, 'here')]
    for (let turn = 0; turn < 2; turn++)
      for (const place of ['here', 'there']) expect(names({ path, migrations: { far: join(outside, place, 'far', 'migrations') } })).toEqual([`0001_${place}`])
  })
})

it('a folder that cannot be made is no error', () => {
  writeFileSync(join(outside, 'cache'), 'a file')
  expect(answer()).toEqual(fresh())
})
