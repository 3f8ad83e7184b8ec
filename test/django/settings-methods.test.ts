import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, it } from 'vitest'
import { agreesWithPython, type SettingsCase } from '../support/settings-case.js'

/** What settings are put together with: methods of texts and sets, slices, types. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-methods-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Each of these holds, and only then the settings name what they are to name. */
const HOLDS = [
  '"mysql".find("sql") == 2 and "mysql".find("x") == -1 and "abab".rfind("ab") == 2',
  '"mysql".index("s") == 2 and "mysql".count("m") == 1 and "".count("") == 1 and "aaa".count("aa") == 1',
  '"x.a".removeprefix("x.") == "a" and "a.x".removesuffix(".x") == "a" and "a".removesuffix("") == "a"',
  '"a-b c".title() == "A-B C" and "aB".swapcase() == "Ab" and "ab".isalpha() and not "a1".isalpha() and "a1".isalnum() and "a_1".isidentifier()',
  '{"a", "b"}.intersection(["b", "c"]) == {"b"} and {"a"}.issubset({"a", "b"}) and {"a", "b"}.issuperset({"a"}) and {"a"}.isdisjoint({"b"})',
  '{"a", "b"}.symmetric_difference({"b", "c"}) == {"a", "c"} and not {"a"}.issubset(["b"])',
  '["a", "b", "c", "d"][::2] == ["a", "c"] and "abc"[::-1] == "cba" and [1, 2, 3, 4][1::2] == [2, 4] and [1, 2, 3][::-2] == [3, 1]',
  'type([])([1]) == [1] and type(())([1]) == (1,) and type("a")(1) == "1"',
  '"items" in dir(dict) or hasattr({}, "items")',
  'hasattr({}, "items") and not hasattr([], "items") and hasattr([], "append") and not hasattr((), "append")',
  '7 % 3 == 1 and -7 % 3 == 2 and 7 // 2 == 3 and -7 // 2 == -4 and 7 % -3 == -2',
]

const LOOPS: SettingsCase[] = [
  [
    'while',
    'INSTALLED_APPS = []\nn = 0\nwhile n < 2:\n    INSTALLED_APPS.append("ab"[n])\n    n += 1\nelse:\n    INSTALLED_APPS.append("c")',
    { certain: true },
  ],
  [
    'while that is left',
    'INSTALLED_APPS = []\nwhile True:\n    INSTALLED_APPS.append("a")\n    if len(INSTALLED_APPS) < 1:\n        continue\n    break\nelse:\n    INSTALLED_APPS.append("c")',
    { certain: true },
  ],
  [
    'while that is not followed',
    'import socket\nn = len(socket.gethostname())\nINSTALLED_APPS = ["a"]\nwhile n:\n    INSTALLED_APPS.append("b")\n    n = 0',
    { floor: ['a'] },
  ],
  [
    'what is one of two, in a loop that is not followed',
    'import socket\nn = len(socket.gethostname())\nD = {"x": ["a"]} if n > 3 else {"x": ["a"]}\nwhile n:\n    D.setdefault("x", []).append("b")\n    n = 0\nINSTALLED_APPS = D["x"]',
  ],
  [
    'one of two lists is changed',
    'import socket\nX = ["a"]\nY = ["c"]\nINSTALLED_APPS = X if socket.gethostname() else Y\nZ = X\nINSTALLED_APPS += ["b"]\nINSTALLED_APPS = Z',
  ],
  ['one of two lists gets more', 'import socket\nX = ["a"]\nY = ["c"]\nZ = X if socket.gethostname() else Y\nZ.append("b")\nINSTALLED_APPS = X'],
  ['a part of one of two lists is set', 'import socket\nX = ["a"]\nY = ["c"]\nZ = X if socket.gethostname() else Y\nZ[:] = ["b"]\nINSTALLED_APPS = X'],
]

const CASES: SettingsCase[] = HOLDS.map((one) => [one, `INSTALLED_APPS = ["a"] if ${one} else ["b"]`, { certain: true }])

it.each([...CASES, ...LOOPS])('%s', (_name, settings, more = {}) => agreesWithPython(folder, settings, more))

it('a configparser that gets a dict', () =>
  agreesWithPython(
    folder,
    `import configparser
config = configparser.RawConfigParser()
config.read_dict({"apps": {"one": "a", "Debug": True, "port": 80}})
config.read(["nowhere.cfg"])
config.read_dict({"apps": {"two": "b"}})
INSTALLED_APPS = [config.get("apps", "one"), config.get("apps", "two")]
if config.getboolean("apps", "debug") and config.getint("apps", "port") == 80:
    INSTALLED_APPS.append("c")`,
    { certain: true },
  ))

it('names of Python behind a star import that is not known', () =>
  agreesWithPython(folder, 'import other\nX = ("a",)\nother.fill(globals())\nINSTALLED_APPS = list(tuple(Y))', {
    files: { 'other.py': 'def fill(s):\n    exec("s[\\"Y\\"] = (\\"a\\",)")\n' },
  }))

it.each([
  ['a text', 'ENV = "dev"', 'case "prod" | "stage":\n        X = ["a"]\n    case "dev":\n        X = ["b"]\n    case _:\n        X = ["c"]'],
  ['what no other takes', 'ENV = "x"', 'case "prod" | "stage":\n        X = ["a"]\n    case other:\n        X = ["b"] if other == "x" else []'],
  ['nothing', 'ENV = None\nX = ["a"]', 'case "prod":\n        X = ["b"]\n    case 0 | False:\n        X = ["c"]'],
  ['None', 'ENV = None', 'case 0:\n        X = ["a"]\n    case None:\n        X = ["b"]'],
  ['one and True', 'ENV = 1', 'case True:\n        X = ["a"]\n    case 1 as one:\n        X = ["b"] * one'],
  ['a guard', 'ENV = "a"', 'case "a" if len(ENV) > 1:\n        X = ["a"]\n    case "a" as name:\n        X = [name, "b"]'],
  ['a dotted name', 'class E:\n    DEV = "dev"\n    PROD = "prod"\nENV = "prod"', 'case E.DEV:\n        X = ["a"]\n    case E.PROD:\n        X = ["b"]'],
])('match of %s', (_name, before, cases) => agreesWithPython(folder, `${before}\nmatch ENV:\n    ${cases}\nINSTALLED_APPS = X`, { certain: true }))

it.each([
  ['a sequence', 'ENV = ["a", "b"]', 'case ["a", x]:\n        X = [x]\n    case _:\n        X = ["c"]'],
  ['two values', 'ENV = "a"', 'case "a", "b":\n        X = ["a"]\n    case _:\n        X = ["c"]'],
  ['a class', 'ENV = "a"', 'case int():\n        X = ["a"]\n    case str():\n        X = ["b"]'],
  ['a number below zero', 'ENV = -1', 'case 1:\n        X = ["a"]\n    case -1:\n        X = ["b"]'],
  ['what is not known', 'import socket\nENV = socket.gethostname() * 0\nX = ["a"]', 'case "":\n        X.append("b")\n    case _:\n        X.append("c")'],
])('match of %s claims nothing that Python does not say', (_name, before, cases) =>
  agreesWithPython(folder, `${before}\nmatch ENV:\n    ${cases}\nINSTALLED_APPS = X`, {}),
)

it.each([
  'django.VERSION >= (1, 8)',
  'VERSION[0] > 1 and VERSION[:2] < (99, 0) and VERSION[3] == "final"',
  'float(".".join(str(one) for one in django.VERSION[:2])) > 1.8',
  'get_version().split(".")[0] == str(django.VERSION[0]) and django.get_version() == django.__version__',
])('the version of Django: %s', (condition) =>
  agreesWithPython(
    folder,
    `import django\nfrom django import VERSION\nfrom django.utils.version import get_version\nINSTALLED_APPS = ["a"]\nif ${condition}:\n    INSTALLED_APPS += ["b"]`,
    { certain: true },
  ),
)
