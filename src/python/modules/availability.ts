import { join } from 'node:path'
import type { PythonEnvironment } from '../environment/index.js'
import type { Files } from '../files.js'
import { payLook, payText } from '../budget.js'
import type { SearchPath } from './search-path.js'
import { BUILT_IN, STANDARD } from './standard-library.js'

/** What the text of a module says of its names. */
interface Names {
  words: ReadonlySet<string>
  /** It may give names in ways that do not say them. */
  isOpen: boolean
  /** `from … import *`: dots and module. */
  stars: readonly (readonly [dots: string, module: string])[]
}

/** Comments and strings say a name without giving it. */
function withoutText(text: string): string {
  return text.replace(/"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?|#[^\n]*/g, '""')
}

function namesIn(text: string): Names {
  payText(8 * text.length)
  const code = withoutText(text)
  const stars = [...text.matchAll(/^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+\*/gm)]
  return {
    words: new Set(code.match(/[\p{L}\p{N}\p{M}_]+/gu) ?? []),
    isOpen: /^(?:def|async def) __getattr__\b|\b(?:globals|vars|locals)\(|\bsetattr\(|\bsys\.modules\b|\bexec\(/m.test(code),
    stars: stars.map(([, dots, module]) => [dots as string, module as string]),
  }
}

/** Whether a module, or a name in it, may be there: "no" only where that is sure. */
export class Availability {
  readonly #path: SearchPath
  readonly #environment: PythonEnvironment
  readonly #files: Files
  readonly #unread: readonly string[]
  readonly #names = new Map<string, Names>()
  /** Modules of the standard library that are not written in Python. */
  #dynamic: ReadonlySet<string> | undefined

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
    this.#dynamic ??= new Set(this.#files.list(join(folder, 'lib-dynload')).map((name) => name.slice(0, name.indexOf('.'))))
    return this.#dynamic.has(top)
  }

  /** Whether a module can have a name, by its text and that of its star imports. */
  mayHave(module: string, name: string): boolean {
    return this.#mayHave(module, name, 0)
  }

  #mayHave(module: string, name: string, depth: number): boolean {
    const file = this.#path.findFile(module) ?? this.#standardFile(module)
    const text = file === null ? null : this.#files.read(file)
    if (file === null || text === null || depth > 3) return true
    let names = this.#names.get(file)
    if (!names) this.#names.set(file, (names = namesIn(text)))
    if (names.isOpen || names.words.has(name)) return true
    return names.stars.some(([dots, rest]) => {
      payLook(100)
      const other = dots ? this.#path.resolveRelative(dots.length, rest, file) : rest
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
