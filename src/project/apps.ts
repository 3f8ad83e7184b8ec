import { dirname, join, resolve } from 'node:path'
import { appConfigOf, type AppIdentity } from './app-config.js'
import { findMigrationFiles } from './migration-files.js'
import { type MigrationContext, readMigration } from './migration-file.js'
import { type Located, prefixesOf } from '../python/modules/search-path.js'
import { lookUp } from '../python/evaluate/keys.js'
import type { Value } from '../python/evaluate/value.js'
import type { AppFiles, MigrationFile, Problem } from './types.js'

/** Reads a migration file, or knows it from an earlier run. */
export type MigrationReader = (file: string, name: string, context: MigrationContext) => MigrationFile

/**
 * One entry of INSTALLED_APPS with its migrations: django/apps/config.py `AppConfig.create` and loader.py `load_disk`.
 * @returns null when the package is not on the search path; why its migrations are not looked at, where they may not be
 */
export function readApp(entry: string, context: Omit<MigrationContext, 'app'>, read: MigrationReader = readMigration): AppFiles | Problem | null {
  const { modules } = context
  const identity = appConfigOf(entry, context)
  const located = identity && modules.locate(identity.module)
  if (!identity || !located) return null
  const found = migrationsOf(identity, context)
  const path = located.folders[0] ?? (located.file === null ? null : dirname(located.file))
  const app: AppFiles = {
    label: identity.label,
    module: identity.module,
    // Whatever cannot be read of an AppConfig is its name or its label.
    ...(identity.problems.length > 0 ? { labelIsGuess: true as const } : {}),
    ...(found.problems.length > 0 ? { placeIsGuess: true as const } : {}),
    path: path ?? '',
    migrated: found.package !== null,
    broken: found.broken,
    problems: [...identity.problems, ...found.problems],
    migrations: [],
  }
  if (found.package === null) return app
  const own: MigrationContext = { ...context, app: identity.label }
  const files = findMigrationFiles(found.package, context)
  for (const folder of found.package.folders) {
    const reason = modules.files.refusal(folder)
    if (reason !== null) return { code: 'unreadable-file', file: folder, line: null, message: `the migrations of ${app.label} were not read: ${reason}` }
  }
  app.migrations = files.map(({ name, file }) => read(file, name, own))
  return app
}

interface FoundMigrations {
  /** null: an unmigrated app (no package, a module instead of one, a namespace package, or MIGRATION_MODULES says None). */
  package: Located | null
  broken: AppFiles['broken']
  problems: Problem[]
}

function migrationsOf(identity: AppIdentity, context: Omit<MigrationContext, 'app'>): FoundMigrations {
  const { modules, settings, rules } = context
  const override = context.overrides?.get(identity.label)
  if (override !== undefined) return { package: placeOf(override, context), broken: null, problems: [] }
  const chosen = migrationModuleOf(identity.label, context) ?? hiddenByItself(identity, context)
  const nothing: FoundMigrations = { package: null, broken: null, problems: [] }
  if (chosen?.kind === 'none') {
    // Before 1.9 nobody expected None (`import_module(None)`).
    if (!rules.noneDisablesMigrations)
      return { ...nothing, broken: { exception: 'AttributeError', message: "'NoneType' object has no attribute 'startswith'" } }
    return nothing
  }
  if (chosen !== undefined && chosen.kind !== 'string') {
    const where = chosen.kind === 'unknown' ? { file: chosen.file, line: chosen.line } : { file: settings.file, line: null }
    const reason = chosen.kind === 'unknown' ? chosen.reason : chosen.kind === 'either' ? `it depends on ${chosen.dependsOn}` : 'it is not evaluated'
    const problem: Problem = { code: 'unreadable-file', ...where, message: `MIGRATION_MODULES["${identity.label}"] cannot be read: ${reason}` }
    return { ...nothing, package: packageAt(`${identity.module}.migrations`, context), problems: [problem] }
  }
  const dotted = chosen?.value ?? `${identity.module}.migrations`
  if (chosen === undefined || modules.locate(dotted) !== null) return { ...nothing, package: packageAt(dotted, context) }
  return { ...nothing, broken: missingModule(dotted, context) }
}

/** `--migrations LABEL=PATH`: a folder, or a dotted package. */
function placeOf(place: string, context: Omit<MigrationContext, 'app'>): Located | null {
  const folder = resolve(place)
  return context.modules.files.isFolder(folder) ? { kind: 'package', file: join(folder, '__init__.py'), folders: [folder] } : packageAt(place, context)
}

/** An app that only `--migrations` names. @returns null when there is no such place */
export function readNamedApp(label: string, place: string, context: Omit<MigrationContext, 'app'>, read: MigrationReader = readMigration): AppFiles | null {
  const located = placeOf(place, context)
  if (located === null) return null
  const migrations = findMigrationFiles(located, context).map(({ name, file }) => read(file, name, { ...context, app: label }))
  return { label, module: label, path: dirname(located.folders[0] ?? ''), migrated: true, broken: null, problems: [], migrations }
}

function packageAt(dotted: string, { modules }: Omit<MigrationContext, 'app'>): Located | null {
  const located = modules.locate(dotted)
  return located?.kind === 'package' || (located?.kind === 'compiled' && located.folders.length > 0) ? located : null
}

/** `MIGRATION_MODULES[label]`: a dict, or an object that answers every label alike (the `DisableMigrations` of many test settings). */
function migrationModuleOf(label: string, { settings, modules }: Omit<MigrationContext, 'app'>): Value | undefined {
  const value = settings.get('MIGRATION_MODULES')
  if (value === undefined || value.kind === 'none') return undefined
  if (value.kind === 'dict') {
    const entry = lookUp(value, label)
    return entry && settings.resolve(entry)
  }
  if (value.kind === 'call' && value.target?.kind === 'class') {
    const contains = modules.callMethodOf(value, '__contains__', [{ kind: 'string', value: label }])
    if (contains?.kind === 'boolean' && !contains.value) return undefined
    return modules.callMethodOf(value, '__getitem__', [{ kind: 'string', value: label }])
  }
  return value
}

/**
 * django-debug-toolbar (6.3) takes its own migrations away in `AppConfig.ready()` unless it keeps its data in the database; what another
 * app does to MIGRATION_MODULES there is not followed.
 */
function hiddenByItself({ module }: AppIdentity, { modules, settings }: Omit<MigrationContext, 'app'>): Value | undefined {
  const file = modules.findFile(`${module}.apps`)
  const text = file === null ? null : modules.files.read(file)
  if (file === null || text === null || !/\bMIGRATION_MODULES\s*(\.setdefault\(|\[)/.test(text)) return undefined
  const unknown: Value = { kind: 'unknown', reason: 'the app changes MIGRATION_MODULES while Django starts', file, line: 1 }
  if (module !== 'debug_toolbar') return unknown
  const config = settings.get('DEBUG_TOOLBAR_CONFIG')
  if (config && config.kind !== 'dict') return unknown
  const store = config && lookUp(config, 'TOOLBAR_STORE_CLASS')
  if (store && store.kind !== 'string') return unknown
  return store?.value === 'debug_toolbar.store.DatabaseStore' ? undefined : { kind: 'none' }
}

/** An entry of MIGRATION_MODULES must be importable since 1.11; before, a missing module whose name contains "migrations" was forgiven. */
function missingModule(dotted: string, { modules, rules }: Omit<MigrationContext, 'app'>): AppFiles['broken'] {
  if (!rules.namedModuleMustExist && dotted.includes('migrations')) return null
  const { python } = modules.environment
  const missing = prefixesOf(dotted).find((prefix) => modules.locate(prefix) === null)
  if (python?.[0] === 2)
    return {
      exception: 'ImportError',
      message: `No module named ${dotted.startsWith(`${missing}.`) && missing?.includes('.') ? (missing.split('.').at(-1) ?? '') : dotted}`,
    }
  return { exception: python !== null && python[1] < 6 ? 'ImportError' : 'ModuleNotFoundError', message: `No module named '${missing}'` }
}
