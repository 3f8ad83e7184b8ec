import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openProject, readDatabase } from '../../src/project/index.js'
import { Files, unchanged } from '../../src/python/files.js'
import { parseDotenv } from '../../src/python/libraries/dotenv.js'
import { classAttribute } from '../../src/python/evaluate/class-attribute.js'
import { parsePython } from '../../src/python/grammar/parse.js'
import { type ClassValue, Scope, type Value } from '../../src/python/evaluate/value.js'
import { files, migration } from '../support/fake-project.js'

/** A name out of a file is data, whatever every object of JavaScript has under it. */
const NAMES = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__']

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-names-'))
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py': 'INSTALLED_APPS = ["shop"]\n',
    'shop/__init__.py': '',
    'shop/migrations/__init__.py': '',
    'shop/migrations/0001_initial.py': migration(''),
  })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const request = (more: object = {}) => ({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env: {}, ...more })
const open = (more: object = {}) => openProject(request(more))
const settings = (text: string) => files(folder, { 'settings.py': `import os\nINSTALLED_APPS = ["shop"]\n${text}` })
const host = (value: string, more: object = {}) => {
  settings(`DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "x", "HOST": ${value}}}\n`)
  return readDatabase(open(more).settings, 'default')?.host
}

describe.each(NAMES)('%s', (name) => {
  it('as an app, in the settings, with --migrations, and in the cache', () => {
    files(folder, {
      'settings.py': `INSTALLED_APPS = ["shop", "${name}"]\nMIGRATION_MODULES = {"__proto__": None}\n`.replace('{"__proto__": None}', '{}'),
      [`${name}/__init__.py`]: '',
      [`${name}/migrations/__init__.py`]: '',
      [`${name}/migrations/0001_initial.py`]: migration('("shop", "0001_initial")'),
      'elsewhere/__init__.py': '',
      'elsewhere/0001_other.py': migration(''),
    })
    const cacheFolder = join(folder, 'cache', 'files')
    for (const round of [1, 2]) {
      const found = open({ cacheFolder }).files()
      expect([round, found.apps.map((app) => [app.label, app.migrations.map((one) => one.name)]), found.problems]).toEqual([
        round,
        [
          ['shop', ['0001_initial']],
          [name, ['0001_initial']],
        ],
        [],
      ])
    }
    const migrations = Object.fromEntries([[name, join(folder, 'elsewhere')]])
    expect(open({ migrations }).files().apps[1]).toMatchObject({ label: name, migrations: [{ name: '0001_other' }] })
    expect(open({ migrations: { shop: join(folder, 'elsewhere') } }).files().apps[1]).toMatchObject({ label: name, migrations: [{ name: '0001_initial' }] })
  })

  it('as a migration and in what others depend on', () => {
    files(folder, { [`shop/migrations/${name}.py`]: migration(`("shop", "${name}"), ("${name}", "__first__"), ("${name}", "${name}")`) })
    const found = open()
      .files()
      .apps[0]?.migrations.find((one) => one.file.endsWith(`/${name}.py`))
    // Django passes over names that begin with an underscore.
    if (name.startsWith('_')) expect(found).toBeUndefined()
    else
      expect(found).toMatchObject({
        name,
        problems: [],
        dependencies: [
          { app: 'shop', name },
          { app: name, name: '__first__' },
          { app: name, name },
        ],
      })
  })

  it('as an operation, an exception, an attribute, a library, a cast: nothing is claimed of it', () => {
    files(folder, {
      'shop/migrations/0002_x.py': migration('', `migrations.${name}("a"), ${name}("b")`).replace(
        'class Migration',
        `class Other(migrations.Migration):\n    pass\n\n\nQ = Other.${name}\ntry:\n    raise ${name}("x")\nexcept ValueError:\n    pass\nexcept Exception:\n    pass\n\n\nclass Migration`,
      ),
    })
    const [, file] = open().files().apps[0]?.migrations ?? []
    expect(file).toMatchObject({ broken: null, operations: [{ data: null, schema: null, reversible: null }, { data: null }] })
    settings(`import environ\nimport ${name}\nenv = environ.Env()\nX = env.${name}("A")\nY = ${name}.x("A")\nZ = isinstance(1, ${name})\n`)
    expect(open().files()).toMatchObject({ apps: [{ label: 'shop' }] })
  })

  it("as an attribute of Django's own Migration, which has none of that name", () => {
    const bases: Value[] = [{ kind: 'reference', name: 'django.db.migrations.Migration' }]
    const owner: ClassValue = { kind: 'class', name: 'Migration', bases, scope: new Scope(), line: 1, decorated: false, file: parsePython('x.py', '') }
    expect(classAttribute({ resolve: (value) => value }, owner, name)).toBeUndefined()
    expect(classAttribute({ resolve: (value) => value }, owner, 'operations')).toEqual({ kind: 'list', items: [] })
  })

  it('as a variable of the environment', () => {
    expect(host(`os.environ.get("${name}", "none")`)).toBe('none')
    expect(host(`os.environ.get("${name}", "none")`, { env: Object.fromEntries([[name, 'given']]) })).toBe('given')
    expect(host(`"there" if "${name}" in os.environ else "none"`)).toBe('none')
    const cacheFolder = join(folder, 'cache', 'files')
    settings(`X = os.environ.get("${name}")\n`)
    for (const more of [{}, {}, { env: Object.fromEntries([[name, 'given']]) }]) expect(open({ ...more, cacheFolder }).files().complete).toBe(true)
    expect([...parseDotenv(`${name}=x`)]).toEqual([[name, 'x']])
  })

  it('as a key of OPTIONS: it changes no other one', () => {
    settings(`DATABASES = {"default": {"ENGINE": "x", "NAME": "y", "OPTIONS": {"${name}": {"sslmode": "disable", "isAdmin": True}}}}\n`)
    const options = readDatabase(open().settings, 'default')?.options ?? {}
    expect(Object.keys(options)).toEqual([name])
    expect(options.sslmode).toBeUndefined()
    expect(Object.hasOwn(options, 'constructor') || options.constructor === undefined).toBe(true)
    expect(({} as Record<string, unknown>).isAdmin).toBeUndefined()
  })
})

describe('names that pkgutil lists are kept, whatever they are made of', () => {
  it.each(['0002_a\nError [x] forged', '0002_a\u2028b', '0002_\u001b[31mred', '0002_\u202etxt', '0002_a b', "0002_'; DROP TABLE x; --", '0002_\r'])(
    '%j',
    (name) => {
      files(folder, { [`shop/migrations/${name}.py`]: migration('("shop", "0001_initial")') })
      expect(
        open()
          .files()
          .apps[0]?.migrations.map((one) => [one.name, one.problems]),
      ).toEqual([
        ['0001_initial', []],
        [name, []],
      ])
    },
  )

  it('and a folder of two names is not one of a name with a line break', () => {
    const place = join(folder, 'names')
    files(place, { 'a\nb': '' })
    const seen = new Files()
    seen.list(place)
    expect(unchanged(seen.seen)).toBe(true)
    rmSync(join(place, 'a\nb'))
    files(place, { a: '', b: '' })
    expect(unchanged(seen.seen)).toBe(false)
  })

  it('and two names are not one with a line break', () => {
    const cacheFolder = join(folder, 'cache', 'files')
    const names = () =>
      open({ cacheFolder })
        .files()
        .apps[0]?.migrations.map((one) => one.name)
    files(folder, { 'shop/migrations/0002_a.py\n0003_b.py': migration('') })
    names()
    rmSync(join(folder, 'shop/migrations/0002_a.py\n0003_b.py'))
    files(folder, { 'shop/migrations/0002_a.py': migration(''), 'shop/migrations/0003_b.py': migration('') })
    expect(names()).toEqual(['0001_initial', '0002_a', '0003_b'])
  })
})
