import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openProject, readDatabase } from '../../src/project/index.js'
import { files } from '../support/fake-project.js'

/** Variables of the environment, as settings ask for them. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migstate-environment-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function nameOf(expression: string, env: Record<string, string> = {}): string {
  files(folder, {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    'settings.py': `import os\nfrom os import environ, getenv\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ${expression}}}\n`,
  })
  return readDatabase(openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env }).settings, 'default')?.name as string
}

describe('a variable', () => {
  it.each([
    'os.environ.get("X", "d")',
    'os.getenv("X", "d")',
    'environ.get("X", "d")',
    'getenv("X", "d")',
    'os.environ.get("X", default="d")',
    'os.getenv("X", default="d")',
    'os.environ.get("X") or "d"',
    'os.environ["X"] if "X" in os.environ else "d"',
    'os.environ.setdefault("X", "d")',
    'os.environ.get("Y", os.environ.get("X", "d"))',
  ])('%s: its default where it is not set, else its value', (expression) => {
    expect(nameOf(expression)).toBe('d')
    expect(nameOf(expression, { X: 'set' })).toBe('set')
  })

  it.each(['os.environ["X"]', 'os.environ.get("X") + "y"'])('%s: without a default and not set nothing is known', (expression) => {
    expect(() => nameOf(expression)).toThrowError(expect.objectContaining({ code: expect.stringMatching(/database-unknown|bad-settings/) }))
  })
})
