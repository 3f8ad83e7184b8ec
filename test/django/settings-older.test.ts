import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openProject } from '../../src/project/index.js'
import { djangos, oneDjango } from '../support/django.js'
import { files } from '../support/fake-project.js'

/** What newer Pythons no longer have: the oldest Python that is here is asked. */
const old = join(djangos['3.2'] ?? (djangos[oneDjango as string] as string), 'bin', 'python')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-settings-older-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const MANAGE = { 'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n' }
const APPS = Object.fromEntries(['a', 'b', 'c'].map((app) => [`${app}/__init__.py`, '']))
const open = (python: string, more: { path?: string[]; env?: Record<string, string> } = {}) =>
  openProject({ folder, managePy: undefined, settings: undefined, python, path: [], env: {}, ...more })

describe.skipIf(!djangos['3.2'])('Python before 3.12', () => {
  it.each<[name: string, settings: string, more: Record<string, string>]>([
    [
      'imp.load_source',
      'import imp\nINSTALLED_APPS = ["a"]\nlocal = imp.load_source("local_settings", "own/machine.py")\nINSTALLED_APPS += local.EXTRA',
      { 'own/machine.py': 'EXTRA = ["b"]\n' },
    ],
    [
      'imp.load_source of a file that is not there',
      'import imp\nINSTALLED_APPS = ["a"]\ntry:\n    local = imp.load_source("local_settings", "own/nowhere.py")\nexcept IOError:\n    INSTALLED_APPS.append("c")',
      {},
    ],
    [
      'pkg_resources.iter_entry_points',
      'import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "vendor"))\nimport pkg_resources\nINSTALLED_APPS = ["a"]\nfor point in pkg_resources.iter_entry_points("shop.plugins"):\n    INSTALLED_APPS.append(point.module_name)\nfor point in pkg_resources.iter_entry_points(group="shop.nothing"):\n    INSTALLED_APPS.append("c")',
      {
        'vendor/shop_plugins-1.2.dist-info/entry_points.txt': '[shop.plugins]\nfirst = b:Plugin\n',
        'vendor/shop_plugins-1.2.dist-info/METADATA': 'Metadata-Version: 2.1\nName: shop-plugins\nVersion: 1.2\n',
      },
    ],
  ])('%s', (_name, settings, more) => {
    files(folder, { ...MANAGE, ...APPS, ...more, 'settings.py': `${settings}\n` })
    const said = execFileSync(old, ['-W', 'ignore', '-c', 'import json, settings; print(json.dumps(settings.INSTALLED_APPS))'], {
      cwd: folder,
      encoding: 'utf8',
    })
    const ours = open(old).files()
    expect(ours.complete, JSON.stringify(ours.problems)).toBe(true)
    expect(ours.apps.map((app) => app.label)).toEqual(JSON.parse(said))
  })
})

/** The version of the Django that Python would import, wherever that is, and not of another one in the environment. */
describe('the version of Django', () => {
  const python = join(djangos[oneDjango as string] as string, 'bin', 'python')
  const SETTINGS = { 'settings.py': 'INSTALLED_APPS = []\n' }
  /** Another version than that of the environment, by its `__init__.py`. */
  function vendor(place: string): void {
    files(folder, { [`${place}/django/__init__.py`]: 'VERSION = (4, 1, 7, "final", 0)\n\n\ndef get_version():\n    return "4.1.7"\n' })
  }
  const importedBy = (env: Record<string, string> = {}, code = '') =>
    execFileSync(python, ['-c', `${code}\nimport django; print(django.get_version())`], { cwd: folder, encoding: 'utf8', env }).trim()

  it('beside manage.py', () => {
    vendor('.')
    files(folder, { ...MANAGE, ...SETTINGS })
    expect(open(python).djangoVersion).toBe(importedBy())
    expect(open(python).djangoVersion).toBe('4.1.7')
  })

  it('on PYTHONPATH', () => {
    vendor('lib')
    files(folder, { ...MANAGE, ...SETTINGS })
    const env = { PYTHONPATH: join(folder, 'lib') }
    expect(open(python, { env }).djangoVersion).toBe(importedBy(env))
    expect(open(python).djangoVersion).toBe(importedBy())
    expect(open(python, { path: [join(folder, 'lib')] }).djangoVersion).toBe('4.1.7')
  })

  it("on manage.py's own path, in front and behind", () => {
    vendor('lib')
    for (const change of ['insert(0, ', 'append(']) {
      const code = `import os, sys\nsys.path.${change}os.path.join(${JSON.stringify(folder)}, "lib"))\n`
      files(folder, { 'manage.py': code + MANAGE['manage.py'], ...SETTINGS })
      expect(open(python).djangoVersion, change).toBe(importedBy({}, code))
    }
  })
})
