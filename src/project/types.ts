import type { CodeFacts } from './code/facts.js'
import type { Given } from './written/types.js'

/** What the files of a project say, as plain values. Known, depends on something, or unknown with file, line and reason. */

export interface Problem {
  /** A finding code of docs/json.md: `unreadable-file`, `depends-on-settings`, `unknown-app`. */
  code: 'unreadable-file' | 'depends-on-settings' | 'unknown-app'
  file: string
  /** From 1. */
  line: number | null
  message: string
  /** Of a migration: it concerns nothing but what this migration depends on. */
  ownEdges?: boolean
  /** Of a migration: it concerns nothing but what comes after it (`run_before`). */
  laterEdges?: boolean
  /** … and each of the `variants` has its own answer. */
  inVariants?: boolean
}

export interface Dependency {
  app: string
  /** A migration's name, or Django's `__first__`, `__latest__`. */
  name: string
  /** `settings.AUTH_USER_MODEL` for a swappable dependency. */
  swappable?: string
}

/** What a migration stands on, and what stands on it by its own word. */
export interface Edges {
  dependencies: Dependency[]
  runBefore: Dependency[]
}

/** A literal, or the source of what is none. */
export type Argument = string | number | boolean | null | Argument[] | { dict: Record<string, Argument> } | { source: string }

export interface Operation {
  /** Class name, without its module. */
  type: string
  /** One line for people: `AddField order.slug`. */
  summary: string
  /** As written; a model's name in any case. */
  model?: string
  field?: string
  /** Of an index, a constraint, an extension. */
  name?: string
  oldName?: string
  newName?: string
  /** RunPython: the function. */
  code?: string
  /**
   * RunPython or RunSQL, also inside SeparateDatabaseAndState; null: a custom operation, which may do anything. Where Django itself was
   * asked it is known, and `schema` is null for one that is neither and does things of its own.
   */
  data: boolean | null
  /** Changes the schema of the database; null where that cannot be known. */
  schema: boolean | null
  /** null where that cannot be known. */
  reversible: boolean | null
  /** `RunPython.noop` or `RunSQL.noop`: reversing it is allowed and does nothing. */
  reverseIsNoop?: boolean
  /** Only where it is given; null where it cannot be read. */
  elidable?: boolean | null
  /** RunPython, only where it is given. */
  atomic?: boolean | null
  line: number
  /** By parameter. This and those below are read by `Project.detailed` only. */
  arguments?: () => Record<string, Argument>
  /** The same as values. */
  given?: () => Given
  /** RunPython: what its function does. */
  facts?: () => CodeFacts
  /** SeparateDatabaseAndState: what it does to the database. */
  inner?: () => Operation[]
  /** SeparateDatabaseAndState and RunSQL: what it says the models are afterwards. */
  stateOperations?: () => Operation[]
}

export interface MigrationFile {
  app: string
  name: string
  /** Absolute path. */
  file: string
  /** The label under which Django records it, where its `__init__` passes another one than its app's. */
  recordedAs?: string
  dependencies: Dependency[]
  /** Where a setting decides that cannot be read: all that `dependencies` may be. They hold what is in each. */
  variants?: Edges[]
  runBefore: Dependency[]
  replaces: [app: string, name: string][]
  /** Tri-state, as Django keeps it. */
  initial: boolean | null
  /** null: cannot be read. */
  atomic: boolean | null
  /** null: cannot be read. */
  operations: Operation[] | null
  /** Whether any of them is a data operation; null: a custom one may be, or they cannot be read. */
  data: boolean | null
  /** Django can probably load it, this reader could not read all of it; edges may be missing. */
  problems: Problem[]
  /** Django itself cannot import it: class name of its exception and its text. */
  broken: { exception: string; message: string } | null
}

export interface AppFiles {
  label: string
  /** Dotted Python module of the app. */
  module: string
  /** Installed only if a condition holds that cannot be read. */
  inDoubt?: true
  /** Its AppConfig may give it another label. */
  labelIsGuess?: true
  /** MIGRATION_MODULES may say that its migrations are elsewhere, or that it has none. */
  placeIsGuess?: true
  /** Absolute folder of the app. */
  path: string
  /** Django's word: an app without a migrations package is unmigrated. */
  migrated: boolean
  /** MIGRATION_MODULES names a module that is not there: `migrate` dies by this exception. */
  broken: { exception: string; message: string } | null
  /** What about the app itself could not be read: its label, its entry of MIGRATION_MODULES. */
  problems: Problem[]
  /** Sorted by name. */
  migrations: MigrationFile[]
}

type Pair = [app: string, name: string]

export type ToldGraph = { nodes: Pair[]; edges: [child: Pair, parent: Pair][] } | { exception: string; message: string }

export interface ProjectFiles {
  folder: string
  settingsModule: string | null
  /** Version of the Django that lies in the project's environment; null when none was found. */
  djangoVersion: string | null
  /** In the order of INSTALLED_APPS. */
  apps: AppFiles[]
  /** Entries of INSTALLED_APPS whose package was not found on disk. */
  notFound: string[]
  /** INSTALLED_APPS was read completely, as far as migrations depend on it. */
  complete: boolean
  /** What was read of INSTALLED_APPS is there, and apps that are not known may come to it. */
  open?: boolean
  /** Where conditions decide that cannot be read: the labels that are missing in each of the projects that it may be. */
  worlds?: { without: string[] }[]
  problems: Problem[]
  /** Django itself cannot start: two apps of one label. */
  broken: { exception: string; message: string } | null
  /** The graph that Django's own loader makes of an empty history, where it was asked; child first. */
  told?: ToldGraph
  /** null where the settings do not say it readably. */
  useTz: boolean | null
  timeZone: string | null
}
