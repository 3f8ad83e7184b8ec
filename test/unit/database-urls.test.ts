import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openProject } from '../../src/project/index.js'
import type { Value } from '../../src/python/evaluate/value.js'
import { files } from '../support/fake-project.js'

/** What dj-database-url and django-environ make of a URL, key by key, as they are themselves: settings go on with it. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-database-urls-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function entry(settings: string, distribution?: string): unknown {
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py': settings,
    ...(distribution === undefined ? {} : { [`${distribution}.dist-info/METADATA`]: '' }),
  })
  const { settings: read } = openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env: {} })
  return plain(read.get('D') as Value)
}

function plain(value: Value): unknown {
  if (value.kind === 'dict') return Object.fromEntries(value.entries.map(([key, one]) => [plain(key), plain(one)]))
  if ('items' in value) return value.items.map(plain)
  return value.kind === 'none' ? null : 'value' in value ? value.value : value.kind
}

const dj = (url: string, more = '') => `import dj_database_url\nD = dj_database_url.parse("${url}"${more})\n`
const environ = (url: string, more = '') => `import environ\nenv = environ.Env()\nD = env.db("NONE", default="${url}"${more})\n`

const NOTHING = { USER: '', PASSWORD: '', HOST: '', PORT: '' }
const OWN = { CONN_MAX_AGE: 0, CONN_HEALTH_CHECKS: false, DISABLE_SERVER_SIDE_CURSORS: false }
const POSTGRESQL = { ENGINE: 'django.db.backends.postgresql', NAME: 'n', USER: 'u', PASSWORD: 'p', HOST: 'h', PORT: 5432 }

it.each([
  ['a port is a number', dj('postgres://u:p@H:5432/n'), { ...POSTGRESQL, ...OWN }],
  ['SQLite has a place as well', dj('sqlite:///x.db'), { ENGINE: 'django.db.backends.sqlite3', NAME: 'x.db', ...NOTHING, ...OWN }],
  ['but for one way to say it', dj('sqlite://:memory:'), { ENGINE: 'django.db.backends.sqlite3', NAME: ':memory:' }],
  [
    'what is given',
    dj('postgres://u:p@h:5432/n', ', conn_max_age=600, conn_health_checks=True'),
    { ...POSTGRESQL, ...OWN, CONN_MAX_AGE: 600, CONN_HEALTH_CHECKS: true },
  ],
  ['… by position', dj('postgres://u:p@h:5432/n', ', "x.y", 600'), { ...POSTGRESQL, ...OWN, ENGINE: 'x.y', CONN_MAX_AGE: 600 }],
  ['… for tests', dj('postgres://u:p@h:5432/n', ', test_options={"NAME": "t"}'), { ...POSTGRESQL, ...OWN, TEST: { NAME: 't' } }],
  ['options are typed', dj('postgres://u:p@h:5432/n?a=5&b=true&c=x&d=&e=1&e=2'), { ...POSTGRESQL, ...OWN, OPTIONS: { a: 5, b: true, c: 'x', e: [1, 2] } }],
  ['a search path', dj('postgres://u:p@h:5432/n?currentSchema=s'), { ...POSTGRESQL, ...OWN, OPTIONS: { options: '-c search_path=s' } }],
  ['a certificate', dj('mysql://u:p@h:5432/n?ssl-ca=/c'), { ...POSTGRESQL, ENGINE: 'django.db.backends.mysql', ...OWN, OPTIONS: { ssl: { ca: '/c' } } }],
  ['TLS', dj('mysql://u:p@h:5432/n', ', ssl_require=True'), { ...POSTGRESQL, ENGINE: 'django.db.backends.mysql', ...OWN, OPTIONS: { sslmode: 'require' } }],
  ['a socket', dj('postgres://%2Fvar%2FRun/n'), { ...POSTGRESQL, ...NOTHING, ...OWN, HOST: '/var/Run' }],
  ['a server whose port is text', dj('mssql://u:p@h:5432/n'), { ...POSTGRESQL, ENGINE: 'sql_server.pyodbc', PORT: '5432', ...OWN }],
  ['a scheme that is none of its', dj('mariadb://h/n'), 'unknown'],
])('dj-database-url: %s', (_name, settings, expected) => expect(entry(settings)).toEqual(expected))

it.each([
  ['0.5.0', { OPTIONS: { a: '5', b: 'true', e: '2' }, CONN_MAX_AGE: 0 }],
  ['2.1.0', { OPTIONS: { a: 5, b: 'true', e: 2 }, CONN_MAX_AGE: 0, CONN_HEALTH_CHECKS: false }],
  ['2.3.0', { OPTIONS: { a: 5, b: true, e: 2 }, ...OWN }],
])('dj-database-url %s', (version, more) => {
  expect(entry(dj('postgres://u:p@h:5432/n?a=5&b=true&e=1&e=2'), `dj_database_url-${version}`)).toEqual({ ...POSTGRESQL, ...more })
})

it.each([
  ['a port is a number', environ('psql://u:p@H:5432/n'), POSTGRESQL],
  ['SQLite has a place as well', environ('sqlite:///x.db'), { ENGINE: 'django.db.backends.sqlite3', NAME: 'x.db', ...NOTHING }],
  [
    "Django's own keys are not the driver's",
    environ('pgsql://u:p@h:5432/n?conn_max_age=60&ATOMIC_REQUESTS=True&a=5&b=true'),
    {
      ...POSTGRESQL,
      CONN_MAX_AGE: 60,
      ATOMIC_REQUESTS: true,
      OPTIONS: { a: 5, b: 'true' },
    },
  ],
  ['a query of nothing', environ('pgsql://u:p@h:5432/n?a='), { ...POSTGRESQL, OPTIONS: {} }],
  ['a socket', environ('postgres:////var/run/n'), { ...POSTGRESQL, ...NOTHING, HOST: '/var/run' }],
  ['Oracle by its SID', environ('oracle://u:p@sid'), { ENGINE: 'django.db.backends.oracle', NAME: 'sid', USER: 'u', PASSWORD: 'p', HOST: '' }],
  ['an engine that is given', environ('postgres://u:p@h:5432/n', ', engine="x.y"'), { ...POSTGRESQL, ENGINE: 'x.y' }],
  ['any other scheme is the engine', environ('mariadb://u:p@h:5432/n'), { ...POSTGRESQL, ENGINE: 'mariadb' }],
  ['a password that is not quoted', environ('postgres://u:p#q@h'), { ...POSTGRESQL, NAME: '', PASSWORD: 'p#q', PORT: '' }],
  ['nothing', environ(''), {}],
])('django-environ: %s', (_name, settings, expected) => expect(entry(settings)).toEqual(expected))

it('django-configurations names the alias', () => {
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\nos.environ.setdefault("DJANGO_CONFIGURATION", "Dev")\n',
    'settings.py':
      'from configurations import Configuration, values\n\n\nclass Dev(Configuration):\n    DATABASES = values.DatabaseURLValue("sqlite:///x", alias="other", conn_max_age=5)\n',
  })
  const { settings } = openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env: {} })
  expect(plain(settings.get('DATABASES') as Value)).toMatchObject({ other: { NAME: 'x', CONN_MAX_AGE: 5 } })
})
