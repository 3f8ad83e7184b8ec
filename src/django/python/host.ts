import type { Scope } from './value.js'

/** What the outside world answers: the environment and other modules. */
export interface Host {
  env: Readonly<Record<string, string | undefined>>
  /** The names of another module, or null when it is not one of the project's files. */
  importModule(dotted: string, from: string): Scope | null
  /** False when `import` would surely fail: then an `except ImportError` runs. */
  mayImport(dotted: string): boolean
  /** `from . import x` and friends: the dotted name of a relative import. */
  resolveRelative(level: number, dotted: string, from: string): string | null
  /** `sys.path.insert(0, folder)` */
  addPath?(folder: string): void
  /** `os.environ.setdefault(name, value)` */
  setEnvironment?(name: string, value: string): void
}
