import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, extname, isAbsolute, join, normalize, resolve } from 'node:path'
import type { Host } from './host.js'
import { boolean, lookUp, NONE, string, textOf, truth, type Value } from './value.js'

/** Attributes of modules that are worth a value. */
export function referenceValue(name: string, _host: Host): Value | undefined {
  if (name === 'os.sep' || name === 'os.path.sep') return string('/')
  if (name === 'os.name') return string('posix')
  if (name === 'sys.platform') return string(process.platform)
  if (name === 'os.pardir') return string('..')
  if (name === 'os.curdir') return string('.')
  // What decides by the command line decides as for `manage.py migrate`.
  if (name === 'sys.argv') return { kind: 'list', items: ['manage.py', 'migrate'].map(string) }
  return undefined
}

/** The functions of Python's library that settings are written with. Undefined: not one of them, or not with known arguments. */
export function callBuiltin(name: string, args: Value[], keywords: Map<string, Value>, host: Host): Value | undefined {
  const [first, second] = args
  const texts = args.map(textOf)
  switch (name) {
    case 'os.environ.get':
    case 'os.getenv': {
      if (first?.kind !== 'string') return undefined
      const value = host.env[first.value]
      return value === undefined ? (second ?? keywords.get('default') ?? NONE) : string(value)
    }
    case 'os.path.join':
    case 'posixpath.join':
      return texts.every((text) => text !== undefined) ? string(joinPython(texts as string[])) : undefined
    case 'os.path.dirname':
      return texts[0] === undefined ? undefined : string(texts[0].includes('/') ? dirname(texts[0]) : '')
    case 'os.path.basename':
      return texts[0] === undefined ? undefined : string(basename(texts[0]))
    case 'os.path.abspath':
    case 'os.path.normpath':
      return texts[0] === undefined ? undefined : string(normalize(texts[0]))
    case 'os.path.exists':
    case 'os.path.isfile':
    case 'os.path.isdir':
      return texts[0] === undefined ? undefined : boolean(existsSync(texts[0]))
    case 'os.path.realpath':
      return texts[0] === undefined ? undefined : string(realPath(texts[0]))
    case 'pathlib.Path':
    case 'pathlib.PurePath':
      return texts.every((text) => text !== undefined) ? { kind: 'path', value: joinPython(texts.length > 0 ? (texts as string[]) : ['.']) } : undefined
    case 'str':
    case 'os.fspath':
      return texts[0] !== undefined ? string(texts[0]) : first?.kind === 'number' ? string(String(first.value)) : undefined
    case 'int':
      return first?.kind === 'string' && /^\s*-?\d+\s*$/.test(first.value)
        ? { kind: 'number', value: Number(first.value) }
        : first?.kind === 'number'
          ? first
          : undefined
    case 'bool': {
      const decided = first ? truth(first) : false
      return decided === undefined ? undefined : boolean(decided)
    }
    case 'list':
    case 'tuple':
    case 'set':
      if (!first) return { kind: name, items: [] }
      if (first.kind === 'dict') return { kind: name, items: first.entries.map(([key]) => key) }
      return 'items' in first ? { kind: name, items: first.items } : undefined
    case 'dict': {
      const base = first === undefined ? [] : first.kind === 'dict' ? first.entries : undefined
      return base && { kind: 'dict', entries: [...base, ...[...keywords].map(([key, value]): [Value, Value] => [string(key), value])] }
    }
    case 'len':
      return first && 'items' in first ? { kind: 'number', value: first.items.length } : undefined
    default:
      return undefined
  }
}

/** Methods of known values. A name with a leading dot is an attribute. */
export function callMethod(object: Value, method: string, args: Value[], keywords: Map<string, Value>): Value | undefined {
  if (object.kind === 'path') return pathMethod(object.value, method, args)
  if (object.kind === 'string') return stringMethod(object.value, method, args, keywords)
  if (object.kind === 'dict') return dictMethod(object, method, args)
  return undefined
}

function pathMethod(path: string, method: string, args: Value[]): Value | undefined {
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
    case 'is_file':
    case 'is_dir':
      return boolean(existsSync(path))
    case '.name':
      return string(basename(path))
    case '.stem':
      return string(basename(path, extname(path)))
    case 'resolve':
      return made(realPath(path))
    case 'absolute':
      return made(resolve(path))
    case 'as_posix':
      return string(path)
    case 'joinpath': {
      const parts = args.map(textOf)
      return parts.every((part) => part !== undefined) ? made(joinPython([path, ...(parts as string[])])) : undefined
    }
    default:
      return undefined
  }
}

function stringMethod(text: string, method: string, args: Value[], keywords: Map<string, Value>): Value | undefined {
  const texts = args.map(textOf)
  const [first, second] = texts
  switch (method) {
    case 'lower':
      return string(text.toLowerCase())
    case 'upper':
      return string(text.toUpperCase())
    case 'strip':
      return args.length === 0 ? string(text.trim()) : undefined
    case 'startswith':
      return first === undefined ? undefined : boolean(text.startsWith(first))
    case 'endswith':
      return first === undefined ? undefined : boolean(text.endsWith(first))
    case 'replace':
      return first === undefined || second === undefined ? undefined : string(text.replaceAll(first, second))
    case 'split': {
      const limit = args[1]?.kind === 'number' ? args[1].value : undefined
      if (args.length === 0) return { kind: 'list', items: text.split(/\s+/).filter(Boolean).map(string) }
      if (first === undefined || first === '') return undefined
      const parts = text.split(first)
      const cut = limit === undefined || parts.length <= limit + 1 ? parts : [...parts.slice(0, limit), parts.slice(limit).join(first)]
      return { kind: 'list', items: cut.map(string) }
    }
    case 'rpartition':
    case 'partition': {
      if (first === undefined) return undefined
      const at = method === 'partition' ? text.indexOf(first) : text.lastIndexOf(first)
      const parts = at < 0 ? (method === 'partition' ? [text, '', ''] : ['', '', text]) : [text.slice(0, at), first, text.slice(at + first.length)]
      return { kind: 'tuple', items: parts.map(string) }
    }
    case 'join': {
      const [list] = args
      const parts = list && 'items' in list ? list.items.map(textOf) : undefined
      return parts?.every((part) => part !== undefined) ? string(parts.join(text)) : undefined
    }
    case 'format': {
      let index = 0
      let complete = true
      const result = text.replace(/\{(\w*)\}/g, (_all, name: string) => {
        const value = name === '' ? args[index++] : /^\d+$/.test(name) ? args[Number(name)] : keywords.get(name)
        if (value?.kind === 'string' || value?.kind === 'number' || value?.kind === 'path') return String(value.value)
        complete = false
        return ''
      })
      return complete ? string(result) : undefined
    }
    default:
      return undefined
  }
}

function dictMethod(dict: Value & { kind: 'dict' }, method: string, args: Value[]): Value | undefined {
  const [key, fallback] = args
  if (method === 'get' && key?.kind === 'string') return lookUp(dict, key.value) ?? fallback ?? NONE
  if (method === 'copy') return dict
  if (method === 'keys') return { kind: 'list', items: dict.entries.map(([name]) => name) }
  if (method === 'values') return { kind: 'list', items: dict.entries.map(([, value]) => value) }
  if (method === 'items') return { kind: 'list', items: dict.entries.map(([name, value]) => ({ kind: 'tuple', items: [name, value] })) }
  return undefined
}

/** os.path.join: an absolute part starts anew. */
function joinPython(parts: string[]): string {
  const from = parts.findLastIndex((part) => isAbsolute(part))
  return parts.length === 0 ? '' : join(...parts.slice(Math.max(0, from)))
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return normalize(path)
  }
}
