import { realpathSync, statSync } from 'node:fs'
import { basename, dirname, extname, isAbsolute, join, normalize } from 'node:path'
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
  switch (name) {
    case 'os.path.dirname':
      return string(posixDirname(path))
    case 'os.path.basename':
      return string(path.slice(path.lastIndexOf('/') + 1))
    case 'os.path.abspath':
    case 'os.path.normpath':
      return isAbsolute(path) || name === 'os.path.normpath' ? string(normalize(path).replace(/(.)\/$/, '$1')) : undefined
    case 'os.path.exists':
      return isAbsolute(path) ? boolean(host.exists(path)) : undefined
    case 'os.path.isfile':
      return isAbsolute(path) ? boolean(host.exists(path) && !host.isFolder(path)) : undefined
    case 'os.path.isdir':
      return isAbsolute(path) ? boolean(host.isFolder(path)) : undefined
    case 'os.path.expanduser':
      return path.startsWith('~') ? undefined : string(path)
    case 'os.path.realpath':
      return string(realPath(path))
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
export function pathMethod(path: string, method: string, args: readonly Value[], exists: (path: string) => boolean): Value | undefined {
  const made = (value: string): Value => ({ kind: 'path', value })
  switch (method) {
    case '.parent':
      return made(dirname(path))
    case '.parents': {
      const parents: Value[] = []
      for (let folder = dirname(path); ; folder = dirname(folder)) {
        parents.push(made(folder))
        if (dirname(folder) === folder) return { kind: 'tuple', items: parents }
      }
    }
    case 'exists':
      return boolean(exists(path))
    case 'is_file':
      return boolean(statSync(path, { throwIfNoEntry: false })?.isFile() ?? false)
    case 'is_dir':
      return boolean(statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false)
    case '.name':
      return string(basename(path))
    case '.stem':
      return string(basename(path, extname(path)))
    case 'resolve':
      return isAbsolute(path) ? made(realPath(path)) : undefined
    case 'absolute':
      return isAbsolute(path) ? made(path) : undefined
    case 'expanduser':
      return path.startsWith('~') ? undefined : made(path)
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

/** So many folders up. */
export function ancestor(path: string, levels: number): string {
  let result = path
  for (let level = 0; level < levels; level++) result = dirname(result)
  return result
}

/** pathlib drops single dots and doubled slashes, and keeps `..`. */
export function purePath(path: string): string {
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
  return parts.slice(from).reduce((path, part) => (path === '' || path.endsWith('/') ? path + part : `${path}/${part}`), '')
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return normalize(path)
  }
}
