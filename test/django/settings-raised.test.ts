import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, it } from 'vitest'
import { agreesWithPython, type SettingsCase } from '../support/settings-case.js'

/** Exceptions of which nobody knows whether they are raised, or where: what is claimed as certain must be what Python says. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-raised-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Python knows U, a reader of files does not. */
const BEFORE = 'import socket\nfrom contextlib import suppress\nU = socket.gethostname() != ""\nA = ["a"]\n'

const CASES: SettingsCase[] = [
  ['suppress: a missing module', 'with suppress(ImportError):\n    if U:\n        import nowhere_x\n    A.append("b")'],
  ['suppress: what is not in a list', 'with suppress(ValueError):\n    if U:\n        A.remove("zz")\n    A.append("b")'],
  ['suppress: a raise', 'with suppress(ValueError):\n    if U:\n        raise ValueError\n    A.append("b")'],
  ['suppress: a missing key', 'D = {}\nwith suppress(KeyError):\n    if U:\n        A = D["x"]\n    A.append("b")'],
  ['suppress in a loop', 'for v in ["b", "c"]:\n    with suppress(ValueError):\n        if U:\n            raise ValueError\n        A.append(v)'],
  ['suppress: the other branch', 'with suppress(ValueError):\n    if not U:\n        A.append("x")\n    else:\n        A.remove("zz")\n    A.append("b")'],
  ['suppress: certain in the end, perhaps before', 'with suppress(Exception):\n    if U:\n        raise ImportError\n    A.append("b")\n    import nowhere_x'],
  [
    'try: what is not caught passes on',
    'try:\n    try:\n        if U:\n            raise ValueError\n        A.append("b")\n    except KeyError:\n        pass\n    A.append("c")\nexcept ValueError:\n    pass',
  ],
  [
    'try: certain in the end, perhaps before',
    'try:\n    C = A + ["b"]\n    A = C\n    if U:\n        raise ValueError\n    A.insert(0, "c")\n    raise KeyError\nexcept Exception:\n    pass',
  ],
  ['try: what the body had done before', 'try:\n    A = ["b"]\n    if U:\n        raise ValueError\n    A = ["c"]\nexcept ValueError:\n    A.append("d")'],
  [
    'else that raises: finally runs',
    'try:\n    try:\n        pass\n    except LookupError:\n        pass\n    else:\n        raise ValueError\n    finally:\n        A = ["f"]\nexcept ValueError:\n    pass',
    { certain: true },
  ],
  [
    'a handler that raises: finally runs',
    'try:\n    try:\n        raise KeyError\n    except KeyError:\n        raise ValueError\n    finally:\n        A = ["f"]\nexcept ValueError:\n    pass',
    { certain: true },
  ],
  [
    'else that raises where the body may have raised',
    'def f(x):\n    pass\ntry:\n    try:\n        f(A)\n    except Exception:\n        pass\n    else:\n        raise KeyError\n    A = ["c"]\nexcept Exception:\n    pass',
  ],
  ['a list in doubt may not have it', 'if U:\n    A.append("b")\ntry:\n    A.remove("c")\n    A = ["d"]\nexcept ValueError:\n    pass'],
  [
    'a function removes from a list in doubt',
    'def f(x):\n    if U:\n        A.append("w")\n    for v in ["p", "q"]:\n        A.remove("a")\n    return ["d"]\ntry:\n    A = f(A)\nexcept Exception:\n    pass',
  ],
  ['two names of one list after a branch', 'C = A\nif U:\n    A.append("b")\nelse:\n    A.append("c")\nA.append("d")\nA = C'],
  [
    'a function inside a loop that is not followed returns from itself',
    'X = U\nfor v in ["p", "q"]:\n    A = ["d"]\n    for w in ["p", "q"]:\n        if X:\n            continue\n        def f(x):\n            return None\nA = A + ["e"]',
    { floor: ['e'] },
  ],
]

it.each(CASES)('%s', (_name, text, more = {}) => agreesWithPython(folder, `${BEFORE}${text}\nINSTALLED_APPS = A`, more))
