import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'vitest'
import { agreesWithPython, type SettingsCase } from '../support/settings-case.js'

/** Settings of which a part may not run: what it does to names and objects that others have as well. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-branches-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const START = `import socket
from contextlib import suppress

# Python knows it, a reader of files does not.
U = socket.gethostname() != ""
A = ["a"]
`

const CASES: SettingsCase[] = [
  ['a branch that Python does not take', 'if not U:\n    A.append("b")\nINSTALLED_APPS = A', { floor: ['a'] }],
  [
    'a function sees the names as the branch has set them',
    'B = []\ndef f():\n    global B\n    B = list(A)\n\n\nif U:\n    A = ["b"]\n    f()\nINSTALLED_APPS = B',
  ],
  ['… and gives what they hold', 'def f():\n    return A + ["c"]\n\n\nif U:\n    A = ["b"]\n    INSTALLED_APPS = f()\nelse:\n    INSTALLED_APPS = ["a", "c"]'],
  [
    'a global that is bound and changed in a branch is one object for all who have it',
    'C = A\ndef f(x):\n    global A\n    A += ["b"]\n    x.append("b")\n\n\nif U:\n    f(A)\nA.append("c")\nINSTALLED_APPS = C',
    { floor: ['a', 'c'] },
  ],
  ['a list that may be none', 'B = A\nX = A if U else None\nX.append("b")\nINSTALLED_APPS = B', { floor: ['a'] }],
  ['one of two lists loses its last', 'B = ["b", "c"]\nA = ["a", "b"]\nX = A if U else B\nX.pop()\nINSTALLED_APPS = A', { floor: ['a'] }],
  ['one of two dicts gets a list', 'X, Y = {}, {}\nD = X if U else Y\nD.setdefault("apps", A).append("b")\nINSTALLED_APPS = X["apps"] + ["c"]'],
  ['an entry of one of two dicts is set', 'X, Y = {"k": ["c"]}, {"k": ["c"]}\nD = X if U else Y\nD["k"] = A\nA.append("b")\nINSTALLED_APPS = X["k"]'],
  ['what an operand does', 'def add():\n    A.append("b")\n    return True\n\n\nok = U and add()\nINSTALLED_APPS = A', { floor: ['a'] }],
  ['what a conditional does', 'def add():\n    A.append("b")\n    return A\n\n\nX = add() if U else ["c"]\nINSTALLED_APPS = A', { floor: ['a'] }],
  ['what a comprehension does behind a filter', '[A.append(x) for x in ["b"] if U]\nINSTALLED_APPS = A', { floor: ['a'] }],
  [
    'a function that returns in a loop, perhaps',
    'def f(x):\n    for v in ["b"]:\n        if not U:\n            return x\n        x.append(v)\n    x.append("c")\n\n\nf(A)\nINSTALLED_APPS = A',
    { floor: ['a'] },
  ],
  [
    'nothing behind what is suppressed is certain',
    'with suppress(ValueError):\n    int(socket.gethostname() + "x")\n    A.append("b")\nINSTALLED_APPS = A',
    { floor: ['a'] },
  ],
  [
    'what is suppressed in one way ends the block in the other',
    'try:\n    with suppress(ValueError):\n        if U:\n            A.remove("b")\n        import nowhere_at_all\nexcept ImportError:\n    A.append("c")\nINSTALLED_APPS = A',
  ],
  [
    'both ways raise, each something else',
    'try:\n    if not U:\n        A.append("b")\n        raise KeyError\n    else:\n        raise ValueError\nexcept KeyError:\n    A.append("b")\nexcept ValueError:\n    A.append("c")\nINSTALLED_APPS = A',
    { floor: ['a'] },
  ],
  [
    'a dict that is lost still holds its lists',
    'D = {"x": A}\nfor name in socket.gethostname():\n    D[name] = 1\nD["x"].append("b")\nINSTALLED_APPS = A',
    { floor: ['a'] },
  ],
  [
    'a name that is lost may be any list of its block',
    'X = None\nfor name in socket.gethostname():\n    X = A\nX.append("b")\nINSTALLED_APPS = A',
    { floor: ['a'] },
  ],
  ['a list that is given to a function which is lost', 'def f(x):\n    while U:\n        return x\n\n\nf(A).append("b")\nINSTALLED_APPS = A', { floor: ['a'] }],
  [
    'two names that are lost are not one object',
    'B = ["b"]\nD = {}\ntry:\n    if not U:\n        raise ValueError\n    B = list(A)\n    raise KeyError\nexcept Exception:\n    D["k"] = A\n    if B is D["k"]:\n        A += ["c"]\nINSTALLED_APPS = A',
  ],
  ['an attribute of a class', 'class C:\n    APPS = ["a"]\n\n\nif U:\n    C.APPS = ["b"]\nINSTALLED_APPS = C.APPS', { floor: ['a', 'b'] }],
  [
    'what is followed whole raises nothing that was not met',
    'def move(s):\n    put = lambda n, k, i: s[n].insert(i, s[n].pop(s[n].index(k)))\n    try:\n        put("INSTALLED_APPS", "b", 0)\n    except ValueError:\n        pass\n\n\nINSTALLED_APPS = ["a", "b"]\nmove(globals())',
    { certain: true },
  ],
  ['what both ways say stays certain', 'if U:\n    C = ["a"]\nelse:\n    C = ["a"]\nA.append("b")\nINSTALLED_APPS = A', { certain: true }],
  ['names that a branch does not touch stay certain', 'def f():\n    global X\n    X = 1\n\n\nif U:\n    f()\nINSTALLED_APPS = A', { certain: true }],
]

describe('a part that may not run', () => {
  it.each(CASES)('%s', (_name, settings, more = {}) => agreesWithPython(folder, START + settings, more))
})
