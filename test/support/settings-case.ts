import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'vitest'
import { openProject } from '../../src/project/index.js'
import { djangos, oneDjango } from './django.js'
import { files } from './fake-project.js'

interface More {
  files?: Record<string, string>
  env?: Record<string, string>
  /** Also an honest "unknown" would be a step back. */
  certain?: boolean
  /** Entries that are to be named, whatever else is in doubt. */
  floor?: string[]
}

export type SettingsCase = [name: string, settings: string, more?: More]

/** Settings that name the apps a, b and c: Python is asked, and what is claimed as certain must be what Python says. */
export function agreesWithPython(folder: string, settings: string, { files: more = {}, env = {}, certain = false, floor = [] }: More): void {
  const python = join(djangos[oneDjango as string] as string, 'bin', 'python')
  const apps = Object.fromEntries(['a', 'b', 'c'].flatMap((app) => [`${app}/__init__.py`, `${app}/migrations/__init__.py`].map((file) => [file, ''])))
  files(folder, { 'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n', 'settings.py': `${settings}\n`, ...apps, ...more })
  const said = JSON.parse(
    execFileSync(python, ['-c', 'import json, settings; print(json.dumps(list(settings.INSTALLED_APPS)))'], {
      cwd: folder,
      env: { ...env, PATH: process.env.PATH },
      encoding: 'utf8',
    }),
  ) as string[]
  const ours = openProject({ folder, managePy: undefined, settings: undefined, python, path: [], env }).files()
  if (certain) expect(ours.complete, JSON.stringify(ours.problems)).toBe(true)
  const sure = [...ours.apps.filter((app) => !app.inDoubt).map((app) => app.label), ...ours.notFound]
  if (ours.complete) expect(sure).toEqual(said)
  else if (ours.worlds && ours.open !== true) {
    // What Python says is one of the projects that it may be.
    const worlds = ours.worlds.map(({ without }) => ours.apps.map((app) => app.label).filter((label) => !without.includes(label)))
    expect(worlds.map((world) => new Set(world))).toContainEqual(new Set(said))
  }
  expect([...ours.apps.map((app) => app.label), ...ours.notFound]).toEqual(expect.arrayContaining(floor))
}
