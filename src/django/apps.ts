import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { compareVersions } from './version.js'
import { type MigrationContext, readMigration } from './migration-file.js'
import type { Modules } from './python/modules.js'
import { lookUp, textOf, type Value } from './python/value.js'
import type { DjangoSettings } from './settings.js'
import type { AppFiles } from './types.js'

interface AppIdentity {
  label: string
  module: string
}

/**
 * One entry of INSTALLED_APPS, as django/apps/config.py `AppConfig.create` resolves it.
 * @returns null when the package is not on the search path
 */
export function readApp(entry: string, modules: Modules, settings: DjangoSettings, djangoVersion: string | null): AppFiles | null {
  const identity = identify(entry, modules, djangoVersion)
  if (!identity) return null
  const folder = modules.findFolder(identity.module) ?? dirnameOf(modules.findFile(identity.module))
  if (folder === null) return null
  const migrationsFolder = migrationsFolderOf(identity, modules, settings)
  const context: MigrationContext = { app: identity.label, modules, settings }
  return {
    label: identity.label,
    module: identity.module,
    path: folder,
    migrated: migrationsFolder !== null,
    broken: missingModule(identity, modules, settings),
    migrations:
      migrationsFolder === null
        ? []
        : migrationFiles(migrationsFolder, djangoVersion).map((name) => readMigration(join(migrationsFolder, `${name}.py`), name, context)),
  }
}

function identify(entry: string, modules: Modules, djangoVersion: string | null): AppIdentity | null {
  const folder = modules.findFolder(entry)
  if (folder !== null || modules.findFile(entry) !== null) return ofModule(entry, folder, modules, djangoVersion)
  const at = entry.lastIndexOf('.')
  if (at < 0) return null
  const file = modules.findFile(entry.slice(0, at))
  return file === null ? null : ofConfigClass(entry, entry.slice(0, at), entry.slice(at + 1), file, modules)
}

/** A plain module: its `default_app_config` (before 4.1), the one AppConfig in its apps.py (3.2 and later), else itself. */
function ofModule(entry: string, folder: string | null, modules: Modules, djangoVersion: string | null): AppIdentity {
  const plain = { label: lastPart(entry), module: entry }
  if (folder === null) return plain
  const automatic = djangoVersion === null || compareVersions(djangoVersion, '3.2') >= 0
  if (djangoVersion !== null && compareVersions(djangoVersion, '4.1') < 0 && existsSync(join(folder, '__init__.py'))) {
    const named = textOf(modules.evaluate(join(folder, '__init__.py')).names.get('default_app_config'))
    if (named !== undefined) return identify(named, modules, djangoVersion) ?? plain
  }
  const file = join(folder, 'apps.py')
  if (!automatic || !existsSync(file)) return plain
  const configs = configClasses(file, modules)
  const chosen = configs.length === 1 && isDefault(configs[0] as ConfigClass) !== false ? configs[0] : configs.find((config) => isDefault(config) === true)
  return chosen ? (ofConfigClass(entry, `${entry}.apps`, chosen.name, file, modules) ?? plain) : plain
}

type ConfigClass = Value & { kind: 'class' }

function configClasses(file: string, modules: Modules): ConfigClass[] {
  return [...modules.evaluate(file).names.values()].filter((value): value is ConfigClass => value.kind === 'class' && value.bases.some(isConfigBase))
}

/** Any base chain that ends in a name ending in `Config` (106 of 490 real ones have a base of their own). */
function isConfigBase(base: Value): boolean {
  return base.kind === 'reference' ? base.name.endsWith('Config') : base.kind === 'class' && (base.name.endsWith('Config') || base.bases.some(isConfigBase))
}

function isDefault(config: ConfigClass): boolean | undefined {
  const value = config.scope.names.get('default')
  return value?.kind === 'boolean' ? value.value : undefined
}

function ofConfigClass(entry: string, module: string, name: string, file: string, modules: Modules): AppIdentity | null {
  const found = modules.evaluate(file).names.get(name)
  const packageName = module.includes('.') ? module.slice(0, module.lastIndexOf('.')) : module
  if (found?.kind !== 'class') return found ? { label: lastPart(packageName), module: packageName } : null
  const attribute = (wanted: string): string | undefined => inherited(found, wanted)
  // `name = __name__.rpartition(".")[0]` is the package itself.
  const app = attribute('name') ?? (entry.endsWith(name) ? packageName : entry)
  return { label: attribute('label') ?? lastPart(app), module: app }
}

function inherited(config: ConfigClass, attribute: string): string | undefined {
  const own = textOf(config.scope.names.get(attribute))
  if (own !== undefined) return own
  for (const base of config.bases) {
    const value = base.kind === 'class' ? inherited(base, attribute) : undefined
    if (value !== undefined) return value
  }
  return undefined
}

/** null: an unmigrated app (no package, a module instead of one, a namespace package, or MIGRATION_MODULES says None). */
function migrationsFolderOf(identity: AppIdentity, modules: Modules, settings: DjangoSettings): string | null {
  const chosen = lookUp(settings.get('MIGRATION_MODULES') ?? { kind: 'none' }, identity.label)
  if (chosen?.kind === 'none') return null
  const folder = modules.findFolder(textOf(chosen) ?? `${identity.module}.migrations`)
  return folder !== null && existsSync(join(folder, '__init__.py')) ? folder : null
}

/** An explicit entry of MIGRATION_MODULES must be importable (loader.py `load_disk`, since 1.11). */
function missingModule(identity: AppIdentity, modules: Modules, settings: DjangoSettings): AppFiles['broken'] {
  const named = textOf(lookUp(settings.get('MIGRATION_MODULES') ?? { kind: 'none' }, identity.label))
  if (named === undefined || modules.findFolder(named) !== null || modules.findFile(named) !== null) return null
  const parts = named.split('.')
  const missing = parts
    .map((_part, index) => parts.slice(0, index + 1).join('.'))
    .find((prefix) => modules.findFolder(prefix) === null && modules.findFile(prefix) === null)
  return { exception: 'ModuleNotFoundError', message: `No module named '${missing}'` }
}

/** The names that `pkgutil.iter_modules` gives Django (loader.py `load_disk`), sorted. */
function migrationFiles(folder: string, djangoVersion: string | null): string[] {
  // Before 2.1 the folder was listed, and a name with a dot was tried too (and failed); it is shown as a broken file.
  const dots = djangoVersion !== null && compareVersions(djangoVersion, '2.1') < 0
  return readdirSync(folder)
    .filter((name) => name.endsWith('.py') && !/^[_~.]/.test(name))
    .map((name) => name.slice(0, -3))
    .filter((name) => (dots || !name.includes('.')) && statSync(join(folder, `${name}.py`), { throwIfNoEntry: false })?.isFile())
    .sort()
}

function lastPart(dotted: string): string {
  return dotted.slice(dotted.lastIndexOf('.') + 1)
}

function dirnameOf(file: string | null): string | null {
  return file === null ? null : dirname(file)
}
