import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path'

/** Where the project's Python packages lie, found without starting Python. */
export interface PythonEnvironment {
  sitePackages: string[]
  /** Version of the Django found there, or null. */
  djangoVersion: string | null
}

export interface EnvironmentRequest {
  folder: string
  /** `--python`: a command; only a single path or name says where packages lie. */
  python: string | undefined
  env: Readonly<Record<string, string | undefined>>
}

/** cli.md, `--path`: the site-packages of `--python`, `VIRTUAL_ENV`, `.venv`, `venv`, `env`. */
export function findEnvironment(request: EnvironmentRequest): PythonEnvironment {
  for (const home of environmentHomes(request)) {
    const sitePackages = sitePackagesOf(home)
    if (sitePackages.length > 0) return { sitePackages, djangoVersion: readDjangoVersion(sitePackages) }
  }
  return { sitePackages: [], djangoVersion: null }
}

/** The interpreter that starts Django: `--python`, else that of the environment found, else `python3`. */
export function defaultPython(request: EnvironmentRequest): string {
  if (request.python !== undefined) return request.python
  for (const home of environmentHomes(request)) if (existsSync(join(home, 'bin', 'python'))) return join(home, 'bin', 'python')
  return 'python3'
}

function environmentHomes({ folder, python, env }: EnvironmentRequest): string[] {
  if (python !== undefined) {
    const path = python.includes(' ') ? undefined : locate(python, folder, env)
    return path === undefined ? [] : [dirname(dirname(path))]
  }
  const homes = [env.VIRTUAL_ENV, ...['.venv', 'venv', 'env'].map((name) => join(folder, name))]
  return homes.filter((home): home is string => home !== undefined && home !== '' && existsSync(join(home, 'pyvenv.cfg')))
}

/** A path as given, or a name on PATH. A symbolic link is not followed: a virtual environment's python is one. */
function locate(python: string, folder: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (python.includes('/')) return isAbsolute(python) ? python : [resolve(python), resolve(folder, python)].find((path) => existsSync(path))
  return (env.PATH ?? '')
    .split(delimiter)
    .map((entry) => join(entry, python))
    .find((path) => existsSync(path))
}

function sitePackagesOf(home: string): string[] {
  const found: string[] = []
  for (const lib of ['lib', 'lib64']) {
    if (!isFolder(join(home, lib))) continue
    const versions = readdirSync(join(home, lib)).filter((name) => /^python\d/.test(name))
    for (const version of versions.sort().reverse())
      for (const packages of ['site-packages', 'dist-packages'])
        if (isFolder(join(home, lib, version, packages))) found.push(join(home, lib, version, packages))
  }
  if (isFolder(join(home, 'lib', 'python3', 'dist-packages'))) found.push(join(home, 'lib', 'python3', 'dist-packages'))
  return [...new Set(found)].filter((path) => basename(dirname(dirname(path))) === 'lib' || !found.includes(path.replace('/lib64/', '/lib/')))
}

/** `VERSION = (5, 2, 17, "final", 0)` of django/__init__.py. */
export function readDjangoVersion(folders: readonly string[]): string | null {
  for (const folder of folders) {
    const file = join(folder, 'django', '__init__.py')
    if (!existsSync(file)) continue
    const parts = /^VERSION\s*=\s*\((\d+),\s*(\d+),\s*(\d+)/m.exec(readFileSync(file, 'utf8'))
    if (parts) return parts.slice(1, 4).join('.').replace(/\.0$/, '')
  }
  return null
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
