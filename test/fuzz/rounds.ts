import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { databaseAliases, openProject, readDatabase } from '../../src/project/index.js'
import { MigstateError } from '../../src/errors/index.js'
import { Programs } from '../support/python-programs.js'

/** One hostile project, read as every command reads it. */
export interface Round {
  files: Record<string, string>
  /** What was thrown and should not have been. */
  fault: string | null
  seconds: number
}

export const filesOf = (seed: number): Record<string, string> => {
  const programs = new Programs(seed)
  return {
    'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")\n',
    'project/__init__.py': '',
    'project/settings.py': programs.settings(),
    'project/extra.py': programs.module(),
    'extra.py': programs.module(),
    '.env': programs.lines(),
    'settings.ini': programs.lines(),
    'shop/__init__.py': '',
    'shop/apps.py': seed % 3 === 0 ? programs.module() : '',
    'shop/migrations/__init__.py': '',
    'shop/migrations/extra.py': programs.module(),
    'shop/migrations/0001_initial.py': programs.migration(),
    'shop/migrations/0002_second.py': programs.migration(),
  }
}

export function runRound(seed: number): Round {
  const files = filesOf(seed)
  const folder = mkdtempSync(join(tmpdir(), 'migstate-fuzz-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const began = process.cpuUsage()
    const fault = faultOf(() => readAll(folder))
    const { user, system } = process.cpuUsage(began)
    return { files, fault, seconds: (user + system) / 1e6 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readAll(folder: string): void {
  const project = openProject({ folder, managePy: undefined, settings: undefined, python: undefined, path: [], env: { A: 'x' } })
  const files = project.files()
  JSON.stringify(files)
  for (const file of files.apps.flatMap((app) => app.migrations))
    for (const operation of project.detailed(file).operations ?? [])
      for (const part of [operation.arguments, operation.facts, operation.inner, operation.stateOperations]) JSON.stringify(part?.())
  for (const alias of databaseAliases(project.settings)) expectError(() => JSON.stringify(readDatabase(project.settings, alias)))
  if (!files.complete && files.problems.length === 0) throw new Error('INSTALLED_APPS is incomplete, and nobody says why')
}

/** A refusal in the program's own words is an answer. */
function expectError(read: () => void): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof MigstateError)) throw error
  }
}

function faultOf(read: () => void): string | null {
  try {
    expectError(read)
    return null
  } catch (error) {
    return (error as Error).stack ?? String(error)
  }
}
