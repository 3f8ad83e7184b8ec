import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'vitest'
import { agreesWithPython, type SettingsCase } from '../support/settings-case.js'

/** Settings that stand in classes, enumerations and small objects, and that change other modules: Python is asked. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-classes-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const FROM_CLASS = 'for k in dir(Dev):\n    if k.isupper():\n        globals()[k] = getattr(Dev, k)'
const BASES = 'class Base:\n    INSTALLED_APPS = ["a"]\n\n\nclass Dev(Base):\n    INSTALLED_APPS = Base.INSTALLED_APPS + ["b"]\n\n\n'
const META =
  'class Meta(type):\n    def __new__(cls, name, bases, names):\n        names["APPS"] = ["b"]\n        return super().__new__(cls, name, bases, names)\n\n\n'
const ENUM = 'import enum\n\n\nclass Mode(enum.Enum):\n    DEV = "dev"\n\n\n'

const CLASSES: SettingsCase[] = [
  ['dir() of a class', BASES + FROM_CLASS, { certain: true }],
  ['dir() of a class: names of Python', `${BASES}INSTALLED_APPS = ["a" if "__eq__" in dir(Dev) else "b"]`, { certain: true }],
  ['dir() of a class: how many', 'class Dev:\n    pass\n\n\nINSTALLED_APPS = ["a" if len(dir(Dev)) == len(dir(type("X", (), {}))) else "b"]'],
  ['vars() of a class', `${BASES}globals().update({k: v for k, v in vars(Dev).items() if k.isupper()})`, { certain: true }],
  ['vars() of a class: what is inherited', `${BASES}INSTALLED_APPS = ["a"] if "X" in vars(Dev) else ["b"]`, { certain: true }],
  ['__dict__ of a class', `${BASES}for k, v in Dev.__dict__.items():\n    if not k.startswith("__"):\n        globals()[k] = v`, { certain: true }],
  ['a metaclass', `${META}class Settings(metaclass=Meta):\n    APPS = ["a"]\n\n\nINSTALLED_APPS = Settings.APPS`],
  ['a metaclass: inherited', `${META}class Base(metaclass=Meta):\n    pass\n\n\nclass Settings(Base):\n    APPS = ["a"]\n\n\nINSTALLED_APPS = Settings.APPS`],
  ['a metaclass: an object', `${META}class Settings(metaclass=Meta):\n    APPS = ["a"]\n\n\nINSTALLED_APPS = Settings().APPS`],
  ['a metaclass: getattr', `${META}class Settings(metaclass=Meta):\n    APPS = ["a"]\n\n\nINSTALLED_APPS = getattr(Settings, "APPS")`],
  ['a metaclass: vars()', `${META}class Settings(metaclass=Meta):\n    APPS = ["a"]\n\n\nINSTALLED_APPS = vars(Settings)["APPS"]`],
  [
    'a metaclass that reads the environment',
    'import os\n\n\nclass Meta(type):\n    def __call__(cls):\n        made = super().__call__()\n        made.debug = bool(os.environ.get("APP_DEBUG"))\n        return made\n\n\nclass Base(metaclass=Meta):\n    pass\n\n\nclass Settings(Base):\n    debug = False\n\n\nINSTALLED_APPS = ["b"] if Settings().debug else ["a"]',
    { env: { APP_DEBUG: '1' } },
  ],
  ['an abstract base', 'import abc\n\n\nclass Base(metaclass=abc.ABCMeta):\n    APPS = ["a"]\n\n\nINSTALLED_APPS = Base.APPS', { certain: true }],
]

const CHAIN =
  'class S:\n    def apps(self):\n        return ["a"]\n\n\nclass A(S):\n    def apps(self):\n        return super().apps() + ["b"]\n\n\nclass B(S):\n    def apps(self):\n        return super().apps() + ["c"]\n\n\nclass C(A, B):\n    pass\n\n\n'
const CALLS: SettingsCase[] = [
  ['super()', `${CHAIN}INSTALLED_APPS = A().apps()`, { certain: true }],
  ['super() goes on in the order of the object', `${CHAIN}INSTALLED_APPS = C().apps()`, { certain: true }],
  [
    'super() as Python 2 writes it',
    `${CHAIN.replace('super().apps() + ["b"]', 'super(A, self).apps() + ["b"]')}INSTALLED_APPS = C().apps()`,
    { certain: true },
  ],
  [
    'super() of a property',
    'class S:\n    @property\n    def apps(self):\n        return ["a"]\n\n\nclass T(S):\n    @property\n    def apps(self):\n        return super().apps + ["b"]\n\n\nINSTALLED_APPS = T().apps',
    { certain: true },
  ],
  [
    'super() of a method of the class',
    'class S:\n    X = ["a"]\n\n    @classmethod\n    def apps(cls):\n        return list(cls.X)\n\n\nclass T(S):\n    X = ["b"]\n\n    @classmethod\n    def apps(cls):\n        return super().apps() + ["c"]\n\n\nINSTALLED_APPS = T.apps()',
    { certain: true },
  ],
  [
    'super().__init__ over three classes',
    'class S:\n    def __init__(self, x):\n        self.x = [x]\n\n\nclass T(S):\n    def __init__(self, x):\n        super().__init__(x)\n        self.x.append("b")\n\n\nclass U(T):\n    def __init__(self):\n        super().__init__("a")\n        self.x.append("c")\n\n\nINSTALLED_APPS = U().x',
    { certain: true },
  ],
  ['super() of a class that is not read', 'class D(dict):\n    def get(self, k):\n        return super().get(k, ["a"])\n\n\nINSTALLED_APPS = D().get("x")'],
  [
    'an object that is called',
    'import os\n\n\nclass Env:\n    def __init__(self, prefix):\n        self.prefix = prefix\n\n    def __call__(self, name, default=None, cast=str):\n        value = os.environ.get(self.prefix + name)\n        return default if value is None else cast(value)\n\n\nenv = Env("APP_")\nINSTALLED_APPS = ["a"] + env("EXTRA", ["b"], lambda v: v.split(",")) + env("MORE", [])',
    { env: { APP_EXTRA: 'b,c' }, certain: true },
  ],
  [
    'an object that is called: made by a metaclass',
    'class M(type):\n    def __call__(cls):\n        return lambda: ["b"]\n\n\nclass S(metaclass=M):\n    def __call__(self):\n        return ["a"]\n\n\nf = S()\nINSTALLED_APPS = f()',
  ],
  ['a list times a bool', 'DEBUG = True\nINSTALLED_APPS = ["a"] + ["b"] * DEBUG + ["c"] * (not DEBUG)', { certain: true }],
]

const ENUMERATIONS: SettingsCase[] = [
  ['a member of an enumeration is no text', `${ENUM}INSTALLED_APPS = ["a"] if Mode.DEV == "dev" else ["b"]`],
  [
    'TextChoices',
    'from django.db import models\n\n\nclass Mode(models.TextChoices):\n    DEV = "dev", "Development"\n\n\nINSTALLED_APPS = ["a"] if Mode.DEV == "dev" else ["b"]',
    { certain: true },
  ],
  ['TextChoices: the label', 'from django.db import models\n\n\nclass Mode(models.TextChoices):\n    DEV = "dev", "a"\n\n\nINSTALLED_APPS = [Mode.DEV.label]'],
  [
    'IntegerChoices',
    'from django.db import models\n\n\nclass Place(models.IntegerChoices):\n    ONE = 1, "One"\n\n\nINSTALLED_APPS = [["a", "b"][Place.ONE]]',
    { certain: true },
  ],
  ['StrEnum', 'import enum\n\n\nclass Mode(enum.StrEnum):\n    DEV = "dev"\n\n\nINSTALLED_APPS = ["a"] if Mode.DEV == "dev" else ["b"]', { certain: true }],
  ['StrEnum: auto()', 'import enum\n\n\nclass App(enum.StrEnum):\n    A = enum.auto()\n\n\nINSTALLED_APPS = [App.A]'],
  [
    'an enumeration of another module',
    'import modes\nINSTALLED_APPS = ["a"] if modes.Mode.DEV == "dev" else ["b"]',
    { files: { 'modes.py': 'from django.db import models\n\n\nclass Mode(models.TextChoices):\n    DEV = "dev", "Development"\n' } },
  ],
]

const OBJECTS: SettingsCase[] = [
  [
    'namedtuple',
    'from collections import namedtuple\nApp = namedtuple("App", "name on")\nINSTALLED_APPS = [x.name for x in (App("a", True), App("b", False)) if x.on]',
    { certain: true },
  ],
  [
    'namedtuple: names in a list',
    'import collections\nApp = collections.namedtuple("App", ["name", "on"])\nINSTALLED_APPS = [App("a", 1).name]',
    { certain: true },
  ],
  ['namedtuple: by name', 'import collections\nApp = collections.namedtuple("App", "name on")\nINSTALLED_APPS = [App(on=1, name="a").name]'],
  ['SimpleNamespace', 'from types import SimpleNamespace\nX = SimpleNamespace(apps=["b"])\nINSTALLED_APPS = ["a"] + X.apps', { certain: true }],
  ['SimpleNamespace: changed', 'from types import SimpleNamespace\nX = SimpleNamespace(apps=["b"])\nX.apps = ["c"]\nINSTALLED_APPS = ["a"] + X.apps'],
  [
    'SimpleNamespace: changed in place',
    'from types import SimpleNamespace\nX = SimpleNamespace(apps=["b"])\nX.apps.append("c")\nINSTALLED_APPS = ["a"] + X.apps',
  ],
  [
    'ast.literal_eval',
    'import ast, os\nINSTALLED_APPS = ["a"] + ast.literal_eval(os.environ.get("EXTRA_APPS", "[]"))',
    { env: { EXTRA_APPS: "['b', 'c']" }, certain: true },
  ],
  [
    'ast.literal_eval: a name',
    'import ast\nINSTALLED_APPS = ["a"]\ntry:\n    INSTALLED_APPS += ast.literal_eval("[x]")\nexcept ValueError:\n    INSTALLED_APPS.append("b")',
  ],
  ['platform.system', 'import platform\nINSTALLED_APPS = ["a"] + (["b"] if platform.system() == "Windows" else [])', { certain: true }],
]

const MODULES: SettingsCase[] = [
  [
    'setattr of a module of Django',
    'from django.utils import encoding\nsetattr(encoding, "force_text", encoding.force_str)\nINSTALLED_APPS = ["a"]',
    { certain: true },
  ],
  ['setattr of a module of Django: it is the settings', 'import settings\nsetattr(settings, "INSTALLED_APPS", ["b"])\nINSTALLED_APPS = ["a"]'],
]

/** Classes of another file; nothing in the settings changes anything by itself. */
const PARTS = [
  'class Adds:\n    def __init__(self, items):\n        items.append("b")\n        self.items = items\n',
  'class Keeps:\n    def __init__(self, items):\n        self.items = items\n',
  'class Outer:\n    def __init__(self, *parts, **named):\n        for part in [*parts, *named.values()]:\n            part.items.append("b")\n        self.parts = parts\n',
  'class Many:\n    def __init__(self, parts):\n        for part in parts:\n            part.append("b")\n        self.parts = parts\n',
  'class InOrder:\n    def __init__(self, parts):\n        parts[0].items.append("b")\n',
].join('\n\n')
const parts = (settings: string, certain = false): SettingsCase[2] & { settings: string } => ({
  files: { 'parts.py': PARTS },
  certain,
  settings: `from parts import Adds, InOrder, Keeps, Many, Outer\n${settings}`,
})
const GIVEN: SettingsCase[] = Object.entries({
  'a list that somebody holds': parts('APPS = ["a"]\nAdds(APPS)\nINSTALLED_APPS = APPS', true),
  'a list that somebody holds, by name': parts('APPS = ["a"]\nAdds(items=APPS)\nINSTALLED_APPS = APPS', true),
  'a list that is written there': parts('INSTALLED_APPS = Adds(["a"]).items', true),
  'a list that is written there, asked twice': parts('X = Adds(["a"])\nY = X.items\nINSTALLED_APPS = X.items', true),
  'an object that is written there': parts('INSTALLED_APPS = Outer(Keeps(["a"])).parts[0].items'),
  'an object of a list that somebody holds': parts('APPS = ["a"]\nOuter(Keeps(APPS))\nINSTALLED_APPS = APPS'),
  'an object that somebody holds': parts('X = Keeps(["a"])\nOuter(X)\nINSTALLED_APPS = X.items'),
  'an object that somebody holds, by name': parts('X = Keeps(["a"])\nOuter(x=X)\nINSTALLED_APPS = X.items'),
  'an object that somebody holds, in a list': parts('X = Keeps(["a"])\nInOrder([X])\nINSTALLED_APPS = X.items'),
  'a list that somebody holds, in a list': parts('APPS = ["a"]\nMany([APPS])\nINSTALLED_APPS = APPS'),
  'a list that somebody holds, in a tuple': parts('APPS = ["a"]\nMany((APPS,))\nINSTALLED_APPS = APPS'),
  'a list that somebody holds, spread': parts('APPS = [["a"]]\nMany(*[APPS])\nINSTALLED_APPS = APPS[0]'),
  'a list that was written there and is held since': parts('LIST = [["a"]]\nMany(LIST)\nINSTALLED_APPS = LIST[0]'),
}).map(([name, { settings, ...more }]) => [`an object is given ${name}`, settings, more])

describe('settings in classes and objects', () => {
  it.each([...CLASSES, ...CALLS, ...ENUMERATIONS, ...OBJECTS, ...MODULES, ...GIVEN])('%s', (_name, settings, more) =>
    agreesWithPython(folder, settings, more ?? {}),
  )
})
