import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openProject } from '../../src/project/index.js'
import { djangos, oneDjango } from '../support/django.js'
import { files } from '../support/fake-project.js'

/** Settings that read other files, and settings of which a part cannot be known: Python is asked, and what is claimed must be what it says. */
const python = join(djangos[oneDjango as string] as string, 'bin', 'python')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-settings-files-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const UNKNOWN = 'import socket\nUNKNOWN = socket.gethostname() != ""\n'

/** `certain`: also an honest "unknown" would be a step back. `atLeast`: what has to stay known where the rest is not. */
type Case = [name: string, settings: string, more?: { files?: Record<string, string>; env?: Record<string, string>; certain?: boolean; atLeast?: string[] }]

const LOCAL = { 'local/machine.py': 'INSTALLED_APPS.append("b")\nEXTRA = "c"\n' }

/** A file that is run in the names of the settings, or of its own: as certain as a star import. */
const RUN_FILES: Case[] = [
  ['exec of a file', 'INSTALLED_APPS = ["a"]\nexec(open("local/machine.py").read())\nINSTALLED_APPS += [EXTRA]', { files: LOCAL, certain: true }],
  [
    'exec of a file in try',
    'INSTALLED_APPS = ["a"]\ntry:\n    exec(open("local/machine.py").read())\nexcept IOError:\n    INSTALLED_APPS.append("c")',
    { files: LOCAL, certain: true },
  ],
  [
    'exec of a file that is not there',
    'INSTALLED_APPS = ["a"]\ntry:\n    exec(open("local/nowhere.py").read())\nexcept IOError:\n    INSTALLED_APPS.append("c")',
    { files: LOCAL, certain: true },
  ],
  [
    'exec of a compiled file',
    'import os\nINSTALLED_APPS = ["a"]\nf = os.path.join(os.path.dirname(os.path.abspath(__file__)), "local", "machine.py")\nif os.path.exists(f):\n    exec(compile(open(f, "rb").read(), f, "exec"), globals())',
    { files: LOCAL, certain: true },
  ],
  [
    'exec of the text of a with',
    'INSTALLED_APPS = ["a"]\nwith open("local/machine.py") as fh:\n    code = fh.read()\nexec(code, globals(), locals())',
    { files: LOCAL, certain: true },
  ],
  [
    'exec in a function, with the names of the module',
    'INSTALLED_APPS = ["a"]\n\n\ndef load(name):\n    with open(name) as fh:\n        exec(fh.read(), globals())\n\n\nload("local/machine.py")\nINSTALLED_APPS += [EXTRA]',
    { files: LOCAL, certain: true },
  ],
  [
    'exec into a dict',
    'names = {"INSTALLED_APPS": ["a"]}\nexec(open("local/machine.py").read(), names)\nINSTALLED_APPS = names["INSTALLED_APPS"]',
    { files: LOCAL, certain: true },
  ],
  ['exec of a text that is put together', 'INSTALLED_APPS = ["a"]\nexec("INSTALLED_APPS." + "append(\'b\')")', { certain: true }],
  [
    'execfile, which Python 3 does not have',
    'INSTALLED_APPS = ["a"]\ntry:\n    execfile("local/machine.py")\nexcept NameError:\n    exec(open("local/machine.py").read())\n    INSTALLED_APPS.append("c")',
    { files: LOCAL, certain: true },
  ],
  [
    'SourceFileLoader',
    'from importlib.machinery import SourceFileLoader\nINSTALLED_APPS = ["a"]\nlocal = SourceFileLoader("local_settings", "own/machine.py").load_module()\nINSTALLED_APPS += local.EXTRA',
    { files: { 'own/machine.py': 'EXTRA = ["b"]\n' }, certain: true },
  ],
  [
    'exec of pathlib',
    'from pathlib import Path\nINSTALLED_APPS = ["a"]\nexec((Path(__file__).parent / "local" / "machine.py").read_text())',
    { files: LOCAL, certain: true },
  ],
  [
    'exec of what raises',
    'INSTALLED_APPS = ["a"]\ntry:\n    exec(open("local/bad.py").read())\nexcept ValueError:\n    INSTALLED_APPS.append("c")',
    {
      files: { 'local/bad.py': 'INSTALLED_APPS.append("b")\nraise ValueError("no")\n' },
      certain: true,
    },
  ],
  ['exec in a branch that cannot be decided', `${UNKNOWN}INSTALLED_APPS = ["a"]\nif UNKNOWN:\n    exec(open("local/machine.py").read())`, { files: LOCAL }],
  [
    'exec in a function in a branch that cannot be decided',
    `${UNKNOWN}INSTALLED_APPS = ["a"]\n\n\ndef load():\n    exec(open("local/machine.py").read(), globals())\n\n\nif not UNKNOWN:\n    load()`,
    { files: LOCAL },
  ],
  [
    'run_path',
    'import runpy\nD = runpy.run_path("local/own.py")\nINSTALLED_APPS = D["APPS"]',
    { files: { 'local/own.py': 'APPS = ["a", "b"]\n' }, certain: true },
  ],
  [
    'run_path into the names',
    'import runpy\nINSTALLED_APPS = ["a"]\nglobals().update(runpy.run_path("local/own.py"))',
    { files: { 'local/own.py': 'INSTALLED_APPS = ["b"]\n' }, certain: true },
  ],
  [
    'a spec from a file location',
    'import importlib.util\nspec = importlib.util.spec_from_file_location("own", "local/own.py")\nown = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(own)\nINSTALLED_APPS = own.APPS',
    { files: { 'local/own.py': 'APPS = ["a", "b"]\n' }, certain: true },
  ],
  [
    'a spec from a file that is not there',
    'import importlib.util\nINSTALLED_APPS = ["a"]\ntry:\n    spec = importlib.util.spec_from_file_location("own", "local/none.py")\n    own = importlib.util.module_from_spec(spec)\n    spec.loader.exec_module(own)\n    INSTALLED_APPS = own.APPS\nexcept FileNotFoundError:\n    INSTALLED_APPS.append("c")',
    { certain: true },
  ],
  [
    'the names of a module, copied one by one',
    'import own\nINSTALLED_APPS = ["c"]\nfor name in dir(own):\n    if name.isupper():\n        globals()[name] = getattr(own, name)',
    { files: { 'own.py': 'INSTALLED_APPS = ["a"]\n' }, certain: true },
  ],
  [
    'the names of a module, set on this one',
    'import sys\nimport own\nINSTALLED_APPS = ["c"]\nthis = sys.modules[__name__]\nfor name in dir(own):\n    if name == name.upper():\n        setattr(this, name, getattr(own, name))',
    { files: { 'own.py': 'INSTALLED_APPS = ["a"]\n' }, certain: true },
  ],
  [
    'the dict of a module',
    'import own\nINSTALLED_APPS = ["c"]\nglobals().update(own.__dict__)',
    { files: { 'own.py': 'INSTALLED_APPS = ["a"]\n' }, certain: true },
  ],
  ['a look at the names', 'INSTALLED_APPS = ["a"]\nif "EXTRA" not in globals():\n    EXTRA = ["b"]\nINSTALLED_APPS += globals()["EXTRA"]', { certain: true }],
  ['the lines of a file', 'INSTALLED_APPS = [line.strip() for line in open("apps.txt") if line.strip()]', { files: { 'apps.txt': 'a\n\nb\n' } }],
  [
    'the lines of a file in a loop',
    'INSTALLED_APPS = []\nfor line in open("apps.txt"):\n    INSTALLED_APPS.append(line.strip())',
    { files: { 'apps.txt': 'a\nb\n' }, certain: true },
  ],
]

const INI = {
  'site.ini': '[database]\nbackend = postgresql\nport: 5432\n; comment\ndebug = yes\nlong = a\n  b\n\n[apps]\nmore=%(one)s c\none = b\n[DEFAULT]\nall = a\n',
}

/** Documents that settings are read from. */
const DOCUMENTS: Case[] = [
  [
    'an ini file',
    'import configparser\nconfig = configparser.ConfigParser()\nconfig.read("site.ini")\nINSTALLED_APPS = ["a"]\nif config.get("database", "backend") == "postgresql":\n    INSTALLED_APPS.append("b")\nif config.getint("database", "port") > 5000 and config.getboolean("database", "debug"):\n    INSTALLED_APPS += config["apps"]["more"].split()[1:]',
    { files: INI, certain: true },
  ],
  [
    'an ini file that is not there, and fallbacks',
    'import configparser, os\nconfig = configparser.RawConfigParser()\nconfig.read(["/etc/migstate-nowhere.cfg", os.path.expanduser("~/.migstate-nowhere.cfg"), "none.cfg"], encoding="utf-8")\nINSTALLED_APPS = config.get("x", "apps", fallback="a,b").split(",")',
    { certain: true, env: { HOME: '/nonexistent' } },
  ],
  [
    'sections, options and items',
    'import configparser\nconfig = configparser.ConfigParser()\nwith open("site.ini") as fh:\n    config.read_file(fh)\nINSTALLED_APPS = []\nfor section in config.sections():\n    for key, value in config.items(section):\n        if key == "all" and value not in INSTALLED_APPS:\n            INSTALLED_APPS.append(value)\nif config.has_option("apps", "one") and "database" in config and not config.has_section("none"):\n    INSTALLED_APPS.append(config.get("apps", "one"))\nINSTALLED_APPS += ["c"] if config.get("database", "long") == "a\\nb" else []',
    { files: INI, certain: true },
  ],
  [
    'a section that is not there',
    'import configparser\nconfig = configparser.ConfigParser()\nconfig.read("site.ini")\nINSTALLED_APPS = ["a"]\ntry:\n    INSTALLED_APPS.append(config.get("nowhere", "x"))\nexcept configparser.NoSectionError:\n    INSTALLED_APPS.append("b")\ntry:\n    config.get("apps", "x")\nexcept configparser.Error:\n    INSTALLED_APPS.append("c")',
    { files: INI, certain: true },
  ],
  [
    'JSON',
    'import json\nwith open("site.json") as fh:\n    site = json.load(fh)\nINSTALLED_APPS = site["apps"] + (["c"] if site["n"] == 1 and site["on"] and site["no"] is None else [])',
    {
      files: { 'site.json': '{"apps": ["a", "b"], "n": 1, "on": true, "no": null}' },
      certain: true,
    },
  ],
  [
    'JSON that is nested deeper than it is read, 60 deep',
    'import json\nDATA = json.load(open("deep.json"))\nINSTALLED_APPS = ["a"]\nfor _ in range(60):\n    DATA = DATA[0]\nif DATA is None:\n    INSTALLED_APPS.append("c")\nif DATA == [["b"]]:\n    INSTALLED_APPS.append("b")',
    { files: { 'deep.json': `${'['.repeat(100)}"b"${']'.repeat(100)}` } },
  ],
  [
    'JSON that is nested deeper than it is read, 61 deep',
    'import json\nDATA = json.load(open("deep.json"))\nINSTALLED_APPS = ["a"]\nfor _ in range(61):\n    DATA = DATA[0]\nif DATA is None:\n    INSTALLED_APPS.append("c")\nif DATA == [["b"]]:\n    INSTALLED_APPS.append("b")',
    { files: { 'deep.json': `${'['.repeat(100)}"b"${']'.repeat(100)}` } },
  ],
  [
    'JSON that is nested deeper than it is read, 62 deep',
    'import json\nDATA = json.load(open("deep.json"))\nINSTALLED_APPS = ["a"]\nfor _ in range(62):\n    DATA = DATA[0]\nif DATA is None:\n    INSTALLED_APPS.append("c")\nif DATA == [["b"]]:\n    INSTALLED_APPS.append("b")',
    { files: { 'deep.json': `${'['.repeat(100)}"b"${']'.repeat(100)}` } },
  ],
  [
    'JSON that is nested deeper than it is read, 99 deep',
    'import json\nDATA = json.load(open("deep.json"))\nINSTALLED_APPS = ["a"]\nfor _ in range(99):\n    DATA = DATA[0]\nif DATA is None:\n    INSTALLED_APPS.append("c")\nif DATA == [["b"]]:\n    INSTALLED_APPS.append("b")',
    { files: { 'deep.json': `${'['.repeat(100)}"b"${']'.repeat(100)}` } },
  ],
  [
    'TOML',
    'import tomllib\nwith open("site.toml", "rb") as fh:\n    site = tomllib.load(fh)\nINSTALLED_APPS = site["tool"]["apps"] + (["c"] if site["n"] == 10 else [])',
    {
      files: { 'site.toml': 'n = 1_0\n[tool]\napps = ["a", "b"]\n' },
      certain: true,
    },
  ],
]

/** A part that cannot be known leaves the rest known. */
const FLOORS: Case[] = [
  [
    'a loop over something unknown',
    `${UNKNOWN}INSTALLED_APPS = ["a", "b"]\nfor app in socket.gethostname().split("-"):\n    if app in ("c",):\n        INSTALLED_APPS.append(app)`,
    { atLeast: ['a', 'b'] },
  ],
  [
    'a loop that also takes away',
    `${UNKNOWN}INSTALLED_APPS = ["a", "b"]\nfor app in socket.gethostname().split("-"):\n    INSTALLED_APPS.append("c")\n    INSTALLED_APPS.remove("a")`,
    {},
  ],
  [
    'a loop that hands it on',
    `${UNKNOWN}INSTALLED_APPS = ["a", "b"]\n\n\ndef f(apps):\n    del apps[0]\n\n\nfor app in socket.gethostname()[:1]:\n    f(INSTALLED_APPS)`,
    {},
  ],
  ['more in front', `${UNKNOWN}PLUGINS = [x for x in socket.gethostname() if x == "/"]\nINSTALLED_APPS = PLUGINS + ["a", "b"]`, { atLeast: ['a', 'b'] }],
  [
    'extended by something unknown',
    `${UNKNOWN}INSTALLED_APPS = ["a", "b"]\nINSTALLED_APPS.extend(x for x in socket.gethostname() if x == "/")`,
    { atLeast: ['a', 'b'] },
  ],
  ['a star of something unknown', `${UNKNOWN}INSTALLED_APPS = ["a", *socket.gethostname().split()[1:], "b"]`, { atLeast: ['a', 'b'] }],
  ['a filter that is not known', `${UNKNOWN}INSTALLED_APPS = [x for x in ["a", "b"] if x != "b" or socket.gethostname() != ""]`, { atLeast: ['a'] }],
  [
    'the length of what is not known whole',
    `${UNKNOWN}X = ["a"]\nfor x in socket.gethostname():\n    X.append(x)\nINSTALLED_APPS = ["a"] if len(X) == 2 else ["b"]`,
    {},
  ],
  ['the truth of what is not known whole', `${UNKNOWN}X = []\nfor x in socket.gethostname()[:0]:\n    X.append(x)\nINSTALLED_APPS = ["a"] if X else ["b"]`, {}],
  ['the last of what is not known whole', `${UNKNOWN}X = ["a"]\nfor x in socket.gethostname():\n    X.append("b")\nINSTALLED_APPS = [X[-1]]`, {}],
  [
    'a function that adds to a global',
    `${UNKNOWN}INSTALLED_APPS = ["a", "b"]\n\n\ndef add(x):\n    global INSTALLED_APPS\n    INSTALLED_APPS += [x]\n\n\nfor x in socket.gethostname()[:1]:\n    add("c")`,
    { atLeast: ['a', 'b'] },
  ],
  ['while', `${UNKNOWN}INSTALLED_APPS = ["a"]\nwhile len(INSTALLED_APPS) < 3:\n    INSTALLED_APPS.append("bc"[len(INSTALLED_APPS) - 1])`, { atLeast: ['a'] }],
]

const POINTS = '[shop.plugins]\nfirst = a:Plugin\nsecond = b.apps:Plugin [extra]\n[other]\nx = c\n'
const DISTRIBUTION = {
  'vendor/shop_plugins-1.2.dist-info/entry_points.txt': POINTS,
  'vendor/shop_plugins-1.2.dist-info/METADATA': 'Metadata-Version: 2.1\nName: shop-plugins\nVersion: 1.2\n',
}

/** What is installed is known from its files. */
const INSTALLED: Case[] = [
  [
    'entry points',
    'import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "vendor"))\nfrom importlib.metadata import entry_points\nINSTALLED_APPS = ["c"]\nfor point in entry_points(group="shop.plugins"):\n    INSTALLED_APPS.append(point.value.split(":")[0].split(".")[0])\nfor point in entry_points(group="shop.nothing"):\n    INSTALLED_APPS.append("x")',
    { files: DISTRIBUTION, certain: true },
  ],
  [
    'entry points in a file that is too large to be read',
    'import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "vendor"))\nfrom importlib.metadata import entry_points\nINSTALLED_APPS = ["c"]\nfor point in entry_points(group="shop.plugins"):\n    INSTALLED_APPS.append(point.module)',
    {
      files: {
        'vendor/shop_plugins-1.2.dist-info/entry_points.txt': `[shop.plugins]\nfirst = b:Plugin\n${'# '.repeat(2_100_000)}\n`,
        'vendor/shop_plugins-1.2.dist-info/METADATA': 'Metadata-Version: 2.1\nName: shop-plugins\nVersion: 1.2\n',
      },
      atLeast: ['c'],
    },
  ],
  [
    'modules of entry points',
    'import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "vendor"))\nfrom importlib.metadata import entry_points, version\nINSTALLED_APPS = [p.module.split(".")[0] for p in entry_points().select(group="shop.plugins")]\nif version("shop-plugins") == "1.2":\n    INSTALLED_APPS.append("c")',
    { files: DISTRIBUTION, certain: true },
  ],
  [
    'import_module in suppress',
    'from contextlib import suppress\nfrom importlib import import_module\nINSTALLED_APPS = ["a"]\nfor name in ["b", "migstate_nowhere", "c"]:\n    with suppress(ImportError):\n        import_module(name)\n        INSTALLED_APPS.append(name)',
    { certain: true },
  ],
  [
    'import_module in try',
    'from importlib import import_module\nINSTALLED_APPS = ["a"]\nfor name in ["b", "migstate_nowhere"]:\n    try:\n        import_module(name)\n    except ImportError:\n        continue\n    INSTALLED_APPS.append(name)',
    { certain: true },
  ],
  [
    'find_spec',
    'from importlib.util import find_spec\nINSTALLED_APPS = ["a"]\nif find_spec("b") is not None:\n    INSTALLED_APPS.append("b")\nif find_spec("migstate_nowhere"):\n    INSTALLED_APPS.append("c")',
    { certain: true },
  ],
]

/** `globals()` given to a function: what it does through the dict, it does to the names. */
const HELPER = (body: string) => ({ 'helper.py': `def tidy(s, more=None):\n${body.replace(/^/gm, '    ')}\n` })
const CALL = 'INSTALLED_APPS = ["a"]\nOPTIONAL = ("b",)\nfrom helper import tidy\ntidy(globals())'
const HANDED: Case[] = [
  ['names handed over: a list in it grows', CALL, { files: HELPER('s["INSTALLED_APPS"].append("b")'), certain: true }],
  ['names handed over: a name is set', CALL, { files: HELPER('s["INSTALLED_APPS"] = s["INSTALLED_APPS"] + list(s["OPTIONAL"])'), certain: true }],
  [
    'names handed over: a name is read after',
    `${CALL}\nINSTALLED_APPS += EXTRA`,
    { files: HELPER('s.setdefault("EXTRA", ["c"])\ns.update(OTHER=1)'), certain: true },
  ],
  ['names handed over: a name goes', `${CALL}\ntry:\n    OPTIONAL\nexcept NameError:\n    INSTALLED_APPS.append("c")`, { files: HELPER('s.pop("OPTIONAL")') }],
  [
    'names handed over: lambdas',
    CALL,
    { files: HELPER('add = lambda n, k: s[n].insert(0, k) if k not in s[n] else None\nadd("INSTALLED_APPS", "c")\nadd("INSTALLED_APPS", "a")'), certain: true },
  ],
  [
    'names handed over: optional apps',
    CALL,
    {
      files: HELPER(
        'for app in list(s.get("OPTIONAL", [])) + ["nowhere_migstate"]:\n    if app not in s["INSTALLED_APPS"]:\n        try:\n            __import__(app)\n        except ImportError:\n            pass\n        else:\n            s["INSTALLED_APPS"].append(app)',
      ),
      certain: true,
    },
  ],
  [
    'names handed over: a function inside, beside a branch that cannot be decided',
    `${UNKNOWN}${CALL}`,
    { files: HELPER('add = lambda k: s["INSTALLED_APPS"].append(k)\nif s["UNKNOWN"]:\n    s["X"] = 1\n    add("b")\nadd("c")') },
  ],
  ['two names of one dict', 'D = {"x": ["a"]}\nE = D\nD["x"].append("b")\nE["x"] = ["c"]\nINSTALLED_APPS = D["x"]', { certain: true }],
  ['a loop over a copy', 'LIST = ["a", "b", "c"]\nfor one in LIST[:]:\n    if one != "b":\n        LIST.remove(one)\nINSTALLED_APPS = LIST', { certain: true }],
  ['a loop over what it changes', 'LIST = ["a", "b", "c"]\nfor one in LIST:\n    LIST.remove(one)\nINSTALLED_APPS = LIST', {}],
  [
    'names handed over: moved inside',
    'INSTALLED_APPS = ["b", "a"]\nfrom helper import tidy\ntidy(globals())',
    {
      files: HELPER(
        'move = lambda n, k, i: s[n].insert(i, s[n].pop(s[n].index(k)))\nmove("INSTALLED_APPS", "a", 0)\ntry:\n    move("INSTALLED_APPS", "c", 0)\nexcept ValueError:\n    s["INSTALLED_APPS"].append("c")',
      ),
      certain: true,
    },
  ],
  ['names handed over: by keyword', CALL.replace('tidy(globals())', 'tidy(more=1, s=globals())'), { files: HELPER('s["INSTALLED_APPS"].append("b")') }],
  [
    'names handed over: as a method',
    CALL.replace('from helper import tidy', 'import helper').replace('tidy(g', 'helper.tidy(g'),
    { files: HELPER('s["INSTALLED_APPS"].append("b")') },
  ],
  ['names handed over: to a generator', CALL, { files: HELPER('s["INSTALLED_APPS"].append("b")\nyield 1') }],
  [
    'names handed over: to a decorated function',
    CALL,
    {
      files: {
        'helper.py':
          'def twice(f):\n    def inner(s):\n        f(s)\n        f(s)\n    return inner\n\n\n@twice\ndef tidy(s):\n    s["INSTALLED_APPS"].append("b" if "b" not in s["INSTALLED_APPS"] else "c")\n',
      },
    },
  ],
  [
    'names handed over: a second function',
    CALL,
    { files: { 'helper.py': 'def tidy(s):\n    other(s)\n\n\ndef other(names):\n    names["INSTALLED_APPS"].append("b")\n' } },
  ],
  ['names handed over: by another name', CALL, { files: HELPER('t = s\nt["INSTALLED_APPS"] = ["c"]') }],
  ['names handed over: to code that is not read', CALL, { files: HELPER('import operator\noperator.setitem(s, "INSTALLED_APPS", ["c"])') }],
  ['names handed over: a method by another name', CALL, { files: HELPER('put = s.__setitem__\nput("INSTALLED_APPS", ["c"])') }],
  ['names handed over: __setitem__', CALL, { files: HELPER('s.__setitem__("INSTALLED_APPS", ["c"])') }],
  ['names handed over: update by another name', CALL, { files: HELPER('put = s.update\nput(INSTALLED_APPS=["c"])') }],
  ['names handed over: |=', CALL, { files: HELPER('s |= {"INSTALLED_APPS": ["c"]}') }],
  ['names handed over: unpacked', CALL, { files: HELPER('s["INSTALLED_APPS"], s["X"] = ["c"], 1') }],
  ['names handed over: a function inside', CALL, { files: HELPER('def put():\n    s["INSTALLED_APPS"] = ["c"]\nput()') }],
  ['names handed over: to a method of an object of a module', CALL, { files: HELPER('import logging\nlogging.getLogger("x").debug("%s", s)') }],
  ['names handed over: inside of a list', CALL, { files: HELPER('import functools\nfunctools.reduce(lambda a, b: a.update(INSTALLED_APPS=["c"]), [s, 1])') }],
  ['names handed over: map', CALL, { files: HELPER('list(map(lambda k: s.update(INSTALLED_APPS=[k]), ["b", "c"]))') }],
  [
    'names handed over: a loop that cannot be followed',
    `${UNKNOWN}${CALL}`,
    { files: HELPER('while s["UNKNOWN"]:\n    s["INSTALLED_APPS"].append("b")\n    break') },
  ],
  [
    'names handed over: with',
    CALL,
    {
      files: HELPER(
        'import contextlib\nwith contextlib.suppress(KeyError):\n    s["INSTALLED_APPS"].append("b")\n    s["NOWHERE"]\n    s["INSTALLED_APPS"].append("c")',
      ),
    },
  ],
  ['names handed over: to a method of dict', CALL, { files: HELPER('dict.update(s, INSTALLED_APPS=["c"])') }],
  [
    'names handed over: kept by an object',
    CALL,
    {
      files: {
        'helper.py':
          'class Names:\n    def __init__(self, s):\n        self.s = s\n\n    def set(self):\n        self.s["INSTALLED_APPS"] = ["c"]\n\n\ndef tidy(s):\n    Names(s).set()\n',
      },
    },
  ],
  ['names handed over: in a comprehension', CALL, { files: HELPER('[s["INSTALLED_APPS"].append(one) for one in ("b", "c")]') }],
  ['names handed over: where it depends', `${UNKNOWN}${CALL}`, { files: HELPER('if s["UNKNOWN"]:\n    s["INSTALLED_APPS"].append("b")') }],
  ['names handed over: in a branch', `${UNKNOWN}${CALL.replace('tidy(', 'if UNKNOWN:\n    tidy(')}`, { files: HELPER('s["INSTALLED_APPS"].append("b")') }],
  ['names handed over: and ends early', CALL, { files: HELPER('if "a" in s["INSTALLED_APPS"]:\n    return\ns["INSTALLED_APPS"].append("b")'), certain: true }],
  [
    'names handed over: and raises',
    CALL.replace('tidy(globals())', 'try:\n    tidy(globals())\nexcept ValueError:\n    INSTALLED_APPS.append("c")'),
    { files: HELPER('s["INSTALLED_APPS"].append("b")\nraise ValueError("x")') },
  ],
]

/** A module under another name in `sys.modules`. */
const MODULES: Case[] = [
  [
    'sys.modules: exec of a local file, as the reloader likes it',
    'import os\nINSTALLED_APPS = ["a"]\nf = os.path.join(os.path.dirname(os.path.abspath(__file__)), "own.py")\nif os.path.exists(f):\n    import sys\n    import types\n    module = types.ModuleType("own")\n    module.__file__ = f\n    sys.modules["own"] = module\n    exec(open(f, "rb").read())',
    { files: { 'own.py': 'INSTALLED_APPS += ["b"]\n' }, certain: true },
  ],
  [
    'sys.modules: what is imported then is another one',
    'import sys, types\nINSTALLED_APPS = ["a"]\nother = types.ModuleType("own")\nother.EXTRA = ["c"]\nsys.modules["own"] = other\nfrom own import EXTRA\nINSTALLED_APPS += EXTRA',
    { files: { 'own.py': 'EXTRA = ["b"]\n' } },
  ],
  [
    'sys.modules: a name that no file has',
    'import sys, types\nINSTALLED_APPS = ["a"]\nsys.modules["nowhere_migstate"] = types.ModuleType("x")\ntry:\n    import nowhere_migstate\nexcept ImportError:\n    INSTALLED_APPS.append("b")',
    {},
  ],
  [
    'sys.modules: the settings themselves',
    'import sys, types\nINSTALLED_APPS = ["a"]\nother = types.ModuleType("settings")\nother.INSTALLED_APPS = ["c"]\nsys.modules["settings"] = other',
    {},
  ],
  [
    'sys.modules: one that was read',
    'import sys, types\nimport own\nINSTALLED_APPS = ["a"]\nother = types.ModuleType("own")\nother.EXTRA = ["c"]\nsys.modules["own"] = other\nimport own\nINSTALLED_APPS += own.EXTRA',
    { files: { 'own.py': 'EXTRA = ["b"]\n' } },
  ],
]

it.each([...RUN_FILES, ...DOCUMENTS, ...FLOORS, ...INSTALLED, ...HANDED, ...MODULES])(
  '%s',
  (_name, settings, { files: more = {}, env = {}, certain = false, atLeast = [] } = {}) => {
    const apps = Object.fromEntries(['a', 'b', 'c'].map((app) => [`${app}/__init__.py`, '']))
    files(folder, { 'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n', 'settings.py': `${settings}\n`, ...apps, ...more })
    const said = JSON.parse(
      execFileSync(python, ['-c', 'import json, settings; print(json.dumps(list(settings.INSTALLED_APPS)))'], {
        cwd: folder,
        env: { ...env, PATH: process.env.PATH },
        encoding: 'utf8',
      }),
    ) as string[]
    const ours = openProject({ folder, managePy: undefined, settings: undefined, python, path: [], env }).files()
    const found = [...ours.apps.map((app) => app.label), ...ours.notFound]
    if (certain) expect(ours.complete, JSON.stringify(ours.problems)).toBe(true)
    // An app in doubt has no migrations: whether it is there makes no difference, and is not claimed.
    const sure = [...ours.apps.filter((app) => !app.inDoubt).map((app) => app.label), ...ours.notFound]
    if (ours.complete && ours.apps.some((app) => app.inDoubt)) expect(said).toEqual(expect.arrayContaining(sure))
    else if (ours.complete) expect(sure).toEqual(said)
    expect(found).toEqual(expect.arrayContaining(atLeast))
    expect(said).toEqual(expect.arrayContaining(atLeast))
  },
)
