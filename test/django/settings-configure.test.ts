import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { planMigrate, rulesFor } from '../../src/migrations/index.js'
import { databaseAliases, openProject, readDatabase } from '../../src/project/index.js'
import { djangos, oneDjango } from '../support/django.js'
import { files } from '../support/fake-project.js'

/** Programs without a settings module: `settings.configure()` in manage.py, as reusable apps and sites of one file have it. */
const python = join(djangos[oneDjango as string] as string, 'bin', 'python')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-configure-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const MIGRATION = 'from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = []\n    operations = []\n'
const app = (name: string) => ({ [`${name}/__init__.py`]: '', [`${name}/migrations/__init__.py`]: '', [`${name}/migrations/0001_m.py`]: MIGRATION })
const START = 'import os\nimport sys\nimport socket\nfrom django.conf import settings\n'
const RUN = '\nif __name__ == "__main__":\n    from django.core.management import execute_from_command_line\n    execute_from_command_line(sys.argv)\n'
const DATABASES = '{"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(os.path.dirname(os.path.abspath(__file__)), "db.sqlite3")}}'

function write(text: string, more: Record<string, string> = {}): void {
  files(folder, { ...app('a'), ...app('b'), ...more, 'manage.py': START + text.replaceAll('DBS', DATABASES) + RUN })
}

const env = (more: Record<string, string> = {}) => ({ PATH: process.env.PATH, ...more })

function djangosPlan(more: Record<string, string> = {}): string[] {
  const said = execFileSync(python, ['manage.py', 'showmigrations', '--plan', '--no-color'], { cwd: folder, env: env(more), encoding: 'utf8' })
  return said.split('\n').flatMap((line) => /^\[ \] {2}(\S+)/.exec(line)?.[1] ?? [])
}

function open(more: Record<string, string> = {}, settings?: string) {
  return openProject({ folder, managePy: undefined, settings, python, path: [], env: env(more) })
}

function plan(more: Record<string, string> = {}): { steps: string[]; blockedBy: string[] } {
  const project = open(more).files()
  const { steps, blockedBy } = planMigrate({ project, rows: [], rules: rulesFor(project.djangoVersion), alias: 'default' })
  return { steps: steps.map((one) => `${one.app}.${one.name}`), blockedBy: blockedBy.map((gate) => gate.message) }
}

describe('what manage.py configures is what Django has', () => {
  it.each<[string, string, Record<string, string>?, Record<string, string>?]>([
    ['options', 'settings.configure(SECRET_KEY="x", INSTALLED_APPS=["a"], DATABASES=DBS)\n'],
    ['only where nobody has', 'if not settings.configured:\n    settings.configure(SECRET_KEY="x", INSTALLED_APPS=["a", "b"], DATABASES=DBS)\n'],
    ['a dict', 'OPTIONS = dict(SECRET_KEY="x", INSTALLED_APPS=["b"], DATABASES=DBS)\nsettings.configure(**OPTIONS)\n'],
    ['a dict and options', 'OPTIONS = {"INSTALLED_APPS": ["b", "a"]}\nsettings.configure(DATABASES=DBS, **OPTIONS)\n'],
    [
      'in a function of another file',
      'from boot import boot\nboot()\n',
      { 'boot.py': `import os\nfrom django.conf import settings\n\n\ndef boot():\n    settings.configure(INSTALLED_APPS=("a",), DATABASES=${DATABASES})\n` },
    ],
    [
      'defaults of a module',
      'import defaults\nsettings.configure(default_settings=defaults, DATABASES=DBS)\n',
      { 'defaults.py': 'from django.conf.global_settings import *\nINSTALLED_APPS = ["b"]\nDATABASES = {}\n' },
    ],
    ['the usual defaults', 'from django.conf import global_settings\nsettings.configure(global_settings, INSTALLED_APPS=["a"], DATABASES=DBS)\n'],
    ['a setting that is set afterwards', 'settings.configure(INSTALLED_APPS=["a"], DATABASES=DBS)\nsettings.INSTALLED_APPS = ["b"]\n'],
    ['a list that grows afterwards', 'APPS = ["a"]\nsettings.configure(INSTALLED_APPS=APPS, DATABASES=DBS)\nAPPS.append("b")\n'],
    ['a setting that grows afterwards', 'settings.configure(INSTALLED_APPS=["a"], DATABASES=DBS)\nsettings.INSTALLED_APPS.append("b")\n'],
    ['a setting that is added to', 'settings.configure(INSTALLED_APPS=["a"], DATABASES=DBS)\nsettings.INSTALLED_APPS += ["b"]\n'],
    ['MIGRATION_MODULES', 'settings.configure(INSTALLED_APPS=["a", "b"], MIGRATION_MODULES={"a": None}, DATABASES=DBS)\n'],
    ['whatever the environment names', 'settings.configure(INSTALLED_APPS=["a"], DATABASES=DBS)\n', {}, { DJANGO_SETTINGS_MODULE: 'nowhere.settings' }],
    [
      'where the environment names none, without',
      'if not os.environ.get("DJANGO_SETTINGS_MODULE"):\n    settings.configure(INSTALLED_APPS=["a"], DATABASES=DBS)\n',
      { 'named.py': `import os\nSECRET_KEY = "x"\nINSTALLED_APPS = ["b"]\nDATABASES = ${DATABASES}\n` },
    ],
    [
      'where the environment names none, with',
      'if not os.environ.get("DJANGO_SETTINGS_MODULE"):\n    settings.configure(INSTALLED_APPS=["a"], DATABASES=DBS)\n',
      { 'named.py': `import os\nSECRET_KEY = "x"\nINSTALLED_APPS = ["b"]\nDATABASES = ${DATABASES}\n` },
      { DJANGO_SETTINGS_MODULE: 'named' },
    ],
  ])('%s', (_name, text, more, variables) => {
    write(text, more)
    const project = open(variables)
    expect(project.files().problems).toEqual([])
    expect(plan(variables)).toEqual({ steps: djangosPlan(variables), blockedBy: [] })
    expect(databaseAliases(project.settings)).toEqual(['default'])
    expect(readDatabase(project.settings, 'default')).toMatchObject({ name: join(folder, 'db.sqlite3') })
  })
})

describe('what is not known of it is not claimed', () => {
  it('options that nobody knows', () => {
    write('settings.configure(DATABASES=DBS, **eval(open("options").read()))\n', { options: '{"INSTALLED_APPS": ["a"]}' })
    expect(djangosPlan()).toEqual(['a.0001_m'])
    expect(plan()).toEqual({ steps: [], blockedBy: [expect.stringContaining('INSTALLED_APPS of manage.py cannot be read whole')] })
  })

  it('defaults that nobody knows, but what is written out is', () => {
    write('import importlib\nsettings.configure(importlib.import_module(socket.gethostname()), INSTALLED_APPS=["a"])\n')
    const project = open()
    expect(project.files().apps.map(({ label }) => label)).toEqual(['a'])
    // MIGRATION_MODULES may be among them.
    expect(plan().blockedBy).toEqual([expect.stringContaining('MIGRATION_MODULES["a"] cannot be read')])
    expect(() => readDatabase(project.settings, 'default')).toThrow(/of manage.py cannot be read without running it/)
  })

  it('where it may be called, or not', () => {
    write('if socket.gethostname() != "x":\n    settings.configure(INSTALLED_APPS=["a"], DATABASES=DBS)\n')
    expect(() => open()).toThrow(/calls settings\.configure\(\) where something holds that cannot be read/)
  })

  it('what is named on the command line is read', () => {
    write('settings.configure(INSTALLED_APPS=["a"], DATABASES=DBS)\n', { 'named.py': 'INSTALLED_APPS = ["b"]\n' })
    expect(
      open({}, 'named')
        .files()
        .apps.map(({ label }) => label),
    ).toEqual(['b'])
  })
})
