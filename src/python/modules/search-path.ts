import { basename, dirname, join, relative, sep } from 'node:path'
import { payLook, payText } from '../budget.js'
import type { Files } from '../files.js'

/** No file has a longer one (PATH_MAX of Linux). */
const LONGEST_PATH = 4096

/** Where a dotted module lies. */
export interface Located {
  kind: 'package' | 'module' | 'namespace' | 'compiled'
  /** `__init__.py` of a package, the module's file; null for a namespace package. */
  file: string | null
  /** Folders in which its submodules are looked for. */
  folders: string[]
}

/** Finds modules as `import` does: the first regular package of a name wins, folders without `__init__.py` are joined (PEP 420). */
export class SearchPath {
  /** In the order of sys.path. */
  readonly folders: string[]
  readonly #files: Files
  readonly #mapped: ReadonlyMap<string, string>
  readonly #known = new Map<string, Located | null>()

  constructor(folders: readonly string[], files: Files, mapped: ReadonlyMap<string, string> = new Map()) {
    this.folders = [...new Set(folders)]
    this.#files = files
    this.#mapped = mapped
  }

  addFirst(folder: string): void {
    if (this.folders.includes(folder)) return
    this.folders.unshift(folder)
    this.#known.clear()
  }

  addLast(folder: string): void {
    if (this.folders.includes(folder)) return
    this.folders.push(folder)
    this.#known.clear()
  }

  locate(dotted: string): Located | null {
    if (dotted.length > LONGEST_PATH) return null
    const known = this.#known.get(dotted)
    if (known !== undefined) return known
    const found = this.#mappedTo(dotted) ?? this.#search(dotted)
    payLook(200)
    payText(dotted.length)
    this.#known.set(dotted, found)
    return found
  }

  /** The source file of a dotted module: `a/b.py` or `a/b/__init__.py`. */
  findFile(dotted: string): string | null {
    const found = this.locate(dotted)
    return found && found.kind !== 'compiled' ? found.file : null
  }

  /** The dotted name that `from ..dotted import` means in the file `from`; null outside every package. */
  resolveRelative(level: number, dotted: string, from: string): string | null {
    let folder = dirname(from)
    for (let up = 1; up < level && dirname(folder) !== folder; up++) folder = dirname(folder)
    payLook(100)
    const roots = this.folders.filter((candidate) => folder === candidate || folder.startsWith(candidate + sep))
    const root = roots.sort((a, b) => b.length - a.length).find((candidate) => isPackagePath(relative(candidate, folder)))
    if (root === undefined) return null
    const base = relative(root, folder).split(sep).filter(Boolean)
    return [...base, ...dotted.split('.').filter(Boolean)].join('.')
  }

  #mappedTo(dotted: string): Located | null {
    const target = this.#mapped.get(dotted)
    if (target === undefined) return null
    return this.#inFolder(join(target, '..'), basename(target).replace(/\.py$/, ''))
  }

  #search(dotted: string): Located | null {
    const at = dotted.lastIndexOf('.')
    const name = dotted.slice(at + 1)
    const parent = at < 0 ? null : this.locate(dotted.slice(0, at))
    if (at >= 0 && parent === null) return null
    const folders = parent === null ? this.folders : parent.folders
    const portions: string[] = []
    for (const folder of folders) {
      const found = this.#inFolder(folder, name)
      if (found && found.kind !== 'namespace') return this.#withOldNamespace(found, folders, name)
      if (found) portions.push(...found.folders)
    }
    return portions.length > 0 ? { kind: 'namespace', file: null, folders: portions } : null
  }

  #inFolder(folder: string, name: string): Located | null {
    const path = join(folder, name)
    if (this.#files.isFolder(path)) {
      for (const init of ['__init__.py', '__init__.pyc', '__init__.so']) {
        const file = join(path, init)
        if (this.#files.isFile(file)) return { kind: init.endsWith('.py') ? 'package' : 'compiled', file, folders: [path] }
      }
    }
    if (this.#files.isFile(`${path}.py`)) return { kind: 'module', file: `${path}.py`, folders: [] }
    if (this.#compiledNames(folder).has(name)) return { kind: 'compiled', file: null, folders: [] }
    return this.#files.isFolder(path) ? { kind: 'namespace', file: null, folders: [path] } : null
  }

  readonly #compiled = new Map<string, Set<string>>()

  /** Extension modules and sourceless byte code of a folder, by module name. */
  #compiledNames(folder: string): Set<string> {
    const known = this.#compiled.get(folder)
    if (known) return known
    const names = this.#files.isFolder(folder) ? this.#files.list(folder).filter((name) => /\.(so|pyd|pyc)$/.test(name)) : []
    const found = new Set(names.map((name) => name.slice(0, name.indexOf('.'))))
    this.#compiled.set(folder, found)
    return found
  }

  /** `pkg_resources.declare_namespace`, `pkgutil.extend_path`: all folders of the name count. */
  #withOldNamespace(found: Located, folders: readonly string[], name: string): Located {
    if (found.kind !== 'package' || found.file === null || folders.length < 2) return found
    const others = folders.map((folder) => join(folder, name)).filter((folder) => !found.folders.includes(folder) && this.#files.isFolder(folder))
    if (others.length === 0 || !/declare_namespace|extend_path/.test(this.#files.read(found.file) ?? '')) return found
    return { ...found, folders: [...found.folders, ...others] }
  }
}

/** The packages above a module and itself, from the outermost on; none of a name that is longer than any path. */
export function prefixesOf(dotted: string): string[] {
  if (dotted.length > LONGEST_PATH) return []
  const parts = dotted.split('.')
  payLook(4 * dotted.length)
  return parts.map((_part, index) => parts.slice(0, index + 1).join('.'))
}

function isPackagePath(path: string): boolean {
  return path === '' || path.split(sep).every((part) => !part.includes('.'))
}

/** The last part of a module's dotted name; nothing for a package. */
export function moduleName(file: string): string {
  const name = file.slice(file.lastIndexOf(sep) + 1).replace(/\.py$/, '')
  return name === '__init__' ? '' : name
}
