import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { Evaluator } from './evaluator.js'
import type { Host } from './host.js'
import { MAX_BYTES, parsePython } from './parse.js'
import { Scope } from './value.js'

/** Finds and evaluates modules on a search path, as `import` would, without running them. */
export class Modules implements Host {
  readonly env: Record<string, string | undefined>
  /** Folders in the order of sys.path; `sys.path.insert` in a module adds to it. */
  readonly searchPath: string[]
  readonly #scopes = new Map<string, Scope>()

  constructor(searchPath: readonly string[], env: Readonly<Record<string, string | undefined>>) {
    this.searchPath = [...searchPath]
    this.env = { ...env }
  }

  /** The file of a dotted module: `a/b.py` or `a/b/__init__.py`. */
  findFile(dotted: string): string | null {
    const path = dotted.split('.').join('/')
    for (const folder of this.searchPath) {
      for (const candidate of [join(folder, path, '__init__.py'), join(folder, `${path}.py`)]) if (existsSync(candidate)) return candidate
    }
    return null
  }

  /** The folder of a package, also one without `__init__.py`. */
  findFolder(dotted: string): string | null {
    const path = dotted.split('.').join('/')
    const folders = this.searchPath.map((folder) => join(folder, path)).filter((folder) => statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    return folders.find((folder) => existsSync(join(folder, '__init__.py'))) ?? folders[0] ?? null
  }

  importModule(dotted: string, from: string): Scope | null {
    // Python's own library and Django's are known by name, not by reading them.
    if (/^(os|sys|pathlib|django|environ|decouple|logging|datetime|warnings|typing)(\.|$)/.test(dotted)) return null
    const file = this.findFile(dotted)
    return file === null || file === from ? null : this.evaluate(file)
  }

  resolveRelative(level: number, dotted: string, from: string): string | null {
    let folder = dirname(from)
    for (let up = 1; up < level; up++) folder = dirname(folder)
    const root = this.searchPath.filter((candidate) => folder === candidate || folder.startsWith(candidate + sep)).sort((a, b) => b.length - a.length)[0]
    if (root === undefined) return null
    const base = relative(root, folder).split(sep).filter(Boolean)
    return [...base, ...dotted.split('.').filter(Boolean)].join('.')
  }

  addPath(folder: string): void {
    if (!this.searchPath.includes(folder)) this.searchPath.unshift(folder)
  }

  setEnvironment(name: string, value: string): void {
    this.env[name] ??= value
  }

  /** Each file once; a cycle of imports sees what is there so far, as in Python. */
  evaluate(file: string): Scope {
    const known = this.#scopes.get(file)
    if (known) return known
    const scope = new Scope()
    this.#scopes.set(file, scope)
    if (statSync(file).size > MAX_BYTES) return scope
    return new Evaluator(parsePython(file, readFileSync(file, 'utf8')), this).run(scope)
  }
}
