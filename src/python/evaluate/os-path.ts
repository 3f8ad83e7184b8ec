import { realpathSync } from 'node:fs'
import { basename, dirname, extname, isAbsolute, join, normalize, resolve } from 'node:path'
import { payLook, payText, payValues } from '../budget.js'
import type { Host } from './host.js'
import { boolean, string, textOf, type Value } from './value.js'

/** os.path and pathlib on known paths. */
export function callOsPath(name: string, args: readonly Value[], host: Host): Value | undefined {
  const texts = args.map(textOf)
  const [first] = texts
  const complete = texts.every((text) => text !== undefined)
  switch (name) {
    case 'os.path.join':
    case 'posixpath.join':
      return complete ? string(joinPython(texts as string[])) : undefined
    case 'pathlib.Path':
    case 'pathlib.PurePath':
    case 'pathlib.PosixPath':
      return complete ? { kind: 'path', value: purePath(joinPython(texts.length > 0 ? (texts as string[]) : ['.'])) } : undefined
    case 'os.getcwd':
    case 'pathlib.Path.cwd':
      return undefined
    default:
      return first === undefined ? undefined : onePath(name, first, host)
  }
}

function onePath(name: string, path: string, host: Host): Value | undefined {
  payText(4 * path.length)
  switch (name) {
    case 'os.path.dirname':
      return string(posixDirname(path))
    case 'os.path.basename':
      return string(path.slice(path.lastIndexOf('/') + 1))
    case 'os.path.abspath':
    case 'os.path.normpath':
      return string(normalize(name === 'os.path.abspath' ? resolve(host.cwd, path) : path).replace(/(.)\/$/, '$1'))
    case 'os.path.exists':
      return boolean(host.exists(path))
    case 'os.path.isfile':
      return boolean(host.exists(path) && !host.isFolder(path))
    case 'os.path.isdir':
      return boolean(host.isFolder(path))
    case 'os.path.expanduser':
      return expanded(path, host, string)
    case 'os.path.realpath':
      return string(realPath(resolve(host.cwd, path)))
    case 'os.path.splitext':
      return { kind: 'tuple', items: [string(path.slice(0, path.length - extname(path).length)), string(extname(path))] }
    case 'os.path.isabs':
      return boolean(isAbsolute(path))
    case 'os.fspath':
      return string(path)
    default:
      return undefined
  }
}

/** Methods of a `pathlib.Path`; a name with a leading dot is an attribute. */
export function pathMethod(path: string, method: string, args: readonly Value[], host: Host | undefined): Value | undefined {
  payText(4 * path.length)
  const made = (value: string): Value => ({ kind: 'path', value })
  switch (method) {
    case '.parent':
      return made(dirname(path))
    case '.parents': {
      const parents: Value[] = []
      for (let folder = dirname(path); ; folder = dirname(folder)) {
        payValues(1)
        parents.push(made(folder))
        if (dirname(folder) === folder) return { kind: 'tuple', items: parents }
      }
    }
    case 'exists':
      return host && boolean(host.exists(path))
    case 'is_file':
      return host && boolean(host.exists(path) && !host.isFolder(path))
    case 'is_dir':
      return host && boolean(host.isFolder(path))
    case '.name':
      return string(basename(path))
    case '.stem':
      return string(basename(path, extname(path)))
    case 'resolve':
      return host && made(realPath(resolve(host.cwd, path)))
    case 'absolute':
      return isAbsolute(path) ? made(path) : host && made(purePath(`${host.cwd}/${path}`))
    case 'expanduser':
      return host && expanded(path, host, made)
    case 'as_posix':
      return string(path)
    case 'path':
    case 'with_name':
    case 'joinpath': {
      const parts = args.map(textOf)
      if (!parts.every((part) => part !== undefined)) return undefined
      return made(purePath(method === 'with_name' ? join(dirname(path), parts[0] as string) : joinPython([path, ...(parts as string[])])))
    }
    default:
      return undefined
  }
}

/** `~` is HOME (posixpath.expanduser); other users' homes are not looked up. */
function expanded(path: string, host: Host, made: (path: string) => Value): Value | undefined {
  if (!path.startsWith('~')) return made(path)
  const home = path === '~' || path.startsWith('~/') ? host.env.get('HOME') : undefined
  return home === undefined || host.variableDoubt('HOME') !== null ? undefined : made(home.replace(/\/$/, '') + path.slice(1))
}

/** Asking the system about each folder of a path takes about as long as looking at so many values. */
const REAL_PATH = 2000

/** So many folders up. */
export function ancestor(path: string, levels: number): string {
  let result = path
  for (let level = 0; level < levels && dirname(result) !== result; level++) {
    payLook(20)
    result = dirname(result)
  }
  return result
}

/** pathlib drops single dots and doubled slashes, and keeps `..`. */
export function purePath(path: string): string {
  payText(4 * path.length)
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  return path.startsWith('/') ? `/${parts.join('/')}` : parts.join('/') || '.'
}

/** posixpath.dirname: everything before the last slash, as it stands. */
function posixDirname(path: string): string {
  const head = path.slice(0, path.lastIndexOf('/') + 1)
  return /^\/*$/.test(head) ? head : head.replace(/\/+$/, '')
}

/** os.path.join: an absolute part starts anew. */
export function joinPython(parts: string[]): string {
  const from = Math.max(
    0,
    parts.findLastIndex((part) => isAbsolute(part)),
  )
  const pieces: string[] = []
  // Whether the next part needs a slash before it.
  let open = false
  for (const part of parts.slice(from)) {
    pieces.push(open ? `/${part}` : part)
    payText(part.length + 20)
    open = part !== '' && !part.endsWith('/')
  }
  return pieces.join('')
}

function realPath(path: string): string {
  payLook(REAL_PATH)
  try {
    return realpathSync(path)
  } catch {
    return normalize(path)
  }
}
