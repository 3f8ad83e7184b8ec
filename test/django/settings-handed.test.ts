import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'vitest'
import { agreesWithPython, type SettingsCase } from '../support/settings-case.js'

/** Settings that hand their lists, or all their names, to other code. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-handed-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const OTHER = `import socket
import sys


def generator(apps):
    apps.append("b")
    yield 1


def loop(apps):
    n = len(socket.gethostname())
    while n:
        add(apps)
        n = 0


def add(apps):
    apps.append("b")


def by_name(module):
    sys.modules[module].INSTALLED_APPS.append("b")


def frame():
    sys._getframe(1).f_globals["INSTALLED_APPS"].append("b")


def apply(module):
    for name in iter(["b"]):
        append(module, name)


def append(module, name):
    setattr(module, "INSTALLED_APPS", module.INSTALLED_APPS + [name])


def names(s, *more):
    move = lambda n, k, i: s[n].insert(i, s[n].pop(s[n].index(k)))
    put = lambda n, k: s[n].append(k) if k not in s[n] else None
    s.setdefault("INSTALLED_APPS", [])
    for one in more:
        put("INSTALLED_APPS", one)
    move("INSTALLED_APPS", "a", 1)
    s["INSTALLED_APPS"] = tuple(s["INSTALLED_APPS"])
    s.update(DONE=True)


class Holder:
    def __init__(self, symbols):
        self.symbols = symbols

    def add(self, name):
        self.symbols["INSTALLED_APPS"] = self.symbols["INSTALLED_APPS"] + [name]


class Greedy:
    def __init__(self, apps):
        apps.append("b")


class Setup:
    def commit(self, source):
        for key, value in source.items():
            if key == key.upper() and not key.startswith("_"):
                setattr(self, key, value)

    def values(self):
        for key, value in self.__dict__.items():
            yield (key, value)
`
const handed = (settings: string) => `import other\nINSTALLED_APPS = ["a"]\n${settings}`

const LISTS: SettingsCase[] = [
  ['a generator gets the list', handed('list(other.generator(INSTALLED_APPS))'), { certain: true }],
  ['a loop that is not followed gets the list', handed('other.loop(INSTALLED_APPS)')],
  ['a function of the library gets the list', handed('import heapq\nheapq.heappush(INSTALLED_APPS, "b")')],
  ['a function that makes functions gets its method', handed('import functools\nfunctools.partial(INSTALLED_APPS.append, "b")()')],
  ['another name has its method', handed('add = INSTALLED_APPS.append\nadd("b")')],
  ['a method goes through a list', handed('list(map(INSTALLED_APPS.append, ["b"]))')],
  ['a class gets the list', handed('other.Greedy(INSTALLED_APPS)'), { certain: true }],
  [
    'an object in a loop that is not followed',
    handed('import socket\nh = other.Holder(globals())\nn = len(socket.gethostname())\nwhile n:\n    h.add("b")\n    n = 0'),
  ],
  [
    'what is evaluated is evaluated once',
    handed('list(other.generator(INSTALLED_APPS))\nother.add(INSTALLED_APPS)\nstr(INSTALLED_APPS.pop())'),
    { certain: true },
  ],
  ['a call on the result of a call', handed('def f():\n    INSTALLED_APPS.append("b")\n    return {"x": []}\n\n\nf()["x"].append("c")'), { certain: true }],
  [
    'a generator that loops',
    handed(
      'def g():\n    import socket\n    yield "b"\n    n = len(socket.gethostname())\n    while n:\n        yield "c"\n        n = 0\n\n\nINSTALLED_APPS += g()',
    ),
    { floor: ['a', 'b'] },
  ],
  [
    'a generator of a generator',
    handed('def g():\n    yield "b"\n\n\ndef h():\n    x = yield "c"\n    yield from g()\n\n\nINSTALLED_APPS += h()'),
    { certain: true },
  ],
  ['what only looks', handed('X = str(INSTALLED_APPS), len(INSTALLED_APPS)\nimport json\nX = json.dumps(INSTALLED_APPS)'), { certain: true }],
]

const NAMES: SettingsCase[] = [
  ['a function changes them', handed('other.names(globals(), "b", "c")'), { certain: true }],
  ['by its keyword', handed('other.names(s=globals())\nINSTALLED_APPS += ("b",)'), { certain: true }],
  ['whose result is kept', handed('x = other.names(globals(), "b")'), { certain: true }],
  ['under another name', handed('g = globals()\ng["INSTALLED_APPS"] = g["INSTALLED_APPS"] + ["b"]\nlocals()["INSTALLED_APPS"].append("c")'), { certain: true }],
  ['an object keeps them', handed('h = other.Holder(globals())\nh.add("b")\nh.add("c")'), { certain: true }],
  ['an object keeps them and does nothing', handed('h = other.Holder(globals())\nINSTALLED_APPS.append("b")'), { certain: true }],
  ['the module by its name', handed('other.by_name(__name__)'), { certain: true }],
  ['the module itself, in a loop that is not followed', handed('import sys\nother.apply(sys.modules[__name__])'), { floor: ['a'] }],
  ['the names of whoever calls', handed('other.frame()'), { floor: ['a'] }],
  ['vars of the module', handed('import sys\nvars(sys.modules[__name__])["INSTALLED_APPS"].append("b")'), { certain: true }],
  ['its __dict__', handed('import sys\nsys.modules[__name__].__dict__.update({"INSTALLED_APPS": ["b"]})'), { certain: true }],
  [
    'they are deleted',
    handed('for n in ["INSTALLED_APPS"]:\n    del globals()[n]\nINSTALLED_APPS = ["b"] if "INSTALLED_APPS" not in globals() else ["c"]'),
    { certain: true },
  ],
  ['in a branch that cannot be decided', handed('import socket\nif socket.gethostname() == "":\n    other.names(globals(), "b")')],
  ['of a class', 'class C:\n    locals()["APPS"] = ["a", "b"]\n\n\nINSTALLED_APPS = C.APPS', { certain: true }],
  ['they are spread', handed('X = {**globals()}["INSTALLED_APPS"]\nINSTALLED_APPS = dict(globals(), Y=["b"])["Y"] + X'), { certain: true }],
  [
    'an object is filled and poured out',
    `import other\ns = other.Setup()\ns.commit({"INSTALLED_APPS": ["a"], "x": 1})\ns.INSTALLED_APPS = s.INSTALLED_APPS + ["b"]\nglobals().update(s.values())`,
    { certain: true },
  ],
  [
    'known under its own name where the module is not found',
    'INSTALLED_APPS = ["a"]\ntry:\n    from nowhere import f\n    f(globals())\nexcept ModuleNotFoundError:\n    INSTALLED_APPS.append("b")',
    { certain: true },
  ],
]

describe('lists in the hands of other code', () => {
  it.each(LISTS)('%s', (_name, settings, more = {}) => agreesWithPython(folder, settings, { ...more, files: { 'other.py': OTHER } }))
})

describe('all names in the hands of other code', () => {
  it.each(NAMES)('%s', (_name, settings, more = {}) => agreesWithPython(folder, settings, { ...more, files: { 'other.py': OTHER } }))
})
