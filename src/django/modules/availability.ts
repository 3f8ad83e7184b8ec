import { join } from 'node:path'
import type { PythonEnvironment } from '../environment/index.js'
import type { Files } from '../files.js'
import type { SearchPath } from './search-path.js'
import { BUILT_IN, STANDARD } from './standard-library.js'

/** Comments and strings say a name without giving it. */
function withoutText(text: string): string {
  return text.replace(/"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?|#[^\n]*/g, '""')
}

function namesIt(code: string, name: string): boolean {
  return new RegExp(`(?<![\\p{L}\\p{N}_])${name}(?![\\p{L}\\p{N}_])`, 'u').test(code)
}

/** Whether a module, or a name in it, may be there: "no" only where that is sure. */
export class Availability {
  readonly #path: SearchPath
  readonly #environment: PythonEnvironment
  readonly #files: Files
  readonly #unread: readonly string[]

  constructor(path: SearchPath, environment: PythonEnvironment, files: Files, unread: readonly string[]) {
    this.#path = path
    this.#environment = environment
    this.#files = files
    this.#unread = unread
  }

  /** Whether an import of it can succeed. */
  mayImport(dotted: string): boolean {
    const [top] = dotted.split('.') as [string]
    // A package of the standard library with a file of its own has only the submodules that lie there.
    if (dotted.includes('.') && this.#standardFile(top) !== null)
      return this.#standardFile(dotted) !== null || this.#path.locate(dotted) !== null || top === 'os'
    if (this.#path.locate(dotted) !== null || this.#inStandardLibrary(top) || /(^|\.)six\.moves(\.|$)/.test(dotted)) return true
    if (this.#environment.standardLibrary === null && STANDARD.has(top)) return true
    // Without the project's environment, or with hooks in it that are not understood, a package that is not found proves nothing.
    if (this.#path.locate(top) === null) return !this.knowsPackages
    return this.#path.locate(top)?.kind === 'compiled'
  }

  /** What is not found on the search path is not there. */
  get knowsPackages(): boolean {
    return this.#environment.sitePackages.length > 0 && this.#unread.length === 0
  }

  #inStandardLibrary(top: string): boolean {
    const folder = this.#environment.standardLibrary
    if (folder === null) return false
    if (BUILT_IN.has(top) || (top === 'distutils' && this.#path.locate('_distutils_hack') !== null)) return true
    if (this.#files.exists(join(folder, `${top}.py`)) || this.#files.isFolder(join(folder, top))) return true
    return this.#files.list(join(folder, 'lib-dynload')).some((name) => name.startsWith(`${top}.`))
  }

  /** Whether a module can have a name, by its text and that of its star imports. */
  mayHave(module: string, name: string): boolean {
    return this.#mayHave(module, name, 0)
  }

  #mayHave(module: string, name: string, depth: number): boolean {
    const file = this.#path.findFile(module) ?? this.#standardFile(module)
    const text = file === null ? null : this.#files.read(file)
    if (file === null || text === null || depth > 3) return true
    const code = withoutText(text)
    if (namesIt(code, name) || /^(?:def|async def) __getattr__\b|\b(?:globals|vars|locals)\(|\bsetattr\(|\bsys\.modules\b|\bexec\(/m.test(code)) return true
    const stars = [...text.matchAll(/^\s*from\s+(\.*)([\w.]*)\s+import\s+\*/gm)]
    return stars.some(([, dots, rest]) => {
      const other = dots ? this.#path.resolveRelative(dots.length, rest as string, file) : (rest as string)
      return other === null || this.#mayHave(other, name, depth + 1)
    })
  }

  #standardFile(module: string): string | null {
    const folder = this.#environment.standardLibrary
    if (folder === null || BUILT_IN.has(module)) return null
    const path = join(folder, ...module.split('.'))
    return [join(path, '__init__.py'), `${path}.py`].find((file) => this.#files.isFile(file)) ?? null
  }
}
