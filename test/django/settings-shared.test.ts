import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'vitest'
import { agreesWithPython, type SettingsCase } from '../support/settings-case.js'

/** Settings that a function of another module makes, and those that ask where the environment is: Python is asked. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-shared-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const UNKNOWN = 'import socket\nUNKNOWN = socket.gethostname() != ""\n'
const common = (body: string, result = 'locals()') => ({
  'shared.py': `${UNKNOWN}\n\ndef common(**given):\n    project = given["project"]\n    ${body.replaceAll('\n', '\n    ')}\n    return ${result}\n`,
})
const SITE = 'from shared import common\nlocals().update(common(project="b"))\nINSTALLED_APPS += ["c"]'

const LOCALS: SettingsCase[] = [
  ['locals() of a function', SITE, { files: common('INSTALLED_APPS = ["a", project]'), certain: true }],
  ['vars() of a function', SITE, { files: common('INSTALLED_APPS = ["a", project]', 'vars()'), certain: true }],
  ['locals() of a function: a copy', SITE, { files: common('INSTALLED_APPS = ["a"]\nd = locals()\nINSTALLED_APPS = ["b"]', 'd'), certain: true }],
  ['locals() of a function: called twice', SITE, { files: common('INSTALLED_APPS = ["a"]\nd = locals()\nINSTALLED_APPS = ["b"]\nlocals()', 'd') }],
  ['locals() of a function: in a loop', SITE, { files: common('for INSTALLED_APPS in (["a"], ["b"]):\n    d = locals()', 'd') }],
  ['locals() of a function: before exec', SITE, { files: common('INSTALLED_APPS = ["a"]\nd = locals()\nINSTALLED_APPS = ["b"]\nexec("")', 'd') }],
  [
    'locals() of a function: in a comprehension',
    SITE,
    { files: common('INSTALLED_APPS = ["a"]\nd = [dict(locals()) for x in (1,)][0]', '{"INSTALLED_APPS": ["a"], **d}') },
  ],
  [
    'locals() of a function inside of another',
    SITE,
    { files: common('INSTALLED_APPS = ["a"]\n\ndef inner():\n    INSTALLED_APPS.append(project)\n    return locals()', 'inner()') },
  ],
  [
    'locals() of a function: a name that is not bound yet',
    'from shared import common\nINSTALLED_APPS = ["a"]\nlocals().update(common(project="b"))',
    { files: common('d = locals()\nINSTALLED_APPS = ["c"]', 'd'), certain: true },
  ],
  [
    'locals() of a function: a name that is deleted',
    'from shared import common\nINSTALLED_APPS = ["a"]\nlocals().update(common(project="b"))',
    { files: common('INSTALLED_APPS = ["c"]\ndel INSTALLED_APPS'), certain: true },
  ],
  [
    'locals() of a function: a name that is perhaps bound',
    'from shared import common\nINSTALLED_APPS = ["a"]\nlocals().update(common(project="b"))',
    { files: common('if UNKNOWN:\n    INSTALLED_APPS = ["c"]') },
  ],
  [
    'locals() of a function: a name of the module',
    SITE,
    { files: common('global INSTALLED_APPS\nINSTALLED_APPS = ["a"]', '{"INSTALLED_APPS": ["b"], **locals()}') },
  ],
  [
    'settings of two functions, the second given what the first has made',
    `${SITE}\nfrom production import common\nlocals().update(common(INSTALLED_APPS=INSTALLED_APPS))`,
    {
      files: {
        ...common('INSTALLED_APPS = ["a"]'),
        'production.py': 'def common(**kwargs):\n    INSTALLED_APPS = kwargs["INSTALLED_APPS"]\n    INSTALLED_APPS += ["b"]\n    return locals()\n',
      },
      certain: true,
    },
  ],
]

/** What stands there is named after the environment: a wrong path would name another app. */
const named = (path: string) => `INSTALLED_APPS = ["a" if os.path.isfile(os.path.join(${path}, "__init__.py")) else "b"]`
const PLACES: SettingsCase[] = [
  ['sys.prefix', 'import os, sys\nINSTALLED_APPS = ["a" if os.path.isfile(os.path.join(sys.prefix, "pyvenv.cfg")) else "b"]', { certain: true }],
  ['sys.prefix and sys.exec_prefix', 'import sys\nINSTALLED_APPS = ["a" if sys.prefix == sys.exec_prefix != "/usr" else "b"]', { certain: true }],
  ['site.getsitepackages', `import os, site\n${named('site.getsitepackages()[0], "django"')}`, { certain: true }],
  ['site.getsitepackages: how many', 'import site\nINSTALLED_APPS = ["a" if len(site.getsitepackages()) == 1 else "b"]'],
  ['sysconfig.get_path', `import os, sysconfig\n${named('sysconfig.get_path("purelib"), "django"')}`, { certain: true }],
  ['sysconfig.get_path: another', `import os, sysconfig\n${named('sysconfig.get_path("stdlib"), "json"')}`],
  ['sys.base_prefix', 'import sys\nINSTALLED_APPS = ["a" if sys.base_prefix == sys.prefix else "b"]'],
]

/** A block that is not followed: what it does to the environment is lost, a look at it loses nothing. */
const around = (line: string) =>
  `${UNKNOWN}import os\nos.environ.setdefault("HERE", "1")\nfor x in ([1] if UNKNOWN else []):\n    with open(os.devnull) as f:\n        ${line}\nINSTALLED_APPS = ["a"] + (["b"] if os.environ.get("APP_B") else []) + (["c"] if os.environ.get("APP_C") else [])`
const ENVIRONMENT: SettingsCase[] = [
  ...[
    'X = os.environ["APP_C"]',
    'X = os.environ.get("APP_B", "")',
    'X = 1 if "APP_B" in os.environ else 2',
    'X = [k for k in os.environ]',
    'X = dict(os.environ.items())',
  ].map((line): SettingsCase => [`a block that looks: ${line}`, around(line), { env: { APP_C: '1' }, certain: true }]),
  ...[
    'os.environ["APP_B"] = "1"',
    'os.environ.setdefault("APP_B", "1")',
    'del os.environ["APP_C"]',
    'os.environ["APP_B"], X = "1", 2',
    'os.environ["APP_B"] += "1"',
    'os.environ.update(APP_B="1")',
    'os.environ.pop("APP_C")',
    'X = os.environ; X["APP_B"] = "1"',
  ].map((line): SettingsCase => [`a block that sets: ${line}`, around(line), { env: { APP_C: '1', ...(line.includes('+=') ? { APP_B: '1' } : {}) } }]),
]

describe('settings beside a block that is not followed', () => {
  it.each(ENVIRONMENT)('%s', (_name, settings, more) => agreesWithPython(folder, settings, more ?? {}))
})

describe('settings that a function makes', () => {
  it.each(LOCALS)('%s', (_name, settings, more) => agreesWithPython(folder, settings, more ?? {}))
})

describe('settings that ask where the environment is', () => {
  it.each(PLACES)('%s', (_name, settings, more) => agreesWithPython(folder, settings, more ?? {}))
})
