import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import type { Files } from './files.js'
import type { PythonVersion } from './python/syntax.js'

/** Where the project's Python packages lie, found without starting Python. */
export interface PythonEnvironment {
  sitePackages: string[]
  /** Folder of Python's own library, or null. */
  standardLibrary: string | null
  python: PythonVersion
  /** Version of the Django found there, or null. */
  djangoVersion: string | null
}

export interface EnvironmentRequest {
  folder: string
  /** `--python`: a command; only a single path or name says where packages lie. */
  python: string | undefined
  env: Readonly<Record<string, string | undefined>>
}

const NOTHING: PythonEnvironment = { sitePackages: [], standardLibrary: null, python: null, djangoVersion: null }

/** cli.md, `--path`: the site-packages of `--python`, `VIRTUAL_ENV`, `.venv`, `venv`, `env`. */
export function findEnvironment(request: EnvironmentRequest, files: Files): PythonEnvironment {
  for (const home of environmentHomes(request)) {
    const own = sitePackagesOf(home)
    const config = readConfig(join(home, 'pyvenv.cfg'), files)
    const base = config.get('home') ? dirname(config.get('home') as string) : home
    const inherited = config.get('include-system-site-packages') === 'true' ? sitePackagesOf(base) : []
    if (own.length === 0 && inherited.length === 0) continue
    const sitePackages = [...own, ...inherited.filter((folder) => !own.includes(folder))]
    const python = versionOf(own[0] ?? inherited[0], config)
    const library = python === null ? null : join(base, 'lib', `python${python.join('.')}`)
    return {
      sitePackages,
      standardLibrary: library !== null && existsSync(join(library, 'os.py')) ? library : null,
      python,
      djangoVersion: readDjangoVersion(sitePackages, files),
    }
  }
  return NOTHING
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
  for (const lib of ['lib', 'lib64', join('local', 'lib')]) {
    if (!isFolder(join(home, lib))) continue
    const versions = readdirSync(join(home, lib)).filter((name) => /^python\d/.test(name))
    for (const version of versions.sort().reverse())
      for (const packages of ['site-packages', 'dist-packages'])
        if (isFolder(join(home, lib, version, packages))) found.push(join(home, lib, version, packages))
  }
  return [...new Set(found)].filter((path) => basename(dirname(dirname(path))) === 'lib' || !found.includes(path.replace('/lib64/', '/lib/')))
}

/** `key = value` lines; `version` and `version_info` say the same of different makers. */
function readConfig(path: string, files: Files): Map<string, string> {
  const lines = (files.read(path) ?? '').split('\n')
  return new Map(
    lines.flatMap((line) =>
      line.includes('=') ? [[line.slice(0, line.indexOf('=')).trim().toLowerCase(), line.slice(line.indexOf('=') + 1).trim()]] : [],
    ) as [string, string][],
  )
}

function versionOf(sitePackages: string | undefined, config: ReadonlyMap<string, string>): PythonVersion {
  const match = /python(\d+)\.(\d+)/.exec(sitePackages ?? '') ?? /^(\d+)\.(\d+)/.exec(config.get('version') ?? config.get('version_info') ?? '')
  return match ? [Number(match[1]), Number(match[2])] : null
}

/** `VERSION = (5, 2, 17, "final", 0)` of django/__init__.py. */
function readDjangoVersion(folders: readonly string[], files: Files): string | null {
  for (const folder of folders) {
    const text = files.read(join(folder, 'django', '__init__.py'))
    const parts = text === null ? null : /^VERSION\s*=\s*\((\d+),\s*(\d+),\s*(\d+)/m.exec(text)
    if (parts) return parts.slice(1, 4).join('.').replace(/\.0$/, '')
  }
  return null
}

/** Folders that the `.pth` files of site-packages add to the search path (site.py `addpackage`), and what they do beside that. */
export interface PathAdditions {
  folders: string[]
  /** Top-level packages and modules that an editable install maps to a place, by name (setuptools' finder). */
  mapped: Map<string, string>
  /** Lines that run code which is not understood, and zipped eggs: what is imported may come from there. */
  unread: string[]
}

export function readPathFiles(sitePackages: readonly string[], files: Files): PathAdditions {
  const additions: PathAdditions = { folders: [], mapped: new Map(), unread: [] }
  for (const folder of sitePackages)
    for (const name of files.list(folder).filter((one) => one.endsWith('.pth') && !one.startsWith('.')))
      for (const line of (files.read(join(folder, name)) ?? '').split(/\r?\n/)) readPathLine(line.trim(), folder, name, additions, files)
  return additions
}

/** Lines of tools that add nothing to what a project imports. */
const HARMLESS = /distutils-precedence|_distutils_hack|pymysql|_virtualenv|coverage|a1_coverage|matplotlib|zope\.|sitecustomize|protobuf/i

function readPathLine(line: string, folder: string, file: string, additions: PathAdditions, files: Files): void {
  if (line === '' || line.startsWith('#')) return
  if (/^import[ \t]/.test(line)) {
    const finder = /(__editable___\w+_finder)/.exec(line)?.[1]
    if (finder) readFinder(join(folder, `${finder}.py`), additions, files)
    else if (!HARMLESS.test(`${file} ${line}`)) additions.unread.push(`${join(folder, file)}: ${line.slice(0, 80)}`)
    return
  }
  const path = resolve(folder, line)
  if (files.isFolder(path)) additions.folders.push(path)
  else if (/\.(egg|zip)$/.test(path) && files.isFile(path)) additions.unread.push(`${path}: a zipped egg`)
}

/** `MAPPING: dict[str, str] = {'pkg': '/src/pkg'}` of setuptools' generated finder. */
function readFinder(path: string, additions: PathAdditions, files: Files): void {
  const mapping = /^MAPPING[^=]*=\s*(\{[^}]*\})/m.exec(files.read(path) ?? '')?.[1]
  if (mapping === undefined) additions.unread.push(path)
  for (const [, name, target] of (mapping ?? '').matchAll(/['"]([\w.]+)['"]\s*:\s*['"]([^'"]+)['"]/g)) additions.mapped.set(name as string, target as string)
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch {
    return false
  }
}
