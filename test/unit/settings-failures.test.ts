import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openProject, readDatabase } from '../../src/project/index.js'
import { files } from '../support/fake-project.js'

/** Where settings do not run here, they name the line that a person has to look at, as Python's traceback would. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-failures-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const DATABASES = 'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": SECRET}}\n'

/** What is said of a project whose database cannot be read from its files. */
function failure(settings: string, more: Record<string, string> = {}): string | undefined {
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")\n',
    'config/__init__.py': '',
    'config/settings.py': settings + DATABASES,
    ...more,
  })
  const project = openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env: {} })
  try {
    readDatabase(project.settings, 'default')
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

it.each<[string, string, Record<string, string>, string, number, RegExp]>([
  [
    'an environment variable',
    'import os\n\nSECRET = os.environ["SECRET"]\n',
    {},
    'config/settings.py',
    3,
    /the environment has no SECRET, and without it Python fails here too/,
  ],
  [
    'an environment variable of a module that is imported with a star',
    'from .base import *\nDEBUG = True\n',
    { 'config/base.py': 'import os\nA = 1\nSECRET = os.environ["SECRET"]\n' },
    'config/base.py',
    3,
    /the environment has no SECRET, and without it Python fails here too/,
  ],
  [
    'a helper that asks for a variable and says so',
    'from config.helpers import required\n\nSECRET = required("SECRET")\n',
    {
      'config/helpers.py':
        'import os\nfrom django.core.exceptions import ImproperlyConfigured\n\ndef required(name):\n    try:\n        return os.environ[name]\n    except KeyError:\n        raise ImproperlyConfigured(f"Set the {name} variable")\n',
    },
    'config/helpers.py',
    8,
    /ImproperlyConfigured: Set the SECRET variable/,
  ],
  [
    'django-environ',
    'import environ\nenv = environ.Env()\nA = 1\nSECRET = env("SECRET")\n',
    {},
    'config/settings.py',
    4,
    /the environment has no SECRET, and without it Python fails here too/,
  ],
  [
    'a module of the project that is not there',
    'A = 1\nfrom config.local import *\n',
    {},
    'config/settings.py',
    2,
    /config\.local.*, and without it Python fails here too/,
  ],
  [
    'a module of the project that is not there, named by another one',
    'from config.base import *\n',
    { 'config/base.py': 'A = 1\nB = 2\nfrom config.secrets import SECRET\n' },
    'config/base.py',
    3,
    /config\.secrets.*, and without it Python fails here too/,
  ],
  [
    'a syntax error in a module that is imported',
    'from config.base import *\n',
    { 'config/base.py': 'A = 1\nB = = 2\n' },
    'config/base.py',
    2,
    /SyntaxError.*in Python too/,
  ],
])('%s', (_name, settings, more, file, line, reason) => {
  const found = failure(settings, more)
  expect(found).toContain(`(${join(folder, file)}:${line}: `)
  expect(found).toMatch(reason)
})

it('what a try catches is no failure', () => {
  expect(failure('try:\n    from config.local import *\nexcept ImportError:\n    SECRET = "x"\n')).toBeUndefined()
})
