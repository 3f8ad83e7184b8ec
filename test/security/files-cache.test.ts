import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Store } from '../../src/project/cache/store.js'
import { openProject } from '../../src/project/index.js'
import { files, migration } from '../support/fake-project.js'

/** What is kept between runs is this user's own: nobody else puts files there, and nothing else is opened or deleted. */
let around: string
let base: string
let folder: string
beforeEach(() => {
  around = mkdtempSync(join(tmpdir(), 'migstate-store-'))
  base = join(around, 'cache')
  folder = join(base, 'migstate', 'files')
  mkdirSync(base)
})
afterEach(() => rmSync(around, { recursive: true, force: true }))

const works = () => {
  const store = new Store(folder)
  store.write('question', ['answer'])
  return new Store(folder).read('question')?.at(0) === 'answer'
}
const isRoot = process.getuid?.() === 0

it('an own folder is used', () => {
  expect(works()).toBe(true)
  expect(new Store(folder).refusal).toBeNull()
})

describe('a folder that others may write in is not used, and that is said', () => {
  it.each(['cache', 'cache/migstate', 'cache/migstate/files'])('%s', (place) => {
    mkdirSync(folder, { recursive: true })
    chmodSync(join(around, place), 0o777)
    expect(works()).toBe(false)
    expect(new Store(folder).refusal).toBe(`others may write in ${join(around, place)}`)
    expect(readdirSync(folder)).toEqual([])
  })

  it('a group that is not the user alone', () => {
    chownSync(base, process.getuid?.() ?? 0, isRoot ? 4242 : (process.getgid?.() ?? 0))
    chmodSync(base, 0o770)
    expect(new Store(folder).refusal).toBe(isRoot || process.getgid?.() !== process.getuid?.() ? `others may write in ${base}` : null)
  })

  it.runIf(isRoot)("somebody else's folder", () => {
    mkdirSync(folder, { recursive: true })
    chownSync(join(base, 'migstate'), 4242, 4242)
    expect(new Store(folder).refusal).toBe(`${join(base, 'migstate')} belongs to another user`)
    expect(works()).toBe(false)
  })

  it('the place where a link leads', () => {
    const open = join(around, 'open')
    mkdirSync(open)
    chmodSync(open, 0o777)
    symlinkSync(open, join(base, 'migstate'))
    expect(new Store(folder).refusal).toBe(`others may write in ${open}`)
  })

  it('a sticky folder above, as /tmp is, is no reason; being one is', () => {
    chmodSync(base, 0o1777)
    expect(works()).toBe(true)
    mkdirSync(join(around, 'sticky'))
    chmodSync(join(around, 'sticky'), 0o1777)
    expect(new Store(join(around, 'sticky')).refusal).toBe(`others may write in ${join(around, 'sticky')}`)
  })

  it('the project says it, and is read all the same', () => {
    files(around, {
      'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
      'settings.py': 'INSTALLED_APPS = ["shop"]\n',
      'shop/__init__.py': '',
      'shop/migrations/__init__.py': '',
      'shop/migrations/0001_initial.py': migration(''),
    })
    chmodSync(base, 0o777)
    const request = { folder: around, managePy: undefined, settings: undefined, python: undefined, path: [], env: {}, cacheFolder: folder }
    const project = openProject(request)
    expect(project.cacheRefusal).toBe(`others may write in ${base}`)
    expect(project.files().apps).toMatchObject([{ label: 'shop' }])
    chmodSync(base, 0o700)
    expect(openProject(request).cacheRefusal).toBeNull()
  })
})

describe('an entry', () => {
  const entry = () => join(folder, readdirSync(folder)[0] as string)

  it('that is a link is not followed', () => {
    expect(works()).toBe(true)
    renameSync(entry(), join(around, 'elsewhere.json'))
    symlinkSync(join(around, 'elsewhere.json'), join(folder, readdirSync(folder)[0] ?? name))
    expect(new Store(folder).read('question')).toBeNull()
  })
  let name: string
  beforeEach(() => {
    new Store(folder).write('question', ['answer'])
    name = readdirSync(folder)[0] as string
  })

  it('that is written over is written beside first: a link in its place is replaced, and what it leads to stays', () => {
    const precious = join(around, 'precious')
    writeFileSync(precious, 'precious')
    rmSync(entry())
    symlinkSync(precious, join(folder, name))
    expect(works()).toBe(true)
    expect(readFileSync(precious, 'utf8')).toBe('precious')
  })

  it('that others may write is none', () => {
    chmodSync(entry(), 0o606)
    expect(new Store(folder).read('question')).toBeNull()
  })
})

it('only what a store has written is deleted', () => {
  mkdirSync(folder, { recursive: true })
  const documents = Array.from({ length: 100 }, (_unused, index) => [`report-${index}.json`, `${'a'.repeat(31)}${index}.json`, `${index}.txt`]).flat()
  for (const name of documents) writeFileSync(join(folder, name), '{}')
  mkdirSync(join(folder, `${'0'.repeat(32)}.json`))
  for (let index = 0; index < 70; index++) new Store(folder).write(`question ${index}`, ['answer'])
  const left = new Set(readdirSync(folder))
  expect(documents.filter((name) => !left.has(name) && !/^[0-9a-f]{32}\.json$/.test(name))).toEqual([])
  expect(left.has(`${'0'.repeat(32)}.json`)).toBe(true)
  // The ten names that look like a store's own are of the age of the others.
  expect([...left].filter((name) => /^[0-9a-f]{32}\.json$/.test(name)).length).toBeLessThanOrEqual(65)
})
