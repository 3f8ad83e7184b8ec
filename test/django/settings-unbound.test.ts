import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openProject } from '../../src/project/index.js'
import { isOwnName } from '../../src/python/evaluate/own-names.js'
import { djangos, oneDjango } from '../support/django.js'
import { files } from '../support/fake-project.js'
import { agreesWithPython, type SettingsCase } from '../support/settings-case.js'

/** Names that nothing has set: Python raises NameError. */
const pythonOf = (django: string) => join(djangos[django] as string, 'bin', 'python')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-unbound-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const CASES: SettingsCase[] = [
  ['any exception is awaited', 'INSTALLED_APPS = ["a"]\ntry:\n    nothing.x\nexcept Exception:\n    INSTALLED_APPS += ["b"]', { certain: true }],
  ['a bare except', 'INSTALLED_APPS = ["a"]\ntry:\n    INSTALLED_APPS += nothing\nexcept:\n    INSTALLED_APPS += ["b"]', { certain: true }],
  [
    'in a function that is called in a try',
    'INSTALLED_APPS = ["a"]\ndef f():\n    return nothing\ntry:\n    INSTALLED_APPS += f()\nexcept Exception:\n    INSTALLED_APPS += ["b"]',
    { certain: true },
  ],
  [
    'it is set later, in a loop',
    'INSTALLED_APPS = ["a"]\nfor n in [1, 2]:\n    if n == 2:\n        INSTALLED_APPS += late\n    late = ["b"]',
    { certain: true },
  ],
  [
    'a pattern may have set it',
    'import socket\nINSTALLED_APPS = ["a"]\nmatch socket.gethostname():\n    case other:\n        pass\ntry:\n    other\n    INSTALLED_APPS += ["b"]\nexcept Exception:\n    pass',
  ],
  [
    'a walrus in a comprehension has set it',
    'INSTALLED_APPS = ["a"]\n[last := x for x in ["b"]]\ntry:\n    INSTALLED_APPS += [last]\nexcept Exception:\n    pass',
  ],
  [
    'another file has set it',
    'INSTALLED_APPS = ["a"]\nexec(open("more.py").read())\nINSTALLED_APPS += more',
    { files: { 'more.py': 'more = ["b"]' }, certain: true },
  ],
  ['a name that was put among those of Python', 'import builtins\nbuiltins.more = ["b"]\nINSTALLED_APPS = ["a"] + more'],
  ['gettext', 'import gettext\ngettext.install("x")\nINSTALLED_APPS = [_("a")]'],
  ['a name of Python', 'INSTALLED_APPS = ["a"] if Exception and Warning and NotImplemented else ["b"]'],
]

describe('a name that nothing sets', () => {
  it.each(CASES)('%s', (_name, settings, more = {}) => agreesWithPython(folder, settings, more))

  it('ends the settings', () => {
    files(folder, {
      'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
      'settings.py': 'INSTALLED_APPS = ["a"]\nprint(nothing)\n',
    })
    const python = pythonOf(oneDjango as string)
    expect(() => execFileSync(python, ['-B', '-c', 'import settings'], { cwd: folder, stdio: 'pipe' })).toThrow("NameError: name 'nothing' is not defined")
    const ours = openProject({ folder, managePy: undefined, settings: undefined, python, path: [], env: {} }).files()
    expect([ours.complete, ours.apps]).toEqual([false, []])
    expect(ours.problems).toEqual([
      expect.objectContaining({ line: 2, message: expect.stringContaining("here the settings raise NameError: name 'nothing' is not defined") }),
    ])
  })

  it.each(Object.keys(djangos))('Python under Django %s has no name of its own that is not known', (django) => {
    const said = JSON.parse(
      execFileSync(pythonOf(django), ['-c', 'import builtins, json, sys; print(json.dumps([list(sys.version_info[:2]), dir(builtins)]))'], {
        encoding: 'utf8',
      }),
    ) as [[number, number], string[]]
    expect(said[1].filter((name) => name !== '_' && !isOwnName(name, said[0]) && !['True', 'False', 'None'].includes(name))).toEqual([])
  })
})
