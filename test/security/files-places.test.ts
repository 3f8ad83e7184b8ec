import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openProject, type ProjectFiles, readDatabase } from '../../src/project/index.js'
import { files, migration } from '../support/fake-project.js'

/** What settings name outside of the project and its environment is not opened; what a real project is made of is. */
let around: string
let folder: string
const HOME = process.env.HOME

const ENVIRON = 'import environ\nenviron.Env.read_env(FILE)\nimport os\nKEY = os.environ.get("KEY")\n'
const settings = (more = '') => `INSTALLED_APPS = ["shop"]\n${more}`
const database = (value: string) => `DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "x", "HOST": ${value}}}\n`

beforeEach(() => {
  around = realpathSync(mkdtempSync(join(tmpdir(), 'migstate-places-')))
  folder = join(around, 'home', 'work', 'project')
  process.env.HOME = join(around, 'home')
  files(around, {
    'home/.aws/credentials': 'KEY=wJalrXUtnFEMI\n',
    'home/.netrc': 'KEY=machine\n',
    'secrets/password': 'KEY=wJalrXUtnFEMI\n',
    'secrets/other.py': 'KEY = "wJalrXUtnFEMI"\nINSTALLED_APPS = ["wJalrXUtnFEMI"]\n',
    'secrets/migrations/__init__.py': '',
    'secrets/migrations/0001_wJalrXUtnFEMI.py': migration(''),
  })
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py': settings(),
    'shop/__init__.py': '',
    'shop/migrations/__init__.py': '',
    'shop/migrations/0001_initial.py': migration(''),
  })
})
afterEach(() => {
  process.env.HOME = HOME
  rmSync(around, { recursive: true, force: true })
})

interface More {
  path?: string[]
  env?: Record<string, string>
  folder?: string
}

const open = ({ path = [], env = {}, folder: place = folder }: More = {}) =>
  openProject({ folder: place, managePy: undefined, settings: undefined, python: undefined, path, env })

/** What HOST of the database is, or the reason why nobody knows. */
function host(more: More = {}): string {
  try {
    return readDatabase(open(more).settings, 'default')?.host ?? '(none)'
  } catch (error) {
    return (error as Error).message
  }
}

const text = (found: ProjectFiles) => JSON.stringify(found)

describe('outside of the project', () => {
  const outside = (file: string, more: string, host = 'KEY') => {
    files(folder, { 'settings.py': settings(`FILE = ${JSON.stringify(file)}\n${more}${database(host)}`) })
  }

  it.each<[string, string]>([
    ['django-environ', ENVIRON],
    ['dotenv', 'from dotenv import load_dotenv\nload_dotenv(FILE)\nimport os\nKEY = os.environ.get("KEY")\n'],
    ['dotenv_values', 'from dotenv import dotenv_values\nKEY = dotenv_values(FILE)["KEY"]\n'],
    ['environs', 'import environs\nenv = environs.Env()\nenv.read_env(FILE)\nKEY = env("KEY")\n'],
    ['open', 'KEY = open(FILE).read()\n'],
    ['Path.read_text', 'from pathlib import Path\nKEY = Path(FILE).read_text()\n'],
  ])('%s reads nothing', (_name, more) => {
    for (const file of [join(around, 'secrets/password'), join(around, 'home/.aws/credentials'), '../../../secrets/password']) {
      outside(file, more)
      expect(host()).toMatch(/cannot be read without running it/)
      expect(host()).not.toContain('wJalr')
    }
  })

  it('the reason names the file and the project', () => {
    outside(join(around, 'secrets/password'), ENVIRON)
    expect(host()).toContain(`${around}/secrets/password lies outside the project (${folder}); --path names more of its folders`)
  })

  it('a variable that is set is known all the same, unless the file wins over it', () => {
    outside(join(around, 'secrets/password'), ENVIRON)
    expect(host({ env: { KEY: 'given' } })).toBe('given')
    outside(join(around, 'secrets/password'), ENVIRON.replace('(FILE)', '(FILE, overwrite=True)'))
    expect(host({ env: { KEY: 'given' } })).toMatch(/lies outside the project/)
  })

  it('a link in the project leads nowhere else', () => {
    symlinkSync(join(around, 'secrets/password'), join(folder, '.env'))
    symlinkSync(join(around, 'secrets'), join(folder, 'inside'))
    for (const file of ['.env', 'inside/password']) {
      outside(join(folder, file), ENVIRON)
      expect(host()).toMatch(/secrets\/password lies outside the project/)
    }
  })

  it('decouple takes no .env that lies above the project', () => {
    files(around, { 'home/settings.ini': '[settings]\nKEY = wJalrXUtnFEMI\n' })
    outside('', 'from decouple import config\nKEY = config("KEY", default="x")\n')
    expect(host()).toMatch(/home\/settings\.ini lies outside the project/)
  })

  it('sys.path, star imports, split-settings and packages that are links', () => {
    for (const more of [
      'import sys\nsys.path.insert(0, SECRETS)\nfrom other import KEY\n',
      'import sys\nsys.path.insert(0, SECRETS)\nfrom other import *\n',
      'from split_settings.tools import include\ninclude("../../../secrets/other.py")\n',
      'from linked import KEY\n',
    ]) {
      rmSync(join(folder, 'linked.py'), { force: true })
      symlinkSync(join(around, 'secrets/other.py'), join(folder, 'linked.py'))
      outside('', more.replace('SECRETS', JSON.stringify(join(around, 'secrets'))))
      expect(host()).toMatch(/lies outside the project/)
      expect(text(open().files())).not.toContain('wJalr')
    }
  })

  it('names in a folder are not told either, and its app is not said to be without migrations', () => {
    outside('', `import os\nKEY = os.listdir(${JSON.stringify(join(around, 'secrets/migrations'))})[1]\n`)
    expect(host()).not.toContain('wJalr')
    rmSync(join(folder, 'shop/migrations'), { recursive: true })
    symlinkSync(join(around, 'secrets/migrations'), join(folder, 'shop/migrations'))
    const found = open().files()
    expect(found).toMatchObject({ apps: [], notFound: ['shop'], problems: [{ message: expect.stringContaining('lies outside the project') }] })
    expect(text(found)).not.toContain('wJalr')
  })

  it('a migration that is a link is unreadable, and the others are read', () => {
    symlinkSync(join(around, 'secrets/other.py'), join(folder, 'shop/migrations/0002_x.py'))
    expect(open().files().apps[0]?.migrations).toMatchObject([
      { problems: [] },
      { problems: [{ message: expect.stringContaining('lies outside the project') }] },
    ])
  })

  it('setup.cfg and other files that name settings', () => {
    files(folder, { 'manage.py': 'x = 1\n' })
    rmSync(join(folder, 'settings.py'))
    files(around, { 'secrets/setup.cfg': 'DJANGO_SETTINGS_MODULE = wJalrXUtnFEMI\n' })
    symlinkSync(join(around, 'secrets/setup.cfg'), join(folder, 'setup.cfg'))
    expect(() => open()).toThrow(/No settings module is known/)
  })

  it('a home that is itself the project keeps its hidden files', () => {
    const home = join(around, 'home')
    files(home, { 'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n', '.env': 'KEY=mine\n' })
    for (const [file, expected] of [
      ['.env', /^mine$/],
      ['.aws/credentials', /lies outside the project/],
      ['.netrc', /lies outside the project/],
    ] as const) {
      files(home, { 'settings.py': settings(`FILE = ${JSON.stringify(join(home, file))}\n${ENVIRON}${database('KEY')}`) })
      expect(host({ folder: home })).toMatch(expected)
    }
  })

  it('a repository that is the home is not the project', () => {
    mkdirSync(join(around, 'home/.git'))
    outside(join(around, 'home/.aws/credentials'), ENVIRON)
    expect(host()).toMatch(/lies outside the project/)
    files(around, { 'home/notes': 'KEY=wJalrXUtnFEMI\n' })
    outside(join(around, 'home/notes'), ENVIRON)
    expect(host()).toMatch(/lies outside the project/)
  })
})

describe('inside of the project', () => {
  const inside = (file: string, more: More = {}) => {
    files(around, { [file]: 'KEY=inside\n' })
    files(folder, { 'settings.py': settings(`FILE = ${JSON.stringify(join(around, file))}\n${ENVIRON}${database('KEY')}`) })
    return host(more)
  }
  const repository = (place: string) => mkdirSync(join(around, place, '.git'), { recursive: true })

  it('the repository around manage.py, and .env beside either', () => {
    expect(inside('home/work/project/conf/.env')).toBe('inside')
    expect(inside('home/work/.env.local')).toBe('inside')
    expect(inside('home/work/conf')).toMatch(/lies outside/)
    repository('home/work')
    expect(inside('home/work/conf')).toBe('inside')
    expect(inside('home/.env')).toBe('inside')
    expect(inside('home/conf')).toMatch(/lies outside/)
  })

  it('a folder above manage.py that looks like the top of a project, as in a container without .git', () => {
    files(around, { 'home/work/pyproject.toml': '' })
    expect(inside('home/work/conf/production')).toBe('inside')
    expect(inside('home/conf')).toMatch(/lies outside/)
  })

  it('what --path and PYTHONPATH name', () => {
    expect(inside('secrets/conf', { path: [join(around, 'secrets')] })).toBe('inside')
    expect(inside('secrets/conf', { env: { PYTHONPATH: join(around, 'secrets') } })).toBe('inside')
  })

  it('links within the project, and a project that is a link', () => {
    files(folder, { 'shared/.env': 'KEY=shared\n', 'shared/0002_x.py': migration('("shop", "0001_initial")') })
    symlinkSync(join(folder, 'shared/.env'), join(folder, '.env'))
    symlinkSync('../../shared/0002_x.py', join(folder, 'shop/migrations/0002_x.py'))
    files(folder, { 'settings.py': settings(`FILE = ".env"\n${ENVIRON}${database('KEY')}`) })
    symlinkSync(folder, join(around, 'current'))
    for (const place of [folder, join(around, 'current')]) {
      expect(host({ folder: place })).toBe('shared')
      expect(open({ folder: place }).files().apps[0]?.migrations).toMatchObject([
        { problems: [] },
        { name: '0002_x', problems: [], dependencies: [{ app: 'shop' }] },
      ])
    }
  })

  /** An environment whose packages lie elsewhere: by a link (uv, Nix), by a .pth file, by the finder of an editable install. */
  it.each<[string, (packages: string) => void]>([
    ['a package that is a link', (packages) => symlinkSync(join(around, 'store/lib'), join(packages, 'lib'))],
    ['a .pth file', (packages) => files(packages, { 'lib.pth': `${join(around, 'store')}\n` })],
    [
      'an editable install',
      (packages) =>
        files(packages, {
          '__editable___lib_finder.py': `MAPPING: dict[str, str] = {'lib': '${join(around, 'store/lib')}'}\n`,
          'lib.pth': 'import __editable___lib_finder; __editable___lib_finder.install()\n',
        }),
    ],
  ])('%s', (_name, install) => {
    const packages = join(folder, '.venv/lib/python3.12/site-packages')
    files(folder, { '.venv/pyvenv.cfg': 'home = /usr/bin\n', 'settings.py': 'from lib.names import APPS\nINSTALLED_APPS = APPS + ["shop"]\n' })
    files(packages, { 'django/__init__.py': 'VERSION = (5, 2, 0, "final", 0)\n' })
    files(around, {
      'store/lib/__init__.py': '',
      'store/lib/names.py': 'APPS = ["lib"]\n',
      'store/lib/migrations/__init__.py': '',
      'store/lib/migrations/0001_a.py': migration(''),
      'store/lib/secret': 'KEY=wJalrXUtnFEMI\n',
    })
    install(packages)
    const found = open().files()
    expect(found).toMatchObject({ complete: true, problems: [], notFound: [] })
    expect(found.apps.map((app) => [app.label, app.migrations.map((one) => one.problems)])).toEqual([
      ['lib', [[]]],
      ['shop', [[]]],
    ])
    // Only Python is read there.
    files(folder, { 'settings.py': settings(`FILE = ${JSON.stringify(join(around, 'store/lib/secret'))}\n${ENVIRON}${database('KEY')}`) })
    expect(host()).toMatch(/lies outside the project/)
  })
})

describe('what is no regular file is not opened', { timeout: 20_000 }, () => {
  const fifo = (path: string) => {
    rmSync(join(folder, path), { recursive: true, force: true })
    mkdirSync(join(folder, path, '..'), { recursive: true })
    execFileSync('mkfifo', [join(folder, path)])
  }

  it('manage.py', () => {
    fifo('manage.py')
    expect(() => open()).toThrow(/manage\.py was not read: it is not a regular file/)
  })

  it('settings', () => {
    fifo('settings.py')
    expect(() => open()).toThrow(/The settings module "settings" was not found/)
  })

  it.each<[string, (path: string) => void]>([
    ['a FIFO', fifo],
    ['a link to a FIFO', (path) => (fifo('pipe'), symlinkSync(join(folder, 'pipe'), join(folder, path)))],
    ['/dev/zero', (path) => symlinkSync('/dev/zero', join(folder, path))],
    ['a link to itself', (path) => symlinkSync(path, join(folder, path))],
    ['a folder', (path) => mkdirSync(join(folder, path))],
  ])('a migration and .env: %s', (_name, make) => {
    make('shop/migrations/0002_x.py')
    rmSync(join(folder, 'pipe'), { force: true })
    make('.env')
    files(folder, { 'settings.py': settings(`FILE = ".env"\n${ENVIRON}${database('KEY')}`) })
    const [good, bad] = open().files().apps[0]?.migrations ?? []
    expect(good).toMatchObject({ problems: [], broken: null })
    expect(bad?.problems).toMatchObject([{ message: expect.stringMatching(/^it is not a regular file$|^it cannot be opened/) }])
    expect(host()).toMatch(_name === 'a link to itself' ? /^$/ : /it is not a regular file/)
  })

  it('pyvenv.cfg and .pth', () => {
    fifo('.venv/pyvenv.cfg')
    fifo('.venv/lib/python3.12/site-packages/x.pth')
    expect(open().files()).toMatchObject({ complete: true, apps: [{ label: 'shop' }] })
  })
})
