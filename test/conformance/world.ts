/** A small Django project and states of its history, as plain data: generated, shrunk, and kept as named cases. */
export type Pair = [app: string, name: string]

export interface WorldMigration {
  name: string
  dependencies: Pair[]
  runBefore?: Pair[]
  replaces?: Pair[]
  /** `migrations.swappable_dependency(settings.AUTH_USER_MODEL)` */
  swappable?: boolean
  /** How the class is written; any number. */
  style?: number
  /** The whole text of the file, in place of all this. */
  text?: string
}

export interface WorldApp {
  /** The dotted package. */
  module: string
  /** Its label, where an AppConfig says another one than the last part of the package. */
  label?: string
  /** How INSTALLED_APPS names it; `automatic` has an apps.py that nothing names. */
  entry?: 'module' | 'config' | 'automatic' | 'default_app_config'
  /** What is in the place of its migrations. */
  kind?: 'package' | 'empty' | 'namespace' | 'module' | 'absent'
  /** Its entry of MIGRATION_MODULES: the dotted name, null for None. */
  migrationModule?: string | null
  migrations: WorldMigration[]
  /** More files in the folder of its migrations, by name. */
  extra?: Record<string, string>
}

export interface World {
  apps: WorldApp[]
  /** How settings.py is written; any number. */
  settings?: number
  userModel?: string
  states: { rows: Pair[]; targets: string[][] }[]
}

export const labelOf = (app: WorldApp): string => app.label ?? (app.module.split('.').at(-1) as string)

/** The files of a world, by path. */
export function filesOf(world: World): Record<string, string> {
  const files: Record<string, string> = { 'manage.py': 'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n', ...settingsFiles(world) }
  for (const app of world.apps) {
    const parts = app.module.split('.')
    for (let depth = 1; depth <= parts.length; depth++) files[`${parts.slice(0, depth).join('/')}/__init__.py`] ??= ''
    const folder = parts.join('/')
    const [name] = parts.slice(-1) as [string]
    if (app.entry !== undefined && app.entry !== 'module') {
      const label = app.label === undefined ? '' : `    label = ${python(app.label)}\n`
      files[`${folder}/apps.py`] = `from django.apps import AppConfig\n\n\nclass ${className(name)}(AppConfig):\n    name = ${python(app.module)}\n${label}`
      if (app.entry === 'default_app_config') files[`${folder}/__init__.py`] = `default_app_config = ${python(`${app.module}.apps.${className(name)}`)}\n`
    }
    addMigrations(files, app, folder)
  }
  return files
}

function addMigrations(files: Record<string, string>, app: WorldApp, folder: string): void {
  const where = app.migrationModule ? app.migrationModule.split('.').join('/') : `${folder}/migrations`
  if (app.migrationModule === '' || app.kind === 'absent') return
  if (app.kind === 'module') {
    files[`${where}.py`] = ''
    return
  }
  if (app.kind !== 'namespace') files[`${where}/__init__.py`] = ''
  if (app.migrationModule) for (let parent = where; parent.includes('/'); ) files[`${(parent = parent.slice(0, parent.lastIndexOf('/')))}/__init__.py`] ??= ''
  if (app.kind === 'empty') return
  for (const migration of app.migrations) files[`${where}/${migration.name}.py`] = migration.text ?? migrationText(migration)
  for (const [name, text] of Object.entries(app.extra ?? {})) files[`${where}/${name}`] = text
}

const className = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}Config`
const python = (text: string) => JSON.stringify(text)
const pairs = (list: Pair[]) => list.map(([app, name]) => `(${python(app)}, ${python(name)})`)

/** The same attributes, written as people write them. */
function migrationText(migration: WorldMigration): string {
  const style = migration.style ?? 0
  const entries = pairs(migration.dependencies)
  if (migration.swappable) entries.push('migrations.swappable_dependency(settings.AUTH_USER_MODEL)')
  const list = `[${entries.join(', ')}]`
  const head = 'from django.conf import settings\nfrom django.db import migrations\n\n'
  const rest = [
    ...(migration.runBefore ? [`run_before = [${pairs(migration.runBefore).join(', ')}]`] : []),
    ...(migration.replaces ? [`replaces = [${pairs(migration.replaces).join(', ')}]`] : []),
    'operations = []',
  ]
  const write = (body: string[], before = '', base = 'migrations.Migration') =>
    `${head}${before}\nclass Migration(${base}):\n${[...body, ...rest].map((line) => `    ${line.replaceAll('\n', '\n    ')}`).join('\n')}\n`
  switch (style % 8) {
    case 1:
      return write([`dependencies = (${entries.map((entry) => `${entry}, `).join('')})`])
    case 2:
      return write([`dependencies = ${entries.map((entry) => `[${entry}]`).join(' + ') || '[]'}`])
    case 3:
      return write(['dependencies = NEEDED'], `NEEDED = ${list}\n`)
    case 4:
      return write(['dependencies = []', ...entries.map((entry) => `dependencies.append(${entry})`)])
    case 5:
      return write([`if settings.USE_TZ:\n    dependencies = [("nowhere", "nothing")]\nelse:\n    dependencies = ${list}`])
    case 6:
      return write([], `class Base(migrations.Migration):\n    dependencies = ${list}\n\n`, 'Base')
    case 7:
      return write(['dependencies = needed()'], `def needed():\n    return ${list}\n\n`)
    default:
      return write([`dependencies = ${list}`])
  }
}

function settingsFiles(world: World): Record<string, string> {
  const installed = world.apps.map((app) => {
    const [name] = app.module.split('.').slice(-1) as [string]
    return app.entry === 'config' ? `${app.module}.apps.${className(name)}` : app.module
  })
  const list = (entries: string[]) => `[${entries.map(python).join(', ')}]`
  const modules = world.apps.filter((app) => app.migrationModule !== undefined)
  const migrationModules = modules.map(
    (app) => `${python(labelOf(app))}: ${app.migrationModule === null ? 'None' : python(app.migrationModule || 'gone.away')}`,
  )
  const common = [
    'SECRET_KEY = "x"',
    'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}',
    'USE_TZ = False',
    'DEFAULT_AUTO_FIELD = "django.db.models.AutoField"',
    ...(world.userModel ? [`AUTH_USER_MODEL = ${python(world.userModel)}`] : []),
    ...(modules.length > 0 ? [`MIGRATION_MODULES = {${migrationModules.join(', ')}}`] : []),
  ].join('\n')
  const half = Math.ceil(installed.length / 2)
  const [first, second] = [installed.slice(0, half), installed.slice(half)]
  switch ((world.settings ?? 0) % 6) {
    case 1:
      return { 'settings.py': `INSTALLED_APPS = (${installed.map((entry) => `${python(entry)}, `).join('')})\n${common}\n` }
    case 2:
      return { 'settings.py': `OURS = ${list(first)}\nTHEIRS = ${list(second)}\nINSTALLED_APPS = OURS + THEIRS\n${common}\n` }
    case 3:
      return {
        'settings.py': `from base_settings import *\n\nINSTALLED_APPS += ${list(second)}\n`,
        'base_settings.py': `INSTALLED_APPS = ${list(first)}\n${common}\n`,
      }
    case 4:
      return {
        'settings.py': `import os\n\nINSTALLED_APPS = ${list(first)}\nif os.environ.get("NOT_SET_ANYWHERE"):\n    INSTALLED_APPS.append("nowhere")\nelse:\n    INSTALLED_APPS.extend(${list(second)})\n${common}\n`,
      }
    case 5:
      return {
        'settings.py': `INSTALLED_APPS = [app for app in ${list(installed)} if app]\ntry:\n    from local_settings import *\nexcept ImportError:\n    pass\n${common}\n`,
      }
    default:
      return { 'settings.py': `INSTALLED_APPS = ${list(installed)}\n${common}\n` }
  }
}
