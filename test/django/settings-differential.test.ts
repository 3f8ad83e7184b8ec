import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openProject } from '../../src/project/index.js'
import { djangos, oneDjango } from '../support/django.js'
import { files } from '../support/fake-project.js'
import { agreesWithPython, type SettingsCase } from '../support/settings-case.js'

/** Settings that a reader of files got wrong once: Python is asked, and what is claimed as certain must be what Python says. */
const python = join(djangos[oneDjango as string] as string, 'bin', 'python')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-differential-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const BASE = { 'base.py': 'A = ["a"]\nCOUNT = "a"\n\n\ndef bump():\n    global COUNT\n    COUNT = "b"\n\n\ndef add():\n    A.append("b")\n' }
const UNKNOWN = 'import socket\nUNKNOWN = socket.gethostname() != ""\n'

const CASES: SettingsCase[] = [
  ['an imported list changed twice', 'from base import A\nA.append("b")\nA.append("c")\nINSTALLED_APPS = A', { files: BASE, certain: true }],
  ['a list of a module changed in a loop', 'import base\nfor x in ["b", "c"]:\n    base.A.append(x)\nINSTALLED_APPS = base.A', { files: BASE, certain: true }],
  ['a name imported before its module sets it anew', 'from base import COUNT, bump\nbump()\nINSTALLED_APPS = [COUNT]', { files: BASE, certain: true }],
  [
    'a call in a branch that cannot be decided',
    `${UNKNOWN}INSTALLED_APPS = ["a"]\n\n\ndef enable(x):\n    INSTALLED_APPS.append(x)\n\n\nif UNKNOWN:\n    enable("b")`,
  ],
  [
    'an early return that cannot be decided',
    `${UNKNOWN}INSTALLED_APPS = ["a"]\n\n\ndef f():\n    if UNKNOWN:\n        return\n    INSTALLED_APPS.append("b")\n\n\nf()`,
  ],
  [
    'a raise that cannot be decided',
    `${UNKNOWN}try:\n    if UNKNOWN:\n        raise ImportError\n    INSTALLED_APPS = ["a"]\nexcept ImportError:\n    INSTALLED_APPS = ["b"]`,
  ],
  [
    'an import that may not be made',
    `${UNKNOWN}from base import A\nif not UNKNOWN:\n    import extra\nINSTALLED_APPS = A`,
    { files: { ...BASE, 'extra.py': 'import base\nbase.A.append("c")\n' } },
  ],
  ['a call in a conditional expression', `${UNKNOWN}INSTALLED_APPS = ["a"]\nINSTALLED_APPS.append("b") if not UNKNOWN else None`],
  [
    'a loop that is not followed calls a function',
    'import base\nfrom base import A, add\nn = 1\nwhile n:\n    add()\n    n = 0\nINSTALLED_APPS = A',
    { files: BASE },
  ],
  ['setdefault whose value is changed', 'D = {}\nD.setdefault("apps", ["a"]).append("b")\nINSTALLED_APPS = D["apps"]', { certain: true }],
  ['pop inside an expression', 'X = ["a", "b"]\nY = [X.pop()]\nINSTALLED_APPS = X', { certain: true }],
  [
    'enumerate from one',
    'INSTALLED_APPS = ["ab"[i - 1] for i, x in enumerate("xy", 1)] if False else [("a", "b")[i - 1] for i, _ in enumerate(["x", "y"], 1)]',
    { certain: true },
  ],
  ['a starred target', 'first, *INSTALLED_APPS = ["c", "a", "b"]', { certain: true }],
  ['a union of sets', 'INSTALLED_APPS = sorted({"a", "b"}.union({"b", "c"}))', { certain: true }],
  ['equal sets', 'INSTALLED_APPS = ["a"] if {1, 2} == {2, 1} else ["b"]', { certain: true }],
  ['a default that is evaluated once', 'X = True\n\n\ndef f(x=X):\n    return ["a"] if x else ["b"]\n\n\nX = False\nINSTALLED_APPS = f()', { certain: true }],
  [
    'methods that return themselves',
    'class B:\n    def __init__(self):\n        self.x = []\n\n    def add(self, one):\n        self.x.append(one)\n        return self\n\n\nb = B().add("a").add("b")\nINSTALLED_APPS = b.x',
    { certain: true },
  ],
  [
    'a decorator that registers',
    'R = []\n\n\ndef step(name):\n    def wrap(f):\n        R.append(name)\n        return f\n    return wrap\n\n\n@step("a")\ndef one():\n    pass\n\n\nINSTALLED_APPS = R',
    { certain: true },
  ],
  ['exec with names in lower case', 'apps = ["a"]\nexec("apps.append(\'b\')")\nINSTALLED_APPS = apps'],
  [
    'a class of the project, caught by its base',
    'class E(Exception):\n    pass\n\n\nclass F(E):\n    pass\n\n\ntry:\n    raise F("x")\nexcept E:\n    INSTALLED_APPS = ["a"]',
    { certain: true },
  ],
  ['FileNotFoundError under IOError', 'try:\n    raise FileNotFoundError()\nexcept IOError:\n    INSTALLED_APPS = ["a"]', { certain: true }],
  [
    'a bare raise',
    'try:\n    try:\n        raise KeyError("x")\n    except KeyError:\n        raise\nexcept LookupError:\n    INSTALLED_APPS = ["a"]',
    { certain: true },
  ],
  [
    'finally where nothing catches inside',
    'X = []\ntry:\n    try:\n        raise ValueError()\n    finally:\n        X.append("a")\nexcept ValueError:\n    X.append("b")\nINSTALLED_APPS = X',
    { certain: true },
  ],
  [
    'list.remove of what is not there',
    'X = ["a"]\ntry:\n    X.remove("b")\n    X.append("c")\nexcept ValueError:\n    pass\nINSTALLED_APPS = X',
    { certain: true },
  ],
  ['version_info against two numbers', 'import sys\nINSTALLED_APPS = ["a"] if sys.version_info > (3, 0) and sys.version_info >= (2, 7, 0) else ["b"]'],
  ['is and ==', 'X = 1\nINSTALLED_APPS = ["a"] if X is True else ["b"]', { certain: true }],
  ['a class body and a comprehension', 'X = "a"\n\n\nclass C:\n    X = "b"\n    L = [X for _ in range(1)]\n\n\nINSTALLED_APPS = C.L', { certain: true }],
  [
    'copy.copy and copy.deepcopy',
    'import copy\nX = {"l": ["a"]}\nY = copy.copy(X)\nZ = copy.deepcopy(X)\nX["l"].append("b")\nINSTALLED_APPS = Y["l"] + [x for x in Z["l"] if x not in Y["l"]]',
    { certain: true },
  ],
  ['|= of a dict under two names', 'X = {"a": 1}\nY = X\nX |= {"b": 1}\nINSTALLED_APPS = list(Y)', { certain: true }],
  ['text with a dollar', 'INSTALLED_APPS = ["x".replace("x", "$&a")[2:]]', { certain: true }],
  ['format specs', 'INSTALLED_APPS = ["a" if f"{7:03d}" == "007" and "{:02d}".format(5) == "05" and "7".zfill(3) == "007" else "b"]', { certain: true }],
  ['TYPE_CHECKING by name', 'from typing import TYPE_CHECKING\nINSTALLED_APPS = ["a"]\nif TYPE_CHECKING:\n    INSTALLED_APPS += ["b"]', { certain: true }],
  [
    'a loader of its own for .env',
    'import os\nfor line in open(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".env")):\n    k, v = line.strip().split("=", 1)\n    os.environ.setdefault(k, v)\nINSTALLED_APPS = [os.environ.get("WHICH", "a")]',
    { files: { '.env': 'WHICH=b\n' } },
  ],
  [
    'a data class',
    'from dataclasses import dataclass\n\n\n@dataclass\nclass D:\n    name: str = "a"\n\n\nINSTALLED_APPS = [D(name="b").name]',
    { certain: true },
  ],
  ['a member of an enumeration', 'import enum\n\n\nclass E(enum.Enum):\n    A = "a"\n\n\nINSTALLED_APPS = ["a"] if E.A == "a" else ["b"]'],
  [
    'an import by name that fails',
    'from importlib import import_module\nINSTALLED_APPS = ["a"]\nfor app in ("nonexistent_toolbar", "json"):\n    try:\n        import_module(app)\n    except ImportError:\n        continue\n    INSTALLED_APPS.append("b" if app == "json" else "c")',
    { certain: true },
  ],
  [
    'KeyError of something that cannot be read',
    'import json, os\nopen("secrets.json", "w").write("{}")\nsecrets = json.load(open("secrets.json"))\nINSTALLED_APPS = ["a"]\ntry:\n    KEY = secrets["DSN"]\n    INSTALLED_APPS.append("b")\nexcept KeyError:\n    pass',
    {},
  ],
  [
    'pop and del of a key that is not there',
    'import os\nD = {}\nINSTALLED_APPS = ["a"]\nfor way in (1, 2, 3):\n    try:\n        if way == 1:\n            D.pop("x")\n        elif way == 2:\n            del D["x"]\n        else:\n            del os.environ["NOPE"]\n        INSTALLED_APPS.append("b")\n    except KeyError:\n        INSTALLED_APPS.append(f"c{way}")',
    { certain: true },
  ],
  [
    'KeyError out of a helper in another file',
    'from helper import env\nINSTALLED_APPS = ["a"]\ntry:\n    X = env("NOPE")\n    INSTALLED_APPS.append("b")\nexcept KeyError:\n    INSTALLED_APPS.append("c")',
    { certain: true, files: { 'helper.py': 'import os\n\n\ndef env(name):\n    return os.environ[name]\n' } },
  ],
  ['a name that was never set', 'try:\n    INSTALLED_APPS\nexcept NameError:\n    INSTALLED_APPS = ["a"]', { certain: true }],
  [
    'a name that a module only speaks of',
    'try:\n    from base import gone\n    INSTALLED_APPS = ["a"]\nexcept ImportError:\n    INSTALLED_APPS = ["b"]',
    { certain: true, files: { 'base.py': '"""gone"""\n# gone\n' } },
  ],
  [
    'relative paths',
    'import os\nfrom pathlib import Path\nINSTALLED_APPS = ["a"]\nif Path(".env").is_file() and os.path.exists("manage.py") and os.path.abspath(".env") == str(Path(__file__).parent / ".env"):\n    INSTALLED_APPS += sorted(os.listdir("parts"))',
    { certain: true, files: { '.env': '', 'parts/b': '', 'parts/c': '' } },
  ],
  [
    'a variable that is set to something unknown',
    'import os, socket\nos.environ["WHICH"] = socket.gethostname()\nINSTALLED_APPS = ["a"]\nif "WHICH" in os.environ:\n    INSTALLED_APPS.append("b")\nif os.environ.get("WHICH", "") == "":\n    INSTALLED_APPS.append("c")\nos.environ.setdefault("WHICH", "c")\nINSTALLED_APPS.append("c" if os.environ["WHICH"] == "c" else "b")',
    {},
  ],
  [
    'os.environ |= and an update that cannot be read',
    'import os\nos.environ |= {"A": "a"}\nos.environ.update(dict(pair.split("=") for pair in ["B=b"]))\nINSTALLED_APPS = [os.environ.get("A", "c"), os.environ.get("B", "c")]',
    {},
  ],
  [
    'the second handler, and finally',
    'import socket\nINSTALLED_APPS = ["a"]\ntry:\n    N = int(socket.gethostname())\nexcept TypeError:\n    INSTALLED_APPS = ["c"]\nexcept ValueError:\n    INSTALLED_APPS = ["b"]\nfinally:\n    INSTALLED_APPS.append("c")',
    {},
  ],
  [
    'suppress around something unknown',
    'import socket\nfrom contextlib import suppress\nINSTALLED_APPS = ["a"]\nwith suppress(ValueError):\n    N = int(socket.gethostname() + "x")\n    INSTALLED_APPS.append("b")',
    {},
  ],
  [
    'a list that is changed while a loop goes through it',
    'INSTALLED_APPS = ["xa", "xb", "a", "b"]\nfor app in INSTALLED_APPS:\n    if app.startswith("x"):\n        INSTALLED_APPS.remove(app)',
    {},
  ],
  [
    'folders of sys.path that come in other ways',
    'import sys, os\nhere = os.path.dirname(os.path.abspath(__file__))\nsys.path.extend([os.path.join(here, "one")])\nsys.path = [os.path.join(here, "two")] + sys.path\ntry:\n    from first import X\n    from second import Y\n    INSTALLED_APPS = [X, Y]\nexcept ImportError:\n    INSTALLED_APPS = ["c"]',
    { certain: true, files: { 'one/first.py': 'X = "a"\n', 'two/second.py': 'Y = "b"\n' } },
  ],
  ['objects that others make', 'from typing import NamedTuple\n\n\nclass C(NamedTuple):\n    app: str = "c"\n\n\nINSTALLED_APPS = [C(app="a").app]', {}],
  [
    'a diamond of classes',
    'class Base:\n    APPS = ["a"]\n\n\nclass B(Base):\n    pass\n\n\nclass C(Base):\n    APPS = ["c"]\n\n\nclass D(B, C):\n    pass\n\n\nINSTALLED_APPS = D.APPS',
    { certain: true },
  ],
  ['what match captures', 'INSTALLED_APPS = ["c"]\nmatch ["x", "a"]:\n    case [_, name]:\n        INSTALLED_APPS = [name]', {}],
  [
    'removing something that is not known',
    'import socket\nINSTALLED_APPS = ["a", "b"]\nX = {socket.gethostname(): 1}\nX.pop(socket.gethostname(), None)\nif X:\n    INSTALLED_APPS.append("c")',
    {},
  ],
  [
    'more steps than are followed',
    'INSTALLED_APPS = ["a"]\nn = 0\nfor x in range(700):\n    for y in range(700):\n        n = n + 1\nINSTALLED_APPS.append("b")',
    {},
  ],
  ['a slice of equal items is deleted', 'INSTALLED_APPS = ["a"] * 3\ndel INSTALLED_APPS[1:]', { certain: true }],
  [
    'statements that the grammar does not know',
    'import contextlib\n\n\n@contextlib.contextmanager\ndef two():\n    yield ("b", "c")\n\n\nINSTALLED_APPS = ["a"]\nwith two() as (first, second):\n    INSTALLED_APPS.append(first)\nRATE = 1.\nX = [name for name, *rest in [("a", 1, 2)]]\nINSTALLED_APPS += X[1:]',
    {},
  ],
  ['a constructor with effects', 'X = []\n\n\nclass C:\n    def __init__(self, n):\n        X.append(n)\n\n\nC("a")\nINSTALLED_APPS = X', { certain: true }],
]

it.each(CASES)('%s', (_name, settings, more = {}) => agreesWithPython(folder, settings, more))

it('settings that raise are no settings', () => {
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py':
      'import os\nfrom django.core.exceptions import ImproperlyConfigured\nINSTALLED_APPS = ["a"]\nif not os.environ.get("SECRET_KEY"):\n    raise ImproperlyConfigured("no key")\n',
  })
  const open = (env: Record<string, string>) => openProject({ folder, managePy: undefined, settings: undefined, python, path: [], env }).files()
  expect(open({})).toMatchObject({
    complete: false,
    problems: [{ message: expect.stringContaining('the settings raise ImproperlyConfigured: no key'), line: 5 }],
  })
  expect(open({ SECRET_KEY: 'x' })).toMatchObject({ complete: true, notFound: ['a'] })
})
