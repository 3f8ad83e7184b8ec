import type { EntryPoint } from '../modules/distributions.js'
import type { Scope, Value } from './value.js'

/** The exception that ended a module. */
export interface Failure {
  exception: string
  message: string
  /** Where it came from, when that is another file than the one that it ended. */
  file?: string | undefined
  line?: number
  ancestors?: readonly string[] | undefined
}

/** Variables by name; a name may be that of anything. */
export interface Environment {
  get(name: string): string | undefined
}

/** Where a function of a library is called. */
export interface Caller {
  file: string
  line: number
  /** In a branch that may not be taken. */
  isDoubtful: boolean
  /** Calls what the library is given: `cast=lambda value: …`. */
  apply: (callee: Value, args: Value[]) => Value
  /** Python raises here: the exception where something waits for it, else unknown, since the real environment may be another one. */
  refuse: (exception: string, reason: string, ancestors?: readonly string[]) => Value
}

/** A file, null where it cannot be told, or a file without which Python raises OSError. */
export type Included = string | null | { missing: string }

/** What the outside world answers: the environment, other modules, Django's settings. */
export interface Host {
  env: Environment
  /** The Python that runs the project, where it is known. */
  readonly python: readonly [major: number, minor: number] | null
  /** `sys.prefix`, where it is known. */
  readonly prefix: string | null
  /** The folder of pure packages, `sysconfig.get_path("purelib")`, where it is known: `site.getsitepackages()` begins with it. */
  readonly pureLibrary: string | null
  /** The names of another module, or null when it is not one that is read. */
  importModule(dotted: string, from: string, doubtful?: boolean): Scope | null
  /** A module whose import does something to see: one of the project's own. */
  isEager(dotted: string): boolean
  /** The value of an imported name, or undefined when it is not one that is read. */
  lookUp(dotted: string): Value | undefined
  /** A setting that is there, without a look at what apps set by themselves: what `getattr` and `hasattr` see. */
  setting(name: string): Value | undefined
  /** `setattr(settings, name, value)`, as apps do it while they are imported. */
  setSetting(name: string, value: Value): void
  /** `settings.configure(…)`: a program without a settings module. @param doubtful it may not be called */
  configure(options: ReadonlyMap<string, Value>, doubtful: boolean): void
  /** What a call that is kept as a call would give. */
  worthOf(callee: string, args: readonly Value[]): Value | undefined
  /** In the order of the folder itself, as `os.listdir` has it; null where it may not be looked into. */
  listFolder(path: string): string[] | null
  /** False when `import` would surely fail: then an `except ImportError` runs. */
  mayImport(dotted: string): boolean
  /** True where it surely succeeds. */
  findsModule(dotted: string): boolean
  /** `from . import x` and friends: the dotted name of a relative import. */
  resolveRelative(level: number, dotted: string, from: string): string | null
  /** A known function of a library, called; undefined: not one of them, or not with known arguments. */
  callLibrary(name: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>, by: Caller): Value | undefined
  /** A context of a library that changes how names are looked up (`with env.prefixed("APP_"):`). @returns what ends it; null: not one of them */
  enter(object: Value, method: string, args: readonly Value[]): (() => void) | null
  /** split-settings' `include(…)`: the files that run in the names of the file that calls it; null for any other call. */
  includes(name: string, args: readonly Value[], file: string): Included[] | null
  /** @returns why it was not run, or not to its end */
  runIn(file: string, scope: Scope): string | null
  /** An import that runs and would surely fail. */
  reportMissing(module: string, file: string, line: number): void
  /**
   * `sys.modules[name] = module`: what is imported by this name is not known any more.
   * @param from the file that does it
   * @returns false where more may change by it: a module that was read, or one that does not lie beside this file
   */
  replaceModule(dotted: string, from: string): boolean
  /** `sys.path` gets something that is not known: what is not found may be there. */
  forgetPath(): void
  /** `sys.path.insert(0, folder)` */
  addPath(folder: string, first: boolean): void
  /** Names of all modules that were evaluated. */
  moduleScopes(): Iterable<Scope>
  /** The exception that ended a module, if one did. */
  failureOf(dotted: string): Failure | null
  /** A file ends by the exception of what it imports. */
  reportFailure(file: string, failure: Failure): void
  /** False when a module that was found surely has no such name. */
  mayHave(module: string, name: string): boolean
  /** `os.environ.setdefault(name, value)`; undefined takes it out, null is something that is not known. */
  setEnvironment(name: string, value: string | null | undefined, override?: boolean): void
  /** Code that cannot be followed sets variables: which, and to what, is not known. @param overrides also those that are set */
  forgetEnvironment(overrides: boolean, reason?: string): void
  /** A container or a name of a module has changed: what was looked up may be old. */
  forgetLookUps(): void
  /** Set to something that is not known, or only perhaps: why. */
  variableDoubt(name: string): string | null
  /** Entry points of a group, of all installed distributions; null where the project's packages are not known. */
  entryPoints(group: string): EntryPoint[] | null
  /** Version of an installed distribution, or null. */
  distributionVersion(name: string): string | null
  /** The folder in which the program runs: that of manage.py. Relative paths count from it. */
  readonly cwd: string
  exists(path: string): boolean
  isFolder(path: string): boolean
  readFile(path: string): string | null
  /** Why a file that is there was not read. */
  refusal(path: string): string | null
}
