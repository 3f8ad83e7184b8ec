import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { Evaluator } from './evaluator.js'
import type { Host } from './host.js'
import { MAX_BYTES, parsePython } from './parse.js'
import { Scope } from './value.js'

/** Modules of Python's own library that settings import; they have no file on the search path. */
const STANDARD = new Set(
  `abc argparse ast base64 builtins calendar codecs collections configparser contextlib copy csv ctypes dataclasses datetime decimal
   distutils email enum errno fnmatch functools getpass gettext glob gzip hashlib hmac html http importlib inspect io ipaddress itertools
   json locale logging math mimetypes multiprocessing operator os pathlib pdb pickle pkgutil platform posixpath pprint queue random re
   resource secrets shlex shutil signal site smtplib socket sqlite3 ssl stat string struct subprocess sys sysconfig tempfile textwrap
   threading time timeit tomllib traceback types typing unittest urllib uuid warnings weakref xml zipfile zlib zoneinfo __future__`.split(/\s+/),
)

/** Finds and evaluates modules on a search path, as `import` would, without running them. */
export class Modules implements Host {
  readonly env: Record<string, string | undefined>
  /** Folders in the order of sys.path; `sys.path.insert` in a module adds to it. */
  readonly searchPath: string[]
  readonly #scopes = new Map<string, Scope>()

  readonly #knowsPackages: boolean

  /** @param knowsPackages the environment's site-packages are on the search path */
  constructor(searchPath: readonly string[], env: Readonly<Record<string, string | undefined>>, knowsPackages: boolean) {
    this.searchPath = [...searchPath]
    this.#knowsPackages = knowsPackages
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

  mayImport(dotted: string): boolean {
    const top = dotted.split('.')[0] as string
    if (STANDARD.has(top)) return true
    // Without the project's environment a package that is not found proves nothing.
    const inProject = this.findFolder(top) !== null || this.findFile(top) !== null
    if (!inProject && !this.#knowsPackages) return true
    return this.findFile(dotted) !== null || this.findFolder(dotted) !== null
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
  evaluate(file: string, name?: string): Scope {
    const known = this.#scopes.get(file)
    if (known) return known
    const scope = new Scope()
    if (name !== undefined) scope.set('__name__', { kind: 'string', value: name })
    this.#scopes.set(file, scope)
    if (statSync(file).size > MAX_BYTES) return scope
    return new Evaluator(parsePython(file, readFileSync(file, 'utf8')), this).run(scope)
  }
}
