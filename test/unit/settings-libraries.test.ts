import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openProject, readDatabase } from '../../src/project/index.js'
import { files } from '../support/fake-project.js'

/** Settings that ask libraries: django-environ, python-decouple, dj-database-url, split-settings, django-configurations, and `.env` files. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-libraries-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function project(settings: string, more: Record<string, string> = {}, env: Record<string, string> = {}) {
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")\n',
    'config/__init__.py': '',
    'config/settings.py': settings,
    ...Object.fromEntries(['a', 'b', 'c'].map((app) => [`${app}/__init__.py`, ''])),
    ...more,
  })
  return openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env })
}

const apps = (settings: string, more: Record<string, string> = {}, env: Record<string, string> = {}) =>
  project(settings, more, env)
    .files()
    .apps.map((app) => app.label)
    .join(' ')
const database = (settings: string, more: Record<string, string> = {}, env: Record<string, string> = {}) =>
  readDatabase(project(settings, more, env).settings, 'default')

describe('databases', () => {
  const URL = 'postgres://me:p%40ss@db.example:5433/shop?sslmode=require'
  const POSTGRESQL = {
    engine: 'django.db.backends.postgresql',
    name: 'shop',
    user: 'me',
    password: 'p@ss',
    host: 'db.example',
    port: '5433',
    options: { sslmode: 'require' },
  }

  it.each([
    ['env.db() of the environment', 'import environ\nenv = environ.Env()\nDATABASES = {"default": env.db()}', { DATABASE_URL: URL }],
    ['env.db with another name', 'import environ\nenv = environ.Env()\nDATABASES = {"default": env.db("MAIN_DB", default="sqlite:///x")}', { MAIN_DB: URL }],
    ['env.db with its default', `import environ\nenv = environ.Env()\nDATABASES = {"default": env.db("MAIN_DB", default="${URL}")}`, {}],
    ['a value that names another variable', 'import environ\nenv = environ.Env()\nDATABASES = {"default": env.db()}', { DATABASE_URL: '$REAL', REAL: URL }],
    ['dj_database_url.config', 'import dj_database_url\nDATABASES = {"default": dj_database_url.config(conn_max_age=600)}', { DATABASE_URL: URL }],
    ['dj_database_url.parse', `import dj_database_url\nDATABASES = {"default": dj_database_url.parse("${URL}")}`, {}],
    ['decouple with a cast', 'from decouple import config\nfrom dj_database_url import parse\nDATABASES = {"default": config("DB", cast=parse)}', { DB: URL }],
    ['environs', 'from environs import Env\nenv = Env()\nDATABASES = {"default": env.dj_db_url("DATABASE_URL")}', { DATABASE_URL: URL }],
  ])('%s', (_name, settings, env) => {
    expect(database(settings, {}, env as Record<string, string>)).toMatchObject(POSTGRESQL)
  })

  it.each([
    ['sqlite:///db.sqlite3', 'db.sqlite3'],
    ['sqlite:////srv/db.sqlite3', '/srv/db.sqlite3'],
    ['sqlite://:memory:', ':memory:'],
  ])('%s', (url, name) => {
    expect(database(`import dj_database_url\nDATABASES = {"default": dj_database_url.parse("${url}")}`)).toMatchObject({
      engine: 'django.db.backends.sqlite3',
      name,
    })
  })

  it.each([
    ['env.db() of nothing', 'import environ\nenv = environ.Env()\nDATABASES = {"default": env.db()}'],
    ['a name that is not set', 'from decouple import config\nDATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": config("DB_NAME")}}'],
    ['os.environ without it', 'import os\nDATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["DB_NAME"]}}'],
  ])('%s is never guessed', (_name, settings) => {
    expect(() => database(settings)).toThrowError(expect.objectContaining({ code: 'database-unknown' }))
  })

  it('take a .env file where the settings read one', () => {
    const dotenv = '# comment\nDB_NAME="from file"\nDB_USER=me\n'
    const environ =
      'import environ\nimport os\nenv = environ.Env(DB_USER=(str, "nobody"))\nBASE = environ.Path(__file__) - 2\nenviron.Env.read_env(str(BASE.path(".env")))\nDATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": env("DB_NAME"), "USER": env("DB_USER")}}'
    expect(database(environ, { '.env': dotenv })).toMatchObject({ name: 'from file', user: 'me' })
    expect(database(environ, { '.env': dotenv }, { DB_NAME: 'from shell' })).toMatchObject({ name: 'from shell', user: 'me' })
    const decouple =
      'from decouple import config\nDATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": config("DB_NAME"), "PORT": config("PORT", default=5432, cast=int)}}'
    expect(database(decouple, { '.env': dotenv })).toMatchObject({ name: 'from file', port: '5432' })
  })
})

describe('INSTALLED_APPS', () => {
  it.each([
    ['env.bool decides', 'import environ\nenv = environ.Env(MORE=(bool, False))\nINSTALLED_APPS = ["a"]\nif env("MORE"):\n    INSTALLED_APPS += ["b"]', 'a b'],
    ['env.list', 'import environ\nenv = environ.Env()\nINSTALLED_APPS = ["a"] + env.list("EXTRA", default=[])', 'a b c'],
    ['decouple with Csv', 'from decouple import config, Csv\nINSTALLED_APPS = ["a"] + config("EXTRA", cast=Csv())', 'a b c'],
    [
      'decouple with bool',
      'from decouple import config\nINSTALLED_APPS = ["a"]\nif config("MORE", default=False, cast=bool):\n    INSTALLED_APPS.append("c")',
      'a c',
    ],
    ['KeyError of the environment', 'import os\ntry:\n    X = os.environ["NOT_THERE"]\nexcept KeyError:\n    X = "b"\nINSTALLED_APPS = ["a", X]', 'a b'],
    ['split-settings', 'from split_settings.tools import include, optional\nBASE = ["a"]\ninclude("base.py", "components/*.py", optional("gone.py"))', 'a b c'],
    [
      'split-settings with absolute files, and paths that are called',
      'import environ\nfrom split_settings.tools import include, optional\nROOT = environ.Path(__file__) - 2\nBASE = ["a"]\ninclude(optional("/config/base.py"), ROOT("config/base.py"), optional(ROOT.path("config", "components/more.py")))',
      'a b c',
    ],
    ['decouple with a function', 'from decouple import config\nINSTALLED_APPS = config("EXTRA", cast=lambda text: ["a"] + text.split(","))', 'a b c'],
    ['decouple casts its default', 'from decouple import config\nINSTALLED_APPS = config("NOT_THERE", default="a+c", cast=lambda v: v.split("+"))', 'a c'],
    ['decouple with a folder', 'from decouple import AutoConfig\nconfig = AutoConfig(search_path="conf")\nINSTALLED_APPS = ["a", config("APP")]', 'a b'],
    [
      'decouple with a file',
      'from decouple import Config, RepositoryEnv\nconfig = Config(RepositoryEnv("conf/.env"))\nINSTALLED_APPS = ["a", config("APP")]',
      'a b',
    ],
    [
      'decouple with an ini file',
      'from decouple import Config, RepositoryIni\nconfig = Config(RepositoryIni("conf/s.ini"))\nINSTALLED_APPS = [config("APP")]',
      'c',
    ],
    ['env with a function', 'import environ\nenv = environ.Env()\nINSTALLED_APPS = env("EXTRA", cast=lambda text: text.split(","))', 'b c'],
    ['env with a function, of the scheme', 'import environ\nenv = environ.Env(EXTRA=(lambda text: text.split(","), []))\nINSTALLED_APPS = env("EXTRA")', 'b c'],
    ['environs: the env that it brings', 'from environs import env\nINSTALLED_APPS = ["a"] + env.list("EXTRA", [])', 'a b c'],
    ['environs: the default by its place', 'from environs import Env\nenv = Env()\nINSTALLED_APPS = [env("NOT_THERE", "a")]', 'a'],
    [
      'environs: a prefix, and one inside of another',
      'from environs import Env\nenv = Env()\nwith env.prefixed("EX") as e:\n    X = e.list("TRA")\n    with env.prefixed("T"):\n        X += env.list("RA", [])\nINSTALLED_APPS = ["a"] + X[:2] + X[4:] + env.list("TRA", [])',
      'a b c',
    ],
    [
      'a slice and an index',
      'INSTALLED_APPS = ["a", "c"]\nINSTALLED_APPS[1:1] = ["b"]\nINSTALLED_APPS.insert(INSTALLED_APPS.index("a"), "c")\nINSTALLED_APPS.pop()',
      'c a b',
    ],
  ])('%s', (_name, settings, expected) => {
    const more = {
      'config/base.py': 'INSTALLED_APPS = BASE + ["b"]\n',
      'config/components/more.py': 'INSTALLED_APPS.append("c")\n',
      'conf/.env': 'APP=b\n',
      'conf/s.ini': '[settings]\nAPP=c\n',
    }
    expect(apps(settings, more, { MORE: 'yes', EXTRA: 'b,c' })).toBe(expected)
  })

  it.each([
    ['a .env file that is perhaps read', 'from dotenv import load_dotenv\nif UNKNOWN:\n    load_dotenv()\nINSTALLED_APPS = ["a"]\nif os.environ.get("X"):'],
    ['environ', 'import environ\nenv = environ.Env()\nif UNKNOWN:\n    env.read_env()\nINSTALLED_APPS = ["a"]\nif env("X", default=""):'],
    ['environs', 'from environs import env\nif UNKNOWN:\n    env.read_env()\nINSTALLED_APPS = ["a"]\nif env("X", ""):'],
  ])('%s: what it may set is not claimed', (_name, text) => {
    const settings = `import os, socket\nUNKNOWN = socket.gethostname() != ""\n${text}\n    INSTALLED_APPS.append("b")\n`
    const read = project(settings, { 'config/.env': 'X=1\n' }).files()
    expect(read.apps.map((app) => [app.label, app.inDoubt !== undefined])).toEqual([
      ['a', false],
      ['b', true],
    ])
  })

  it.each([
    ['subcast', 'from environs import Env\nenv = Env()\nINSTALLED_APPS = env.list("EXTRA", subcast=str.upper)'],
    ['delimiter', 'from environs import Env\nenv = Env()\nINSTALLED_APPS = env.list("EXTRA", delimiter="+")'],
    ['an Env with a prefix of its own', 'from environs import Env\nenv = Env(prefix="EX")\nINSTALLED_APPS = env.list("EXTRA", [])'],
    [
      'a prefix that is not known',
      'import socket\nfrom environs import env\nwith env.prefixed(socket.gethostname()):\n    INSTALLED_APPS = env.list("EXTRA", [])',
    ],
  ])('environs: %s is not guessed', (_name, settings) => {
    expect(project(settings, {}, { EXTRA: 'b,c' }).files().complete).toBe(false)
  })

  it('of a django-configurations class, inherited, as a property, from the environment', () => {
    const settings =
      'from configurations import Configuration, values\n\n\nclass Base(Configuration):\n    DEBUG = values.BooleanValue(False)\n    DATABASES = values.DatabaseURLValue("sqlite:////srv/x.sqlite3")\n    OURS = ["a"]\n\n    @property\n    def INSTALLED_APPS(self):\n        return self.OURS + ["b"]\n\n\nclass Dev(Base):\n    OURS = ["a", "c"]\n'
    expect(apps(settings, {}, { DJANGO_CONFIGURATION: 'Dev' })).toBe('a c b')
    expect(database(settings, {}, { DJANGO_CONFIGURATION: 'Dev' })).toMatchObject({ name: '/srv/x.sqlite3' })
    expect(database(settings, {}, { DJANGO_CONFIGURATION: 'Base', DATABASE_URL: 'mysql://u@h/n' })).toMatchObject({
      engine: 'django.db.backends.mysql',
      name: 'n',
    })
  })

  it('of a django-configurations class with hooks that do other things', () => {
    const settings = (hook: string) =>
      `from configurations import Configuration\n\n\nclass Base(Configuration):\n    INSTALLED_APPS = ["a"]\n    SAME = INSTALLED_APPS\n    OTHER = []\n\n    @classmethod\n    def more(cls):\n        cls.INSTALLED_APPS.append("c")\n\n    @classmethod\n    def post_setup(cls):\n        super().post_setup()\n        ${hook}\n\n\nclass Dev(Base):\n    INSTALLED_APPS = Base.INSTALLED_APPS + ["b"]\n`
    const read = (hook: string, configuration: string) => apps(settings(hook), {}, { DJANGO_CONFIGURATION: configuration })
    expect(read('cls.OTHER.append(1)', 'Dev')).toBe('a b')
    expect(read('super(Base, cls).post_setup()', 'Base')).toBe('a')
    expect(read('cls.SAME.append("b")', 'Dev')).toBe('a b')
    for (const hook of ['cls.SAME.append("b")', 'cls.more()', 'setattr(cls, "X", 1)', 'cls.INSTALLED_APPS += ["b"]', 'apply(cls)'])
      expect(read(hook, 'Base'), hook).not.toBe('a')
  })

  it('finds apps through .pth files and both kinds of editable installs', () => {
    const site = 'venv/lib/python3.12/site-packages'
    const more = {
      'venv/pyvenv.cfg': 'home = /usr/bin\nversion = 3.12.1\n',
      [`${site}/django/__init__.py`]: 'VERSION = (5, 2, 1, "final", 0)\n',
      [`${site}/plain.pth`]: '../../../../src/one\n',
      [`${site}/__editable__.two.pth`]: 'import __editable___two_finder; __editable___two_finder.install()\n',
      [`${site}/__editable___two_finder.py`]: `MAPPING: dict[str, str] = {'two': '${folder}/src/two/two'}\n`,
      'src/one/one/__init__.py': '',
      'src/two/two/__init__.py': '',
      [`${site}/ns/part/__init__.py`]: '',
    }
    expect(apps('INSTALLED_APPS = ["a", "one", "two", "ns.part"]', more)).toBe('a one two part')
  })
})

it('the settings module may be named by a file of another tool', () => {
  files(folder, {
    'manage.py': '',
    'pytest.ini': '[pytest]\nDJANGO_SETTINGS_MODULE = config.settings\n',
    'config/__init__.py': '',
    'config/settings.py': 'INSTALLED_APPS = []\n',
  })
  const opened = openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env: {} })
  expect(opened.settings).toMatchObject({ module: 'config.settings', namedBy: 'other file' })
})
