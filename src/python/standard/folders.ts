import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import type { SyntaxNode } from '@lezer/common'
import { payLook, payValues } from '../budget.js'
import type { Host } from '../evaluate/host.js'
import type { Interpreter } from '../evaluate/interpreter.js'
import { joinPython, purePath } from '../evaluate/os-path.js'
import { boolean, list, string, textOf, type Value } from '../evaluate/value.js'
import { matchesWildcard } from '../evaluate/wildcard.js'
import { childrenOf } from '../grammar/parse.js'

/** More than these are not listed. */
const MOST = 5000

/** `os.walk`, `glob.glob`, `pkgutil.iter_modules`: what lies in folders, in the order of its names. Undefined: none of them, or not to be told. */
export function folderCall(py: Interpreter, name: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>, node: SyntaxNode): Value | undefined {
  const [first, second] = args
  switch (name) {
    case 'os.walk': {
      const top = textOf(first)
      return top === undefined || args.length + keywords.size > 1 || isPruned(py, node) ? undefined : walked(py.host, top)
    }
    case 'glob.glob':
    case 'glob.iglob': {
      const pattern = textOf(first)
      const isDeep = keywords.get('recursive')
      if (pattern === undefined || args.length > 1 || [...keywords.keys()].some((key) => key !== 'recursive')) return undefined
      return found(py.host, '', pattern, { isDeep: isDeep?.kind === 'boolean' && isDeep.value, hidden: false }, string)
    }
    case 'pkgutil.iter_modules': {
      const folders = first && 'items' in first ? first.items.map(textOf) : []
      const prefix = textOf(second ?? keywords.get('prefix') ?? string(''))
      if (folders.length === 0 || !folders.every((folder) => folder !== undefined) || prefix === undefined) return undefined
      return modulesIn(py, folders, prefix, node)
    }
    default:
      return undefined
  }
}

/** `path.glob("*.py")`, `path.rglob(…)`, `path.iterdir()` */
export function folderMethod(host: Host, path: string, method: string, [pattern]: readonly Value[]): Value | undefined {
  const made = (value: string): Value => ({ kind: 'path', value: purePath(value) })
  if (method === 'iterdir') {
    const names = host.listFolder(path)
    return names === null ? undefined : list(names.map((name) => made(join(path, name))))
  }
  if (pattern?.kind !== 'string' || (method !== 'glob' && method !== 'rglob')) return undefined
  return found(host, path, method === 'rglob' ? `**/${pattern.value}` : pattern.value, { isDeep: true, hidden: true }, made)
}

/** The body of a loop over it takes folders out of the list that says where it goes on. */
function isPruned(py: Interpreter, node: SyntaxNode): boolean {
  const loop = node.parent
  if (loop?.name !== 'ForStatement') return false
  const body = childrenOf(loop).find((part) => part.name === 'Body')
  const whole = /^for\s+(\w+)\s+in\b/.exec(py.text(loop))?.[1]
  if (whole !== undefined && body) return new RegExp(`\\b${whole}\\b`).test(py.text(body))
  const folders = /^for\s*\(?\s*\w+\s*,\s*(\w+)/.exec(py.text(loop))?.[1]
  return (
    folders === undefined ||
    !body ||
    new RegExp(`\\b${folders}\\b\\s*(?:\\[[^\\]\\n]*\\]\\s*=(?!=)|\\.(?!sort\\(\\)|index|count|copy)\\w+\\()|\\bdel\\s+${folders}\\b`).test(py.text(body))
  )
}

/** Folders, each before those in it; what is only linked to is named and not entered. */
function walked(host: Host, top: string): Value | undefined {
  const steps: Value[] = []
  const waiting = [top]
  while (waiting.length > 0) {
    const folder = waiting.shift() as string
    const names = host.isFolder(folder) ? host.listFolder(folder) : []
    if (names === null || steps.length > MOST) return undefined
    payValues(names.length + 4)
    const folders = names.filter((name) => host.isFolder(joinPython([folder, name])))
    const files = names.filter((name) => !folders.includes(name))
    if (steps.length > 0 || host.isFolder(top)) steps.push({ kind: 'tuple', items: [string(folder), list(folders.map(string)), list(files.map(string))] })
    waiting.unshift(...folders.map((name) => joinPython([folder, name])).filter((path) => !isLink(path)))
  }
  return list(steps)
}

/** Asking the system takes about as long as looking at so many values. */
const LINK = 500

function isLink(path: string): boolean {
  payLook(LINK)
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

/** What a pattern of the shell finds: names with a leading dot only where they are asked for, `**` any number of folders. */
function found(host: Host, from: string, pattern: string, how: { isDeep: boolean; hidden: boolean }, made: (path: string) => Value): Value | undefined {
  if (pattern.includes('[') || pattern === '') return undefined
  let places = [pattern.startsWith('/') ? '/' : from]
  const parts = pattern.split('/').filter((part) => part !== '')
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1
    const next = places.map((place) => below(host, place, part, isLast, how))
    if (!next.every((one) => one !== undefined)) return undefined
    places = [...new Set(next.flat())]
    if (places.length > MOST) return undefined
    payValues(places.length)
  }
  return list(places.map(made))
}

function below(host: Host, place: string, part: string, isLast: boolean, { isDeep, hidden }: { isDeep: boolean; hidden: boolean }): string[] | undefined {
  const at = (name: string) => (place === '' ? name : joinPython([place, name]))
  if (!/[*?]/.test(part)) return (isLast ? host.exists(at(part)) : host.isFolder(at(part))) ? [at(part)] : []
  if (part === '**' && isDeep) return isLast ? undefined : deeper(host, place, hidden)
  const names = host.isFolder(place || '.') ? host.listFolder(place || '.') : []
  return names
    ?.filter((name) => matchesWildcard(part, name) && (hidden || part.startsWith('.') || !name.startsWith('.')))
    .map(at)
    .filter((path) => isLast || host.isFolder(path))
}

/** A folder and all that lie in it. */
function deeper(host: Host, top: string, hidden: boolean): string[] | undefined {
  const all = [top]
  for (let index = 0; index < all.length; index++) {
    const folder = all[index] as string
    const names = host.isFolder(folder || '.') ? host.listFolder(folder || '.') : []
    if (names === null || all.length > MOST) return undefined
    for (const name of names) {
      const path = folder === '' ? name : joinPython([folder, name])
      if ((hidden || !name.startsWith('.')) && host.isFolder(path) && !isLink(path)) all.push(path)
    }
  }
  return all
}

/** pkgutil's FileFinder: modules and packages, each once; a folder counts with an `__init__` in it. */
function modulesIn(py: Interpreter, folders: readonly string[], prefix: string, node: SyntaxNode): Value | undefined {
  const seen = new Set<string>()
  const items: Value[] = []
  for (const folder of folders) {
    const names = py.host.isFolder(folder) ? py.host.listFolder(folder) : []
    if (names === null) return undefined
    payValues(5 * names.length)
    for (const file of [...names].sort()) {
      const path = joinPython([folder, file])
      const isPackage = py.host.isFolder(path)
      const name = isPackage ? file : moduleOf(file)
      if (name === undefined || name === '__init__' || name.includes('.') || seen.has(name)) continue
      if (isPackage && !(py.host.listFolder(path) ?? []).some((one) => moduleOf(one) === '__init__')) continue
      seen.add(name)
      items.push({
        kind: 'tuple',
        items: [py.unknown(node, 'it is a finder'), string(prefix + name), boolean(isPackage)],
        named: ['module_finder', 'name', 'ispkg'],
      })
    }
  }
  return list(items)
}

/** `inspect.getmodulename` */
function moduleOf(file: string): string | undefined {
  return /^(.+?)(?:\.cpython-[\w-]+\.so|\.abi3\.so|\.so|\.pyc?)$/.exec(file)?.[1]
}
