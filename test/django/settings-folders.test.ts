import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'vitest'
import { agreesWithPython, type SettingsCase } from '../support/settings-case.js'

/** Settings that go through folders, and that order what they find: Python is asked. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-folders-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const PLUGINS = {
  'plugins/__init__.py': '',
  'plugins/one.py': 'APP = "a"\nORDER = 2\n',
  'plugins/two.py': 'APP = "b"\nORDER = 1\n',
  'plugins/deep/__init__.py': 'APP = "c"\nORDER = 0\n',
  'plugins/data/readme.txt': '',
  'plugins/.hidden.py': 'APP = "x"\n',
}
const SNIPPETS = { 'conf.d/10.py': 'INSTALLED_APPS.append("a")\n', 'conf.d/sub/20.py': 'INSTALLED_APPS.append("b")\n', 'conf.d/note.txt': 'not Python' }
const HERE = 'import os\nHERE = os.path.dirname(os.path.abspath(__file__))\n'
const WALK = `${HERE}INSTALLED_APPS = []\nfor path, folders, names in os.walk(os.path.join(HERE, "conf.d")):\n`
const RUN = '        if name.endswith(".py"):\n            with open(os.path.join(path, name)) as f:\n                exec(f.read())'
const UNKNOWN = 'import socket\nUNKNOWN = socket.gethostname() != ""\n'

const CASES: SettingsCase[] = [
  ['os.walk over files that are run', `${WALK}    for name in sorted(names):\n${RUN}`, { files: SNIPPETS, certain: true }],
  ['os.walk of no folder', `${HERE}INSTALLED_APPS = ["a"]\nfor _ in os.walk(os.path.join(HERE, "none")):\n    INSTALLED_APPS.append("b")`, { certain: true }],
  ['os.walk that is pruned', `${WALK}    folders[:] = []\n    for name in names:\n${RUN}`, { files: SNIPPETS }],
  ['os.walk that is pruned by a method', `${WALK}    if "sub" in folders:\n        folders.remove("sub")\n    for name in names:\n${RUN}`, { files: SNIPPETS }],
  ['os.walk with an option', `${WALK.replace('"conf.d")', '"conf.d"), topdown=False')}    for name in names:\n${RUN}`, { files: SNIPPETS }],
  [
    'glob.glob of folders with a file in them',
    `${HERE}import glob\nINSTALLED_APPS = sorted(os.path.basename(os.path.dirname(p)) for p in glob.glob(os.path.join(HERE, "?", "__init__.py")))`,
    { certain: true },
  ],
  [
    'glob.glob sees no hidden file',
    `${HERE}import glob\nINSTALLED_APPS = ["a", "b"] if len(glob.glob(os.path.join(HERE, "plugins", "*.py"))) == 3 else ["a"]`,
    { files: PLUGINS, certain: true },
  ],
  [
    'glob.glob that goes deeper',
    `${HERE}import glob\nINSTALLED_APPS = ["a"] * len(glob.glob(os.path.join(HERE, "conf.d", "**", "2?.py"), recursive=True))`,
    { files: SNIPPETS, certain: true },
  ],
  ['glob.glob with a class of characters', `${HERE}import glob\nINSTALLED_APPS = ["a"] if glob.glob(os.path.join(HERE, "[abc]")) else ["b"]`],
  [
    'Path.glob, which sees hidden files',
    'from pathlib import Path\nHERE = Path(__file__).resolve().parent\nINSTALLED_APPS = sorted(p.stem for p in (HERE / "apps").glob("*.py"))[:1]',
    { files: { 'apps/a.py': '', 'apps/b.py': '' }, certain: true },
  ],
  [
    'Path.rglob',
    'from pathlib import Path\nINSTALLED_APPS = ["a", "b", "c"][: len(list((Path(__file__).parent / "conf.d").rglob("*.py")))]',
    { files: SNIPPETS, certain: true },
  ],
  [
    'Path.iterdir',
    'from pathlib import Path\nINSTALLED_APPS = [p.name for p in sorted(Path(__file__).resolve().parent.iterdir(), key=str) if p.is_dir() and len(p.name) == 1]',
    { certain: true },
  ],
  [
    'pkgutil.iter_modules by its names',
    'import importlib\nimport pkgutil\nimport plugins\nINSTALLED_APPS = []\nfor found in pkgutil.iter_modules(plugins.__path__, "plugins."):\n    INSTALLED_APPS.append(importlib.import_module(found.name).APP)\nINSTALLED_APPS.sort()',
    { files: PLUGINS, certain: true },
  ],
  [
    'pkgutil.iter_modules of packages only',
    'import pkgutil\nINSTALLED_APPS = ["abc"[len(n) - 4] for _, n, is_package in pkgutil.iter_modules(["plugins"]) if is_package]',
    { files: PLUGINS, certain: true },
  ],
  [
    'a defaultdict that gathers',
    'import collections\nD = collections.defaultdict(list)\nD["x"].append("a")\nD["y"].append("b")\nD["x"] += ["c"]\nINSTALLED_APPS = D["x"] + D["y"] + D["z"]\nINSTALLED_APPS += [] if "z" in D else ["z"]',
    { certain: true },
  ],
  [
    'a defaultdict of numbers',
    'from collections import defaultdict\nD = defaultdict(int)\nfor x in "aab":\n    D[x] += 1\nINSTALLED_APPS = [k for k, n in D.items() if n == 2]',
    { certain: true },
  ],
  [
    'a defaultdict under an unknown key',
    `${UNKNOWN}from collections import defaultdict\nD = defaultdict(list)\nD["x" if UNKNOWN else "y"].append("b")\nINSTALLED_APPS = ["a"] + D["x"]`,
  ],
  ['a list of a dict under an unknown key', `${UNKNOWN}D = {"x": ["a"], "y": []}\nD["x" if UNKNOWN else "y"].append("b")\nINSTALLED_APPS = D["x"]`],
  [
    'a list in a dict in a dict under an unknown key',
    `${UNKNOWN}X = ["a"]\nD = {"x": {"z": X}, "y": {"z": []}}\nD["x" if UNKNOWN else "y"]["z"].extend(["b"])\nINSTALLED_APPS = X`,
  ],
  ['a look into a dict under an unknown key', `${UNKNOWN}D = {"x": ["a"]}\nY = D["x" if UNKNOWN else "y"].copy()\nINSTALLED_APPS = D["x"]`, { certain: true }],
  ['a generator of pairs as the argument of a call', 'D = {"a": 1, "b": 2}\nINSTALLED_APPS = list(k for k, v in D.items() if v > 1)', { certain: true }],
  [
    'a text without its margin',
    'import textwrap\nINSTALLED_APPS = textwrap.dedent("  a\\n \\n\\n    b").replace("\\n\\n", "").split("\\n  ")',
    { certain: true },
  ],
  ['a text without a common margin', 'import textwrap\nINSTALLED_APPS = textwrap.dedent("\\ta\\n  b").split()', { certain: true }],
  ['the letters of a text', 'INSTALLED_APPS = [x for x in "ab"] + list("c")', { certain: true }],
  [
    'modules in the order of what stands in them',
    'import importlib\nMODULES = [importlib.import_module("plugins." + n) for n in ["one", "two", "deep"]]\nINSTALLED_APPS = [m.APP for m in sorted(MODULES, key=lambda m: m.ORDER)]',
    { files: PLUGINS, certain: true },
  ],
  ['sorted, reversed: what is equal stays in order', 'INSTALLED_APPS = sorted(["b", "a", "c"], key=lambda x: x == "c", reverse=True)', { certain: true }],
  ['sort by two things', 'INSTALLED_APPS = ["b", "a", "c"]\nINSTALLED_APPS.sort(key=lambda x: (x != "c", x))', { certain: true }],
  ['sort by a function of Python', 'INSTALLED_APPS = [x[0] for x in sorted(["bbb", "a", "cc"], key=len)]', { certain: true }],
  ['sorted by what is not known', `${UNKNOWN}INSTALLED_APPS = sorted(["b", "a"], key=lambda x: UNKNOWN)`],
  [
    'a name that a module may have',
    'import importlib\nINSTALLED_APPS = [m.APP for m in map(importlib.import_module, ["plugins.one", "plugins.data"]) if hasattr(m, "APP")]',
    { files: { ...PLUGINS, 'plugins/data/__init__.py': '' } },
  ],
  ['a list of what depends on something', `${UNKNOWN}APPS = ["a"]\nif UNKNOWN:\n    APPS = ["a", "b"]\nINSTALLED_APPS = list(APPS)`, { floor: ['a'] }],
  ['a slice that gets what is not known', 'import json\nINSTALLED_APPS = ["a", "b"]\nINSTALLED_APPS[0:0] = json.loads("[%s]" % "")', { floor: ['a', 'b'] }],
  [
    'a slice before what is not known',
    'import json\nINSTALLED_APPS = ["a"]\nINSTALLED_APPS += json.loads("[%s]" % "")\nINSTALLED_APPS[:0] = ["b"]',
    { floor: ['a', 'b'] },
  ],
  [
    'a slice behind what is not known',
    `${UNKNOWN}INSTALLED_APPS = ["a"]\nX = [y for y in ["b"] if not UNKNOWN]\nINSTALLED_APPS[:0] = X\nINSTALLED_APPS[1:2] = ["c"]`,
  ],
]

describe('settings that go through folders', () => {
  it.each(CASES)('%s', (_name, settings, more) => agreesWithPython(folder, settings, more ?? {}))

  it('a folder that is only linked to is named and not entered', () => {
    symlinkSync(folder, join(folder, 'loop'))
    const settings = `${HERE}INSTALLED_APPS = ["a"] * sum(1 for path, folders, names in os.walk(HERE) if "loop" in folders)`
    agreesWithPython(folder, settings, { certain: true })
  })
})
