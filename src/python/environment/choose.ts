import { Files } from '../files.js'
import { candidates } from './candidates.js'
import { bareInterpreter, homeOf, interpreterIn, namedPython, versionOfProgram } from './interpreter.js'
import { hasDjango, type Packages, packagesOf, readDjangoVersion } from './site-packages.js'
import type { Candidate, EnvironmentRequest, PassedOver, PythonEnvironment } from './types.js'

const NO_PACKAGES: Packages = { sitePackages: [], standardLibrary: null, python: null }

/**
 * cli.md, `--path`: the environment of `--python`, whatever is in it, else the first candidate that has Django. Where none has, none is
 * known, and what is not found is unknown. A fresh look at every run: what it saw is not kept with what was read.
 * @throws MigstateError `usage` for a `--python` whose program does not exist
 */
export function findEnvironment(request: EnvironmentRequest, files: Files = new Files()): PythonEnvironment {
  if (request.python !== undefined) return named(request.python, request, files)
  const passedOver: PassedOver[] = []
  const looked = new Set<string>()
  for (const candidate of candidates(request, files)) {
    if (looked.has(candidate.home)) continue
    looked.add(candidate.home)
    const packages = packagesOf(candidate.home, request, files, candidate.interpreter === undefined ? null : versionOfProgram(candidate.interpreter))
    if (hasDjango(packages.sitePackages, files)) return chosen(candidate, packages, passedOver, files)
    passedOver.push({ ...candidate, reason: files.isFolder(candidate.home) ? 'has no Django' : 'is not there' })
  }
  return { home: null, interpreter: null, because: null, passedOver, ...NO_PACKAGES, djangoVersion: null }
}

/**
 * The command that starts Django: `--python`, else the interpreter of the environment that is read, else `python3`. Quoted where
 * `splitWords` would part it.
 * @throws MigstateError `usage`
 */
export function defaultPython(request: EnvironmentRequest): string {
  if (request.python !== undefined)
    return namedPython(request.python, request, () => insteadOf(request))
      .words.map(quoted)
      .join(' ')
  return quoted(findEnvironment(request).interpreter ?? bareInterpreter(request))
}

function named(python: string, request: EnvironmentRequest, files: Files): PythonEnvironment {
  const { path } = namedPython(python, request, () => insteadOf(request))
  if (path === null) return { home: null, interpreter: null, because: `--python "${python}"`, passedOver: [], ...NO_PACKAGES, djangoVersion: null }
  const home = homeOf(path, request, files)
  const packages = packagesOf(home, request, files, versionOfProgram(path))
  return chosen({ home, because: '--python', interpreter: path }, packages, [], files)
}

/** What to type where `--python` cannot be started: nothing, if an environment is found without it. */
function insteadOf(request: EnvironmentRequest): string {
  const { interpreter, because } = findEnvironment({ ...request, python: undefined })
  if (interpreter !== null) return `Leave --python out: without it ${interpreter} is used (${because}).`
  return 'Give the path of the interpreter, such as "--python .venv/bin/python", or a command that starts it.'
}

function chosen({ home, because, interpreter }: Candidate, packages: Packages, passedOver: PassedOver[], files: Files): PythonEnvironment {
  const djangoVersion = readDjangoVersion(packages.sitePackages, files)
  return { home, interpreter: interpreter ?? interpreterIn(home, files), because, passedOver, ...packages, djangoVersion }
}

function quoted(word: string): string {
  return /[\s'"\\]/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word
}
