import { accessSync, constants, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { splitWords } from '../../config/index.js'
import { MigstateError } from '../../errors/index.js'
import { Files } from '../files.js'
import type { PythonVersion } from '../grammar/syntax.js'
import { pyenvShim } from './pyenv.js'
import { versionIn } from './site-packages.js'
import type { EnvironmentRequest, PythonEnvironment } from './types.js'
import { platformOf } from '../../config/user-folder.js'
import { realPath } from './user-folders.js'

/** What `--python` says. */
export interface NamedPython {
  /** Words that start it; the program with its full path where it was given by a relative one. */
  words: string[]
  /** Path of the interpreter; null for a command, which may start Python anywhere. */
  path: string | null
}

/**
 * @param suggest the next command, where the program is not there
 * @throws MigstateError `usage` for no words at all, an unclosed quote, and a program that does not exist
 */
export function namedPython(python: string, request: EnvironmentRequest, suggest: () => string): NamedPython {
  // A path may hold spaces, and the separators of Windows are no escapes.
  const words = isFileAsWhole(python, request) ? [python] : splitWords(python)
  const [program, ...rest] = words
  if (program === undefined) throw new MigstateError('usage', '--python is empty.', { hint: suggest() })
  const path = locate(program, request)
  if (path === undefined) throw missing(python, program, request, suggest)
  const started = isPath(program) ? path : program
  return { words: [started, ...rest], path: rest.length === 0 ? path : null }
}

/** `sys.prefix` of an interpreter: Python looks for pyvenv.cfg beside it and above it, before it follows links (getpath.py). */
export function homeOf(interpreter: string, request: EnvironmentRequest, files: Files): string {
  const shim = pyenvShim(interpreter, request, files)
  if (shim !== undefined) return shim
  const above = prefixOf(interpreter)
  const holds = (home: string) => files.isFile(join(home, 'pyvenv.cfg')) || ['lib', 'Lib', 'lib64'].some((name) => files.isFolder(join(home, name)))
  return holds(above) ? above : prefixOf(realPath(interpreter))
}

/**
 * `sys.prefix` of the environment's interpreter. A virtual environment is where it was started; another Python is where its program
 * lies behind all links (getpath.py).
 */
export function sysPrefix({ home, interpreter }: PythonEnvironment, files: Files): string | null {
  if (home === null || interpreter === null || !isAbsolute(home)) return null
  return files.isFile(join(home, 'pyvenv.cfg')) || prefixOf(realPath(interpreter)) === home ? resolve(home) : null
}

/** Of a virtual environment with one folder of packages: other Pythons have schemes of their own (sysconfig.py), by system and by distribution. */
export function pureLibrary(environment: PythonEnvironment, files: Files): string | null {
  const { home, python } = environment
  if (home === null || python === null || sysPrefix(environment, files) === null || !files.isFile(join(home, 'pyvenv.cfg'))) return null
  const folder = join(home, 'lib', `python${python.join('.')}`, 'site-packages')
  return environment.sitePackages.filter((one) => one.startsWith(home)).every((one) => one === folder) && files.isFolder(folder) ? folder : null
}

/** The version that the name of the program tells, links followed: `/usr/bin/python3` is `python3.11`. */
export function versionOfProgram(interpreter: string): PythonVersion {
  return versionIn(basename(realPath(interpreter)))
}

/** `bin/python`, on Windows `Scripts\python.exe`, with conda `python.exe`; null when it is not there or leads nowhere. */
export function interpreterIn(home: string, files: Files): string | null {
  const places = [join('bin', 'python'), join('bin', 'python3'), join('Scripts', 'python.exe'), 'python.exe']
  return places.map((place) => join(home, place)).find((path) => files.isFile(path)) ?? null
}

/** The program that a bare `python3` would be. */
export function bareInterpreter(request: EnvironmentRequest): string {
  return platformOf(request) === 'win32' ? 'python' : 'python3'
}

function prefixOf(interpreter: string): string {
  const folder = dirname(interpreter)
  return /^(bin|Scripts)$/i.test(basename(folder)) ? dirname(folder) : folder
}

function isPath(program: string): boolean {
  return /[/\\]/.test(program)
}

/** A path as given, from the current folder or the project's, or a name on PATH. A symbolic link is not followed: a virtual environment's python is one. */
function locate(program: string, request: EnvironmentRequest): string | undefined {
  if (isPath(program)) return placesOf(program, request).find((path) => kindOf(path) === 'file')
  const { env } = request
  const folders = (env.PATH ?? env.Path ?? '').split(platformOf(request) === 'win32' ? ';' : ':').filter(Boolean)
  const names = platformOf(request) === 'win32' ? ['', ...(env.PATHEXT ?? '.COM;.EXE;.BAT;.CMD').split(';')].map((end) => program + end) : [program]
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram)
}

function placesOf(path: string, { folder, cwd = process.cwd() }: EnvironmentRequest): string[] {
  return isAbsolute(path) ? [path] : [resolve(cwd, path), resolve(folder, path)]
}

function isFileAsWhole(text: string, request: EnvironmentRequest): boolean {
  return isPath(text) && placesOf(text, request).some((path) => kindOf(path) === 'file')
}

function kindOf(path: string): 'file' | 'folder' | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    return stats === undefined ? undefined : stats.isDirectory() ? 'folder' : 'file'
  } catch {
    return undefined
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return kindOf(path) === 'file'
  } catch {
    return false
  }
}

function missing(python: string, program: string, request: EnvironmentRequest, suggest: () => string): MigstateError {
  const folder = isPath(program) ? placesOf(program, request).find((path) => kindOf(path) === 'folder') : undefined
  const inside = folder && interpreterIn(folder, new Files())
  const file = isPath(program) ? `there is no file ${program}` : `there is no program ${program} on PATH`
  const fact = folder === undefined ? file : `${program} is a folder and no interpreter`
  return new MigstateError('usage', `--python "${python}" cannot be started: ${fact}.`, {
    hint: inside ? `Name the interpreter in it: --python ${inside}` : suggest(),
  })
}
