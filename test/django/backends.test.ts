import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fromSetting } from '../../src/api/connection.js'
import { openProject, readDatabase } from '../../src/project/index.js'
import { djangos, oneDjango } from '../support/django.js'
import { files } from '../support/fake-project.js'

const python = join(djangos[oneDjango as string] as string, 'bin', 'python')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-backends-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const SETTINGS = (engine: string) =>
  `import os\nSECRET_KEY = "x"\nINSTALLED_APPS = []\nDATABASES = {"default": {"ENGINE": "${engine}", "NAME": os.path.join(os.path.dirname(__file__), "db.sqlite3")}}\n`
function opened(engine: string, more: Record<string, string> = {}) {
  files(folder, { 'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n', 'settings.py': SETTINGS(engine), ...more })
  return openProject({ folder, managePy: undefined, settings: undefined, python, path: [], env: {} })
}
const family = (engine: string, more?: Record<string, string>) => readDatabase(opened(engine, more).settings, 'default')?.family

/** A backend of the project's own is what it derives from, whatever it is called; Django says which. */
it.each([
  [
    'a class of its own',
    'company.postgres_proxy',
    {
      'company/__init__.py': '',
      'company/postgres_proxy/__init__.py': '',
      'company/postgres_proxy/base.py': 'from django.db.backends.sqlite3 import base\n\n\nclass DatabaseWrapper(base.DatabaseWrapper):\n    pass\n',
    },
  ],
  [
    'everything of it',
    'company.db',
    { 'company/__init__.py': '', 'company/db/__init__.py': '', 'company/db/base.py': 'from django.db.backends.sqlite3.base import *\n' },
  ],
  [
    'a base that is imported by name',
    'company.mysql_like',
    {
      'company/__init__.py': '',
      'company/mysql_like/__init__.py': '',
      'company/mysql_like/impl.py':
        'from importlib import import_module\n\n\ndef wrapper():\n    return import_module("django.db.backends.sqlite3.base").DatabaseWrapper\n',
      'company/mysql_like/base.py': '# not django.db.backends.mysql\nfrom . import impl\n\n\nclass DatabaseWrapper(impl.wrapper()):\n    pass\n',
    },
  ],
])('%s', (_name, engine, more) => {
  const found = family(engine, more)
  const code =
    'import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "settings"\nimport django\ndjango.setup()\nfrom django.db import connection\nprint(connection.vendor)'
  expect(found).toBe(execFileSync(python, ['-c', code], { cwd: folder, encoding: 'utf8' }).trim())
})

it.each([
  ['django.db.backends.postgresql_psycopg2', 'postgresql'],
  ['django.contrib.gis.db.backends.spatialite', 'sqlite'],
  ['mysql.connector.django', 'mysql'],
  ['psqlextra.backend', 'postgresql'],
  ['mssql', 'microsoft'],
  ['django.db.backends.oracle', 'oracle'],
  ['company.backend', null],
])('%s is known by its name', (engine, expected) => {
  expect(family(engine)).toBe(expected)
})

it.each([
  ['mssql', 'SQL Server'],
  ['django.db.backends.oracle', 'Oracle'],
])('%s is named as not supported, with what works all the same', (engine, name) => {
  const project = opened(engine)
  const setting = readDatabase(project.settings, 'default')
  if (!setting) throw new Error('no setting')
  expect(() => fromSetting(setting, 'default', project)).toThrowError(
    expect.objectContaining({
      code: 'database-unknown',
      message: expect.stringContaining(`${name} is not supported`),
      hint: expect.stringContaining('"plan"'),
    }),
  )
})
