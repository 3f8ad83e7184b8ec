import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openProject, readDatabase } from '../../src/project/index.js'
import { files } from '../support/fake-project.js'

/** Settings as people write them: what Django would see, or an honest "unknown"; never another database. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-settings-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "proj.settings")\n'
const APPS = Object.fromEntries(['a', 'b', 'c'].map((app) => [`${app}/__init__.py`, '']))

function project(entries: Record<string, string>, env: Record<string, string> = {}) {
  files(folder, { 'manage.py': MANAGE, 'proj/__init__.py': '', ...APPS, ...entries })
  return openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env })
}

const apps = (settings: string, more: Record<string, string> = {}, env: Record<string, string> = {}) => {
  const { apps: found, complete } = project({ 'proj/settings.py': settings, ...more }, env).files()
  return [found.map((app) => app.label).join(' '), complete]
}

describe('INSTALLED_APPS', () => {
  it.each([
    ['a list', 'INSTALLED_APPS = ["a", "b"]', 'a b'],
    ['a tuple', 'INSTALLED_APPS = ("a", "b",)', 'a b'],
    ['a sum', 'X = ["a"]\nY = ["b"]\nINSTALLED_APPS = X + Y', 'a b'],
    ['stars', 'X = ["a"]\nINSTALLED_APPS = [*X, "b"]', 'a b'],
    ['+=', 'INSTALLED_APPS = ["a"]\nINSTALLED_APPS += ["b"]', 'a b'],
    ['append and insert', 'INSTALLED_APPS = ["b"]\nINSTALLED_APPS.append("c")\nINSTALLED_APPS.insert(0, "a")', 'a b c'],
    ['a second name for the same list', 'X = ["a"]\nINSTALLED_APPS = X\nX.append("b")\nX += ["c"]', 'a b c'],
    ['a known branch', 'DEBUG = True\nINSTALLED_APPS = ["a"]\nif DEBUG:\n    INSTALLED_APPS += ["b"]', 'a b'],
    ['a branch not taken', 'DEBUG = False\nINSTALLED_APPS = ["a"]\nif DEBUG:\n    INSTALLED_APPS += ["b"]\nelse:\n    INSTALLED_APPS += ["c"]', 'a c'],
    ['an environment branch', 'import os\nINSTALLED_APPS = ["a"]\nif os.environ.get("MORE") == "1":\n    INSTALLED_APPS += ["b"]', 'a b'],
    ['a comprehension', 'X = ["a", "b", "c"]\nINSTALLED_APPS = [x for x in X if x != "b"]', 'a c'],
    ['a helper function', 'def more(x):\n    return [x, "b"]\nINSTALLED_APPS = more("a")', 'a b'],
    ['an import that is not there', 'INSTALLED_APPS = ["a"]\ntry:\n    from .local import *\nexcept ImportError:\n    INSTALLED_APPS += ["b"]', 'a b'],
    ['a name that is not there', 'try:\n    from .local import EXTRA\nexcept ImportError:\n    EXTRA = ["b"]\nINSTALLED_APPS = ["a"] + EXTRA', 'a b'],
    ['try with else', 'INSTALLED_APPS = ["a"]\ntry:\n    import os\nexcept ImportError:\n    pass\nelse:\n    INSTALLED_APPS += ["b"]', 'a b'],
  ])('%s', (_name, settings, expected) => {
    expect(apps(settings, {}, { MORE: '1' })).toEqual([expected, true])
  })

  it('follows star imports and submodules of a settings package', () => {
    const base = { 'proj/base.py': 'INSTALLED_APPS = ["a"]\n' }
    expect(apps('from .base import *\nINSTALLED_APPS += ["b"]', base)).toEqual(['a b', true])
    expect(apps('from . import base\nINSTALLED_APPS = base.INSTALLED_APPS + ["b"]', base)).toEqual(['a b', true])
    expect(apps('import proj.base as other\nINSTALLED_APPS = other.INSTALLED_APPS', base)).toEqual(['a', true])
  })

  it('runs the packages above the settings first', () => {
    const above = {
      'proj/__init__.py': 'import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), "bundled"))\nos.environ.setdefault("WHICH", "b")\n',
      'proj/bundled/more.py': 'MORE = ["c"]\n',
    }
    expect(apps('import os\nfrom more import MORE\nINSTALLED_APPS = ["a", os.environ["WHICH"]] + MORE', above)).toEqual(['a b c', true])
  })

  it('says when it depends on something unknown, and keeps what both ways have', () => {
    expect(apps('INSTALLED_APPS = ["a"]\nif something():\n    INSTALLED_APPS += ["b"]')).toEqual(['a b', false])
    expect(apps('INSTALLED_APPS = ["a"] + discover()')).toEqual(['a', false])
  })
})

describe('DATABASES', () => {
  const name = (settings: string, more: Record<string, string> = {}, env: Record<string, string> = {}) => {
    const opened = project({ 'proj/settings.py': settings, ...more }, env)
    return readDatabase(opened.settings, 'default')?.name.replace(folder, '.')
  }
  const one = (text: string) => `DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ${text}}}`

  it.each([
    ['pathlib', `from pathlib import Path\nBASE_DIR = Path(__file__).resolve().parent.parent\n${one('BASE_DIR / "db.sqlite3"')}`],
    ['pathlib as text', `from pathlib import Path\nBASE_DIR = Path(__file__).resolve().parent.parent\n${one('str(BASE_DIR / "db.sqlite3")')}`],
    ['os.path', `import os\nBASE_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))\n${one('os.path.join(BASE_DIR, "db.sqlite3")')}`],
    ['os.pardir', `import os\nHERE = os.path.dirname(__file__)\n${one('os.path.normpath(os.path.join(HERE, os.pardir, "db.sqlite3"))')}`],
    ['a format string', `import os\nR = os.path.dirname(os.path.dirname(__file__))\n${one('f"{R}/db.sqlite3"')}`],
    ['a later item', `import os\n${one('"x"')}\nDATABASES["default"]["NAME"] = os.path.join(os.path.dirname(os.path.dirname(__file__)), "db.sqlite3")`],
    ['a second name', `import os\n${one('"x"')}\ndb = DATABASES["default"]\ndb["NAME"] = os.path.dirname(os.path.dirname(__file__)) + "/db.sqlite3"`],
    ['a loop', `import os\n${one('"x"')}\nfor d in DATABASES.values():\n    d["NAME"] = os.path.dirname(os.path.dirname(__file__)) + "/db.sqlite3"`],
    [
      'a function',
      `import os\n${one('"x"')}\ndef setup():\n    DATABASES["default"]["NAME"] = os.path.dirname(os.path.dirname(__file__)) + "/db.sqlite3"\nsetup()`,
    ],
    ['update', `import os\n${one('"x"')}\nDATABASES["default"].update(NAME=os.path.dirname(os.path.dirname(__file__)) + "/db.sqlite3")`],
  ])('%s', (_name, settings) => {
    expect(name(settings)).toBe('./db.sqlite3')
  })

  it.each([
    ['exec', 'exec(open("x").read())'],
    ['globals', 'globals().clear()'],
    ['an unknown branch', 'if anything():\n    DATABASES["default"]["NAME"] = "y"'],
    ['a match statement', 'match anything():\n    case 1:\n        DATABASES["default"]["NAME"] = "y"'],
    ['a with block', 'with anything():\n    from .other import *'],
    ['a call', 'DATABASES["default"]["NAME"] = anything()'],
    ['an environment variable that is not set', 'import os\nDATABASES["default"]["NAME"] = os.environ["NOT_SET"]'],
  ])('is unknown, not guessed, after %s', (_name, line) => {
    expect(() => name(`${one('"x"')}\n${line}`)).toThrowError(expect.objectContaining({ code: 'database-unknown', exitCode: 2 }))
  })

  it('names the aliases there are', () => {
    expect(() => readDatabase(project({ 'proj/settings.py': one('"x"') }).settings, 'other')).toThrowError(
      expect.objectContaining({ code: 'unknown-alias', hint: expect.stringContaining('default') }),
    )
  })
})

describe('the settings module', () => {
  const opened = (manage: string, env: Record<string, string> = {}, more: Record<string, string> = {}) =>
    project({ 'manage.py': manage, 'proj/settings.py': '', 'proj/dev.py': '', 'proj/prod.py': '', ...more }, env).settings.module
  const main = (body: string) => `import os\nimport sys\n\ndef main():\n${body}\n\nif __name__ == "__main__":\n    main()\n`

  it('is what manage.py sets, the environment first', () => {
    expect(opened(MANAGE)).toBe('proj.settings')
    expect(opened(MANAGE, { DJANGO_SETTINGS_MODULE: 'proj.dev' })).toBe('proj.dev')
    expect(
      opened(main('    # os.environ.setdefault("DJANGO_SETTINGS_MODULE", "proj.old")\n    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "proj.dev")')),
    ).toBe('proj.dev')
  })

  it('follows a branch of manage.py', () => {
    const body =
      '    if os.environ.get("PROD"):\n        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "proj.prod")\n    else:\n        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "proj.dev")'
    expect(opened(main(body))).toBe('proj.dev')
    expect(opened(main(body), { PROD: '1' })).toBe('proj.prod')
  })

  it('follows sys.path of manage.py', () => {
    const body =
      '    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "src"))\n    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inner.settings")'
    expect(opened(main(body), {}, { 'src/inner/__init__.py': '', 'src/inner/settings.py': '' })).toBe('inner.settings')
  })

  it('says what is wrong with it', () => {
    expect(() => opened(MANAGE, { DJANGO_SETTINGS_MODULE: 'proj.nope' })).toThrowError(expect.objectContaining({ code: 'bad-settings', exitCode: 1 }))
    expect(() => opened(MANAGE, {}, { 'proj/settings.py': 'DATABASES = {\n"default": (((\n' })).toThrowError(expect.objectContaining({ code: 'bad-settings' }))
    expect(() => opened('print(1)\n')).toThrowError(expect.objectContaining({ code: 'bad-settings' }))
  })
})
