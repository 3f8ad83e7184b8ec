import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openProject } from '../../src/project/index.js'
import { files } from '../support/fake-project.js'

/** The program lets its heap grow less where thousands of files are parsed; the library changes nothing of the process that it runs in. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-many-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function project(count: number): void {
  const names = Array.from({ length: count }, (_unused, at) => `a/migrations/m${String(at).padStart(4, '0')}.py`)
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py': 'INSTALLED_APPS = ["a"]\n',
    'a/__init__.py': '',
    'a/migrations/__init__.py': '',
    ...Object.fromEntries(names.map((name) => [name, 'from django.db import migrations\nclass Migration(migrations.Migration):\n    pass\n'])),
  })
}

function read(): number {
  const onManyFiles = vi.fn()
  const opened = openProject({
    folder,
    managePy: undefined,
    settings: undefined,
    python: undefined,
    path: [],
    env: {},
    onManyFiles,
    cacheFolder: join(folder, 'kept'),
  })
  opened.files()
  return onManyFiles.mock.calls.length
}

it('a thousand files that have to be parsed are told once, and those that are kept are not', () => {
  project(1200)
  expect(read()).toBe(1)
  expect(read()).toBe(0)
})

it('fewer are not told', () => {
  project(900)
  expect(read()).toBe(0)
})
