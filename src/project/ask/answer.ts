/** What the project's own Django answers (program.ts), and whether an answer has that shape: it comes from a program of the project. */
import type { ToldGraph } from '../types.js'

export interface DjangoAnswer {
  version: string
  /** In the order of INSTALLED_APPS; `migrations` is the dotted package, null where MIGRATION_MODULES says None. */
  apps: { label: string; name: string; path: string; migrations: string | null }[]
  settings: Record<string, unknown>
  /** null where Django's loader could not import the migrations; `failed` says why. */
  loader: ToldLoader | null
  /** The last lines of Python. */
  failed: string[] | null
  /** What the answer rests on outside of installed packages: path, and size and time in seconds of what was there. */
  files: [path: string, size: number | null, seconds: number | null][]
  /** Folders that were listed, as far as this Python can tell. */
  folders: string[]
  /** DATABASES as plain values; absent in a kept answer: it may hold passwords, and a write must never follow an old one. */
  databases?: Record<string, Record<string, unknown>> | undefined
}

export interface ToldLoader {
  migrations: ToldMigration[]
  /** Labels of the apps that have migrations. */
  migrated: string[]
  /** Of the packages of migrations. */
  folders: string[]
  /** Of an empty history, squashes in their places; child first. */
  graph: ToldGraph
}

type Pair = [app: string, name: string]
/** The third is the setting of a swappable dependency. */
type ToldDependency = [app: string, name: string, setting?: string]

export interface ToldMigration {
  app: string
  name: string
  /** The label under which Django records it. */
  label: string
  file: string | null
  dependencies: ToldDependency[]
  runBefore: ToldDependency[]
  replaces: Pair[]
  initial: boolean | null
  atomic: boolean
  operations: ToldOperation[]
}

export interface ToldOperation {
  type: string
  /** Its classes that are Django's own, in Python's order. */
  bases: string[]
  /** Methods that a class outside of Django has in place of Django's. */
  own: string[]
  model_name: string | null
  name: string | null
  old_name: string | null
  new_name: string | null
  reversible: boolean | null
  elidable: boolean
  atomic?: boolean | null
  code?: string
  /** The texts of RunSQL. */
  sql?: string[]
  /** RunSQL: it is one plain text. */
  plain?: boolean
  noop?: boolean
  /** SeparateDatabaseAndState: what it does to the database. */
  inner?: ToldOperation[]
}

type Check = (value: unknown) => boolean

const text: Check = (value) => typeof value === 'string'
const flag: Check = (value) => typeof value === 'boolean'
const nothing: Check = (value) => value === null
const size: Check = (value) => value === null || Number.isSafeInteger(value)
const either =
  (...checks: Check[]): Check =>
  (value) =>
    checks.some((check) => check(value))
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const tuple =
  (...checks: Check[]): Check =>
  (value) =>
    Array.isArray(value) && value.length === checks.length && checks.every((check, index) => check(value[index]))
const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
/** A key that ends in "?" may be missing; others than these are not looked at. */
const shape = (fields: Record<string, Check>): Check => {
  const wanted = Object.entries(fields).map(([key, check]) => ({ name: key.replace(/\?$/, ''), isOptional: key.endsWith('?'), check }))
  return (value) => {
    if (!isObject(value)) return false
    const given = new Map(Object.entries(value as object))
    return wanted.every(({ name, isOptional, check }) => (given.has(name) ? check(given.get(name)) : isOptional))
  }
}

const pair = tuple(text, text)
const dependency = either(pair, tuple(text, text, text))
const maybeText = either(text, nothing)
const maybeFlag = either(flag, nothing)
const DEEPEST = 24

const operation = (value: unknown, depth = 0): boolean => depth < DEEPEST && shape(operationFields(depth))(value)
const operationFields = (depth: number): Record<string, Check> => ({
  type: text,
  bases: list(text),
  own: list(text),
  model_name: maybeText,
  name: maybeText,
  old_name: maybeText,
  new_name: maybeText,
  reversible: maybeFlag,
  elidable: flag,
  'atomic?': maybeFlag,
  'code?': text,
  'sql?': list(text),
  'plain?': flag,
  'noop?': flag,
  'inner?': list((one) => operation(one, depth + 1)),
})

const migration = shape({
  app: text,
  name: text,
  label: text,
  file: maybeText,
  dependencies: list(dependency),
  runBefore: list(dependency),
  replaces: list(pair),
  initial: maybeFlag,
  atomic: flag,
  operations: list((one) => operation(one)),
})

const loader = shape({
  migrations: list(migration),
  migrated: list(text),
  folders: list(text),
  graph: either(shape({ nodes: list(pair), edges: list(tuple(pair, pair)) }), shape({ exception: text, message: text })),
})

/** JSON of another shape is no answer. */
export function isAnswer(value: unknown): value is DjangoAnswer {
  return ANSWER(value)
}

const ANSWER = shape({
  version: (value) => text(value) && /^\d+\.\d+/.test(value as string),
  apps: list(shape({ label: text, name: text, path: text, migrations: maybeText })),
  settings: isObject,
  loader: either(loader, nothing),
  failed: either(list(text), nothing),
  files: list(tuple(text, size, size)),
  folders: list(text),
  'databases?': (value) => isObject(value) && Object.values(value as object).every(isObject),
})
