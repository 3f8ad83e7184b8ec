import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openProject } from '../../src/project/index.js'
import { files } from '../support/fake-project.js'
import { agreesWithPython, type SettingsCase } from '../support/settings-case.js'

/** What raises without saying so where it stands: folders that are not there, names, libraries. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-refused-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const UNSORTED = Object.fromEntries(['c', 'a', 'b'].map((name) => [`apps/${name}`, '']))

const CASES: SettingsCase[] = [
  [
    'os.listdir of no folder',
    'import os\nINSTALLED_APPS = ["a"]\ntry:\n    X = os.listdir("/nope")\nexcept OSError:\n    INSTALLED_APPS.append("b")',
    { certain: true },
  ],
  [
    'os.listdir of a file',
    'import os\nINSTALLED_APPS = ["a"]\ntry:\n    X = os.listdir("manage.py")\nexcept NotADirectoryError:\n    INSTALLED_APPS.append("b")',
    { certain: true },
  ],
  [
    'a loop over no folder',
    'from pathlib import Path\nINSTALLED_APPS = ["a"]\ntry:\n    for one in Path("/nope").iterdir():\n        INSTALLED_APPS.append("c")\nexcept FileNotFoundError:\n    INSTALLED_APPS.append("b")',
    { certain: true },
  ],
  ['the order of a folder', 'import os\nINSTALLED_APPS = os.listdir("apps")', { files: UNSORTED, certain: true }],
  ['the last file of a folder', 'import glob\nimport os\nINSTALLED_APPS = [os.path.basename(glob.glob("apps/*")[-1])]', { files: UNSORTED, certain: true }],
  [
    'import_string of a module that is not there',
    'from django.utils.module_loading import import_string\nINSTALLED_APPS = ["a"]\ntry:\n    X = import_string("nope.X")\nexcept ImportError:\n    INSTALLED_APPS.append("b")',
    { certain: true },
  ],
  [
    'import_string of a name that is not there',
    'from django.utils.module_loading import import_string\nINSTALLED_APPS = ["a"]\ntry:\n    X = import_string("base.X")\n    INSTALLED_APPS.append(X)\n    Y = import_string("base.Y")\nexcept ImportError:\n    INSTALLED_APPS.append("c")',
    { files: { 'base.py': 'X = "b"\n' }, certain: true },
  ],
]

it.each(CASES)('%s', (_name, settings, more = {}) => agreesWithPython(folder, settings, more))

const APPS = 'INSTALLED_APPS = ["a"]\ntry:\n'
const LIBRARIES: [library: string, settings: string][] = [
  [
    'django-environ',
    `import environ\nfrom django.core.exceptions import ImproperlyConfigured\nenv = environ.Env()\n${APPS}    X = env("NOPE")\nexcept ImproperlyConfigured:`,
  ],
  ['python-decouple', `from decouple import config, UndefinedValueError\n${APPS}    X = config("NOPE")\nexcept UndefinedValueError:`],
  ['environs', `from environs import Env\nenv = Env()\n${APPS}    X = env("NOPE")\nexcept ValueError:`],
  ['split-settings', `from split_settings.tools import include\n${APPS}    include("nope.py")\nexcept IOError:`],
]

function read(settings: string, more: Record<string, string> = {}) {
  const apps = Object.fromEntries(['a', 'b'].flatMap((app) => [`${app}/__init__.py`, `${app}/migrations/__init__.py`].map((file) => [file, ''])))
  files(folder, { 'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n', 'settings.py': settings, ...apps, ...more })
  const project = openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env: {} }).files()
  return { labels: project.apps.map(({ label }) => label), complete: project.complete, problems: project.problems }
}

it.each(LIBRARIES)('%s raises where the settings wait for it', (_library, settings) => {
  expect(read(`${settings}\n    INSTALLED_APPS.append("b")\n`)).toMatchObject({ labels: ['a', 'b'], complete: true })
})

it.each([
  ['a scheme', 'import dj_database_url', 'dj_database_url.parse("foo://h/n")'],
  ['a number', 'import environ\nimport os\nos.environ["N"] = "x"\nenv = environ.Env()', 'env.int("N")'],
])('a library may raise for the sake of %s that it does not know', (_name, imports, call) => {
  expect(read(`${imports}\n${APPS}    X = ${call}\nexcept ValueError:\n    INSTALLED_APPS.append("b")\n`).complete).toBe(false)
})

it('split-settings runs each file once, and says which', () => {
  const settings =
    'from split_settings.tools import include, optional\nINSTALLED_APPS = []\ninclude("one.py", optional(None))\ninclude("one.py", "./one.py", optional(""))\n'
  const one = 'import os\nINSTALLED_APPS.append(os.path.basename(__included_file__)[0].replace("o", "a"))\n'
  expect(read(settings, { 'one.py': one })).toMatchObject({ labels: ['a'], complete: true })
})

it('nothing is sure after an include of a file that is not there', () => {
  const { complete, problems } = read('from split_settings.tools import include\nINSTALLED_APPS = ["a"]\ninclude("nope.py")\n')
  expect(complete).toBe(false)
  expect(problems[0]?.message).toContain('nope.py, and without it Python fails here too')
})
