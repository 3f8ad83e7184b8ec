import { basename, dirname, join } from 'node:path'
import type { Files } from '../files.js'
import type { Candidate, EnvironmentRequest } from './types.js'
import { homeFolder } from '../../config/user-folder.js'

/** What pyenv's shims would start in the project folder (libexec/pyenv-version-name): its own Pythons and those of pyenv-virtualenv. */
export function pyenvPlaces(request: EnvironmentRequest, files: Files): Candidate[] {
  const named = namedVersions(request, files)
  return homesOf(named, request, files)
}

function homesOf(named: Named | null, request: EnvironmentRequest, files: Files): Candidate[] {
  if (!named) return []
  return named.names
    .flatMap((name) => homeOfVersion(name, request, files))
    .map((home) => ({ home, because: `pyenv's ${basename(home)}, named by ${named.by}` }))
}

/** The environment behind `~/.pyenv/shims/python`, a script that starts the first version that has the program; undefined for any other. */
export function pyenvShim(interpreter: string, request: EnvironmentRequest, files: Files): string | undefined {
  const isShim = dirname(interpreter) === join(rootOf(request), 'shims')
  if (!isShim) return undefined
  const file = join(rootOf(request), 'version')
  const homes = homesOf(namedVersions(request, files) ?? { names: wordsOf(file, files), by: file }, request, files)
  return homes.find(({ home }) => files.isFile(join(home, 'bin', basename(interpreter))))?.home
}

function rootOf(request: EnvironmentRequest): string {
  return request.env.PYENV_ROOT || join(homeFolder(request), '.pyenv')
}

interface Named {
  names: string[]
  by: string
}

/** PYENV_VERSION, or the nearest `.python-version` above the project. What the user's own default is says nothing of a project. */
function namedVersions(request: EnvironmentRequest, files: Files): Named | null {
  if (!files.isFolder(join(rootOf(request), 'versions'))) return null
  const { PYENV_VERSION } = request.env
  if (PYENV_VERSION) return { names: PYENV_VERSION.split(':'), by: 'PYENV_VERSION' }
  for (let folder = request.folder; ; folder = dirname(folder)) {
    const file = join(folder, '.python-version')
    if (files.isFile(file)) return { names: wordsOf(file, files), by: file }
    if (dirname(folder) === folder) return null
  }
}

/** The first word of each line (libexec/pyenv-version-file-read). */
function wordsOf(file: string, files: Files): string[] {
  const lines = (files.read(file) ?? '').split(/\r?\n/).map((line) => line.trim().split(/\s/)[0] as string)
  return lines.filter((word) => word !== '' && !word.startsWith('#'))
}

/** `shop`, `3.12.1`, `python-3.12`, or the newest of `3.12`; a name leads to no place outside `versions`. */
function homeOfVersion(name: string, request: EnvironmentRequest, files: Files): string[] {
  const versions = join(rootOf(request), 'versions')
  const plain = name.replace(/^python-/, '')
  const exact = [name, plain].find((one) => isInside(one) && files.isFolder(join(versions, one)))
  if (exact !== undefined) return [join(versions, exact)]
  const newest = files
    .list(versions)
    .filter((one) => one.startsWith(`${plain}.`) && /^[\d.]+$/.test(one))
    .sort((left, right) => left.localeCompare(right, 'en', { numeric: true }))
    .at(-1)
  return newest === undefined ? [] : [join(versions, newest)]
}

function isInside(name: string): boolean {
  return name !== '.' && !name.split('/').includes('..')
}
