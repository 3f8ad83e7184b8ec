import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openProject } from '../../src/project/index.js'
import { files } from '../support/fake-project.js'
import { agreesWithPython, type SettingsCase } from '../support/settings-case.js'

/** Settings that are made of records, types, functions of Python that are applied, and names that a branch may bring: Python is asked. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-records-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const NAMED = 'from typing import NamedTuple\n\n\nclass S(NamedTuple):\n    name: str\n    app: str = "b"\n\n\n'
const DATA = 'from dataclasses import dataclass, field\n\n\n'

const CASES: SettingsCase[] = [
  [
    'named tuples among texts',
    `${NAMED}INSTALLED_APPS = []\nfor one in ["a", S("x"), S(name="y", app="c")]:\n    INSTALLED_APPS.append(one.app if isinstance(one, S) else one)`,
    { certain: true },
  ],
  [
    'a data class, by position and with a method of a class above it',
    `${DATA}class Base:\n    def apps(self):\n        return [self.first, *self.rest]\n\n\n@dataclass(frozen=True)\nclass D(Base):\n    first: str\n    rest: list = field(default_factory=list)\n\n\nD("b").rest.append("x")\nINSTALLED_APPS = D("a", ["b"]).apps() + D("c").apps()`,
    { certain: true },
  ],
  [
    'a data class that goes on',
    `${DATA}@dataclass\nclass D:\n    app: str = "c"\n\n    def __post_init__(self):\n        self.app = "a"\n\n\nINSTALLED_APPS = [D("b").app]`,
  ],
  [
    'what is no field of a data class',
    `${DATA}from typing import ClassVar\n\n\n@dataclass\nclass D:\n    other: ClassVar[str] = "c"\n    app: str = "b"\n\n\nINSTALLED_APPS = [D("a").app]`,
  ],
  [
    'objects of classes',
    'class A:\n    pass\n\n\nclass B(A):\n    pass\n\n\nINSTALLED_APPS = ["a" if isinstance(B(), A) else "c", "b" if not isinstance("x", A) else "c"]',
    { certain: true },
  ],
  [
    'a class that says itself what is one of its objects',
    'import abc\n\n\nclass A(abc.ABC):\n    @classmethod\n    def __subclasshook__(cls, other):\n        return True\n\n\nINSTALLED_APPS = ["a" if isinstance("x", A) else "b"]',
  ],
  [
    'types',
    'def f(kind, x):\n    return "a" if kind is list else "b" if kind is None else "c"\n\n\nINSTALLED_APPS = [f(list, 0), f(None, 0), f(str, 0)] if type({}) is not list and None is not str else []',
    { certain: true },
  ],
  ['map with functions of Python', 'INSTALLED_APPS = list(map(str.strip, " a, b ".split(","))) + list(filter(bool, ["", "c"]))', { certain: true }],
  ['map that raises', 'INSTALLED_APPS = ["a"]\ntry:\n    X = list(map(int, ["1", "q"]))\nexcept ValueError:\n    INSTALLED_APPS.append("b")'],
  [
    'what only says something raises nothing',
    'import logging\nimport sys\nlog = logging.getLogger(__name__)\nINSTALLED_APPS = ["a"]\ntry:\n    print("x", file=sys.stderr)\n    log.info("%s", INSTALLED_APPS)\nexcept ValueError:\n    INSTALLED_APPS = ["c"]',
    { certain: true },
  ],
  [
    'json.dumps',
    'import json\nINSTALLED_APPS = ["a" if json.dumps({"k": [1, True, None, "\\u00fc\\x7f"], "t": ()}) == \'{"k": [1, true, null, "\\\\u00fc\\\\u007f"], "t": []}\' else "c", json.loads(json.dumps(["b"]))[0]]',
    { certain: true },
  ],
  [
    'the file of a frame',
    'import inspect\nimport os\nHERE = os.path.dirname(os.path.abspath(inspect.getfile(inspect.currentframe())))\nINSTALLED_APPS = ["a"] if os.path.isfile(os.path.join(HERE, "manage.py")) else ["b"]',
    { certain: true },
  ],
  [
    'getattr of a module that may have more',
    'import base\nINSTALLED_APPS = [getattr(base, "APP", "c")]',
    { files: { 'base.py': 'import socket\nglobals().update({socket.gethostname()[:0] + "APP": "a"})\n' } },
  ],
  [
    'getattr of an object whose class is not read whole',
    'import argparse\n\n\nclass C(argparse.Namespace):\n    pass\n\n\nINSTALLED_APPS = [getattr(C(app="a"), "app", "c")]',
  ],
]

it.each(CASES)('%s', (_name, settings, more = {}) => agreesWithPython(folder, settings, more))

function open(settings: string, env: Record<string, string> = {}) {
  files(folder, { 'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n', 'settings.py': settings })
  return openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env })
}

it('what a branch may bring is not claimed to be unset', () => {
  const { settings } = open('import socket\nif socket.gethostname():\n    globals()[socket.gethostname()[:0] + "USE_TZ"] = False\n')
  expect(settings.get('USE_TZ')?.kind).toBe('unknown')
})

it.each([
  ['django-environ', 'import environ\nenv = environ.Env()\nX = env.db(var="DB", default="sqlite:///y")["NAME"]'],
  ['django-environ, a text', 'import environ\nenv = environ.Env()\nX = env.str(var="TEXT", default="y")'],
  ['python-decouple', 'from decouple import config\nX = config(option="TEXT", default="y")'],
  ['environs', 'from environs import Env\nenv = Env()\nX = env.str(name="TEXT", default="y")'],
])('%s: the variable is given by name', (_library, settings) => {
  const env = { DB: 'postgres://h/n', TEXT: 'n', DATABASE_URL: 'sqlite:///wrong' }
  expect(open(`${settings}\n`, env).settings.get('X')).toMatchObject({ kind: 'string', value: 'n' })
})

it.each(['Loader=yaml.BaseLoader', 'yaml.BaseLoader', 'Loader=Own'])('what another loader of YAML makes of a file is not claimed: %s', (loader) => {
  const { settings } = open(`import yaml\n\n\nclass Own(yaml.SafeLoader):\n    pass\n\n\nX = yaml.load("false", ${loader})\n`)
  expect(settings.get('X')?.kind).toBe('unknown')
})
