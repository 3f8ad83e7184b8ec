import { readFileSync, statSync } from 'node:fs'
import { Evaluator } from './python/evaluator.js'
import type { Host } from './python/host.js'
import type { Modules } from './python/modules.js'
import { MAX_BYTES, parsePython } from './python/parse.js'
import { Scope } from './python/value.js'
import type { Value } from './python/value.js'
import { readOperations } from './operations.js'
import type { DjangoSettings } from './settings.js'
import type { Dependency, MigrationFile, Problem } from './types.js'

export interface MigrationContext {
  app: string
  modules: Modules
  settings: DjangoSettings
}

/** Reads one migration file. Never throws for what is in the file: what cannot be read is said in `problems` or `broken`. */
export function readMigration(file: string, name: string, context: MigrationContext): MigrationFile {
  const result: MigrationFile = {
    app: context.app,
    name,
    file,
    dependencies: [],
    runBefore: [],
    replaces: [],
    initial: null,
    atomic: true,
    operations: [],
    problems: [],
    broken: null,
  }
  if (name.includes('.')) return broken(result, 'ImportError', `No module named ${name}: a dot in the file's name`)
  let text: string
  try {
    if (statSync(file).size > MAX_BYTES) return unreadable(result, `the file is larger than ${MAX_BYTES} bytes`)
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return unreadable(result, `it cannot be opened (${(error as NodeJS.ErrnoException).code})`)
  }
  const parsed = parsePython(file, text)
  if (parsed.syntaxError !== null) return broken(result, 'SyntaxError', `invalid syntax (${name}.py, line ${parsed.syntaxError})`)
  const scope = new Evaluator(parsed, migrationHost(context.modules)).run(new Scope())
  const found = scope.names.get('Migration')
  if (!found) {
    const star = [...scope.names.values()].some((value) => value.kind === 'unknown')
    return star
      ? unreadable(result, 'the class Migration may come from an import')
      : broken(result, 'BadMigrationError', `Migration ${name} in app ${context.app} has no Migration class`)
  }
  if (found.kind !== 'class') return unreadable(result, 'Migration is not a class of this file')
  fill(result, found, context)
  return result
}

/** Other modules are not read for a migration: imports stay names. */
function migrationHost(modules: Modules): Host {
  return {
    env: modules.env,
    importModule: () => null,
    mayImport: () => true,
    resolveRelative: (level, dotted, from) => modules.resolveRelative(level, dotted, from),
  }
}

function fill(result: MigrationFile, migration: Value & { kind: 'class' }, context: MigrationContext): void {
  const attribute = (name: string): Value | undefined => attributeOf(migration, name)
  const problem = problemsOf(result)
  if (migration.decorated) problem(migration, 'the class is decorated, and a decorator may change it')
  const base = unknownBase(migration)
  if (base) problem(base, 'a base class is in another file and may set dependencies')
  for (const value of elements(attribute('dependencies'), 'dependencies', problem)) addDependency(result.dependencies, value, 'dependencies', context, problem)
  for (const value of elements(attribute('run_before'), 'run_before', problem)) addDependency(result.runBefore, value, 'run_before', context, problem)
  for (const value of elements(attribute('replaces'), 'replaces', problem)) {
    const pair = stringPair(value)
    if (pair) result.replaces.push(pair)
    else problem(value, 'an entry of replaces is not a pair of strings')
  }
  const initial = attribute('initial')
  if (initial?.kind === 'boolean') result.initial = initial.value
  const atomic = attribute('atomic')
  if (atomic) result.atomic = atomic.kind === 'boolean' ? atomic.value : null
  result.operations = readOperations(attribute('operations'))
}

/** A class attribute, also through a base class of the same file. */
function attributeOf(migration: Value & { kind: 'class' }, name: string): Value | undefined {
  const own = migration.scope.names.get(name)
  if (own) return own
  for (const base of migration.bases) {
    const value = base.kind === 'class' ? attributeOf(base, name) : undefined
    if (value) return value
  }
  return undefined
}

/** A base that is neither Django's Migration nor a class of this file: its attributes would be inherited. */
function unknownBase(migration: Value & { kind: 'class' }): Value | undefined {
  for (const base of migration.bases) {
    if (base.kind === 'reference' && (/(^|\.)migrations(\.migration)?\.Migration$/.test(base.name) || base.name === 'object')) continue
    const inner = base.kind === 'class' ? unknownBase(base) : base
    if (inner) return inner
  }
  return undefined
}

type Report = (value: Value, message: string) => void

function problemsOf(result: MigrationFile): Report {
  return (value, message) => {
    const line = value.kind === 'unknown' || value.kind === 'call' ? value.line : null
    const reason = value.kind === 'unknown' ? `: ${value.reason}` : value.kind === 'either' ? `: it depends on ${value.dependsOn}` : ''
    const problem: Problem = { code: value.kind === 'either' ? 'depends-on-settings' : 'unreadable-file', file: result.file, line, message: message + reason }
    result.problems.push(problem)
  }
}

function elements(value: Value | undefined, name: string, problem: Report): Value[] {
  if (!value) return []
  if (value.kind === 'list' || value.kind === 'tuple' || value.kind === 'set') return value.items
  problem(value, `${name} cannot be read`)
  return []
}

function addDependency(list: Dependency[], value: Value, attribute: string, context: MigrationContext, problem: Report): void {
  const pair = stringPair(value)
  if (pair) {
    list.push({ app: pair[0], name: pair[1] })
    return
  }
  const swappable = value.kind === 'call' && /(^|\.)swappable_dependency$/.test(value.callee) ? value : undefined
  const model = swappable?.args[0]
  const target = model && swappableModel(model, context.settings)
  if (target) list.push({ app: target.label, name: '__first__', swappable: target.setting })
  else problem(value, `an entry of ${attribute} is not a pair of strings or a readable swappable dependency`)
}

function stringPair(value: Value): [string, string] | null {
  if (value.kind !== 'tuple' || value.items.length !== 2) return null
  const [app, name] = value.items
  return app?.kind === 'string' && name?.kind === 'string' ? [app.value, name.value] : null
}

/** `swappable_dependency(settings.X)`: the label is the first part of the setting's value (django/db/migrations/migration.py). */
function swappableModel(model: Value, settings: DjangoSettings): { label: string; setting: string } | null {
  const setting = model.kind === 'reference' ? /(?:^|\.)settings\.([A-Z][A-Z0-9_]*)$/.exec(model.name)?.[1] : undefined
  const value =
    setting === undefined ? model : (settings.get(setting) ?? (setting === 'AUTH_USER_MODEL' ? ({ kind: 'string', value: 'auth.User' } as Value) : undefined))
  if (value?.kind !== 'string' || !value.value.includes('.')) return null
  return { label: value.value.split('.')[0] as string, setting: setting === undefined ? value.value : `settings.${setting}` }
}

function broken(result: MigrationFile, exception: string, message: string): MigrationFile {
  return { ...result, operations: null, atomic: null, broken: { exception, message } }
}

function unreadable(result: MigrationFile, message: string): MigrationFile {
  return { ...result, operations: null, atomic: null, problems: [{ code: 'unreadable-file', file: result.file, line: null, message }] }
}
