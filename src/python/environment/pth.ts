import { join, resolve } from 'node:path'
import type { Files } from '../files.js'

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
    const finder = /(__editable___\w{1,200}_finder)/.exec(line)?.[1]
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
  const text = files.read(path) ?? ''
  const head = /^MAPPING[^=\n]{0,200}=[ \t]*\{/m.exec(text)
  const from = head ? head.index + head[0].length : text.length
  const mapping = text.includes('}', from) ? text.slice(from, text.indexOf('}', from)) : undefined
  if (mapping === undefined) additions.unread.push(path)
  for (const [, name, target] of (mapping ?? '').matchAll(/['"]([\w.]+)['"]\s*:\s*['"]([^'"]+)['"]/g)) additions.mapped.set(name as string, target as string)
}
