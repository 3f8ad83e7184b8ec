import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Files } from '../files.js'
import { workonHome } from './pipenv.js'
import type { Candidate, EnvironmentRequest } from './types.js'

const USUAL = ['.venv', 'venv', 'env']

/** Folders in which tools keep environments that are not the project's, and one that is never one. */
const NEVER = new Set([...USUAL, '.tox', '.nox', '.git', 'node_modules'])

/** How many names of a folder are looked at: one with more is no project's. */
const MOST = 500

/** The project folder and those above it up to the root of its git repository; without one, it and the one above. */
export function foldersUpwards(folder: string, files: Files): { folder: string; outside: boolean }[] {
  const above: string[] = []
  for (let current = folder; ; current = dirname(current)) {
    above.push(current)
    if (files.exists(join(current, '.git'))) return above.map((one) => ({ folder: one, outside: false }))
    if (dirname(current) === current) return above.slice(0, 2).map((one, index) => ({ folder: one, outside: index > 0 }))
  }
}

/**
 * `.venv`, `venv`, `env` of a folder, then whatever other sub-folder a pyvenv.cfg proves: outside the project only where there is a
 * single one, for others may belong to its neighbours.
 */
export function* localPlaces({ folder, outside }: { folder: string; outside: boolean }, request: EnvironmentRequest, files: Files): Generator<Candidate> {
  for (const name of USUAL) {
    const path = join(folder, name)
    const home = files.isFolder(path) ? path : name === '.venv' ? redirected(path, request, files) : null
    if (home !== null && isEnvironment(home, files)) yield { home, because: home === path ? `${name} in ${folder}` : path }
  }
  const names = files.list(folder)
  const others = names.length > MOST ? [] : names.filter((name) => !NEVER.has(name) && files.isFile(join(folder, name, 'pyvenv.cfg')))
  if (!outside || others.length === 1) yield* others.map((name) => ({ home: join(folder, name), because: `${name} in ${folder}` }))
}

/** conda's environments have no pyvenv.cfg; an app that is called env has no interpreter and no library. */
function isEnvironment(home: string, files: Files): boolean {
  return ['pyvenv.cfg', 'conda-meta', join('bin', 'activate'), join('Scripts', 'activate.bat')].some((name) => files.exists(join(home, name)))
}

/** A `.venv` that is a file holds a path (PEP 832, pipenv), or the name of an environment below WORKON_HOME (pipenv). */
function redirected(file: string, request: EnvironmentRequest, files: Files): string | null {
  const [text = ''] = files.isFile(file) ? (files.read(file) ?? '').trim().split(/\r?\n/) : []
  if (text === '' || text.includes('\0')) return null
  if (isAbsolute(text)) return text
  const beside = resolve(dirname(file), text)
  return /[/\\]/.test(text) || files.isFolder(beside) ? beside : join(workonHome(request), text)
}
