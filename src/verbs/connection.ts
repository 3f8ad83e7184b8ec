import { isAbsolute, resolve } from 'node:path'
import { type Config, type ConnectionSpec, parseDatabaseUrl, type ServerSpec, tlsMode } from '../config/index.js'
import { type DatabaseSetting, databaseAliases, type Project, readDatabase } from '../django/index.js'
import { MigstateError } from '../errors/index.js'

/** The database of a command: `--url`, `MIGSTATE_URL`, migstate.json, else the project's own DATABASES[alias]. */
export function chooseConnection(
  config: Config,
  project: Project | null,
  { env, readOnly }: { env: Readonly<Record<string, string | undefined>>; readOnly: boolean },
): ConnectionSpec {
  if (config.url !== undefined) return parseDatabaseUrl(config.url)
  if (project?.settings.namedBy === 'other file' && !readOnly)
    throw new MigstateError(
      'database-unknown',
      `The settings module ${project.settings.module} is named only by a file of another tool, which must not choose the database of a write. Nothing was changed.`,
      { hint: 'Name it with --settings or DJANGO_SETTINGS_MODULE, or give --url.' },
    )
  const setting = project && readDatabase(project.settings, config.database)
  if (project && setting) return fromSetting(setting, config.database, project)
  // A stray DATABASE_URL must never send an edit to another database, so it counts only where no settings are read.
  if (!project && env.DATABASE_URL) return parseDatabaseUrl(env.DATABASE_URL)
  throw new MigstateError(
    'database-unknown',
    project
      ? `The settings ${project.settings.module} name no DATABASES["${config.database}"].`
      : 'No database was named, and there is no project to read one from.',
  )
}

/** All aliases, for messages that must say which one is meant. */
export function aliasesOf(project: Project | null): string[] {
  return project ? databaseAliases(project.settings) : []
}

/** One entry of DATABASES as Django's backend of that engine would connect (django/db/backends/{postgresql,mysql,sqlite3}/base.py). */
export function fromSetting(setting: DatabaseSetting, alias: string, project: Project): ConnectionSpec {
  const backend = setting.engine.split('.').at(-1) ?? ''
  if (/sqlite|spatialite/.test(backend)) return sqliteFrom(setting, alias, project)
  if (/postg/.test(backend)) return postgresqlFrom(setting, alias)
  if (/mysql|mariadb/.test(backend)) return mysqlFrom(setting, alias)
  throw new MigstateError(
    'database-unknown',
    `DATABASES["${alias}"] uses the engine "${setting.engine}", which migstate does not know as PostgreSQL, MySQL, MariaDB or SQLite.`,
  )
}

function sqliteFrom(setting: DatabaseSetting, alias: string, project: Project): ConnectionSpec {
  if (setting.name === '' || setting.name === ':memory:' || setting.name.startsWith('file:'))
    throw new MigstateError('database-unknown', `DATABASES["${alias}"] names no SQLite file ("${setting.name}").`)
  return { family: 'sqlite', path: isAbsolute(setting.name) ? setting.name : resolve(project.folder, setting.name) }
}

function serverFrom(family: ServerSpec['family'], setting: DatabaseSetting): ServerSpec {
  const spec: ServerSpec = { family, tls: { mode: 'prefer' } }
  if (setting.host.startsWith('/')) spec.socket = setting.host
  else if (setting.host) spec.host = setting.host
  if (setting.port) spec.port = Number(setting.port)
  if (setting.user) spec.user = setting.user
  if (setting.password) spec.password = setting.password
  if (setting.name) spec.database = setting.name
  return spec
}

function postgresqlFrom(setting: DatabaseSetting, alias: string): ServerSpec {
  const spec = serverFrom('postgresql', setting)
  const option = (name: string) => (setting.options[name] === undefined ? undefined : String(setting.options[name]))
  if (option('service') !== undefined)
    throw new MigstateError('database-unknown', `DATABASES["${alias}"] uses the libpq service "${option('service')}", which migstate does not read.`)
  const mode = tlsMode(option('sslmode') ?? 'prefer')
  if (mode) spec.tls.mode = mode
  const [ca, cert, key] = [option('sslrootcert'), option('sslcert'), option('sslkey')]
  if (ca) spec.tls.ca = ca
  if (cert) spec.tls.cert = cert
  if (key) spec.tls.key = key
  const options = option('options')
  if (options) spec.options = options
  const timeout = Number(option('connect_timeout'))
  if (timeout > 0) spec.connectTimeout = timeout
  return spec
}

function mysqlFrom(setting: DatabaseSetting, alias: string): ServerSpec {
  const spec = serverFrom('mysql', setting)
  const { options } = setting
  if (options.read_default_file !== undefined && !setting.name)
    throw new MigstateError(
      'database-unknown',
      `DATABASES["${alias}"] takes its connection from ${String(options.read_default_file)}, which migstate does not read.`,
    )
  if (typeof options.unix_socket === 'string') spec.socket = options.unix_socket
  const mode = tlsMode(String(options.ssl_mode ?? 'prefer'))
  if (mode) spec.tls.mode = mode
  const ssl = options.ssl as Record<string, unknown> | undefined
  if (typeof ssl?.ca === 'string') spec.tls = { ...spec.tls, mode: options.ssl_mode === undefined ? 'verify-ca' : spec.tls.mode, ca: ssl.ca }
  if (typeof ssl?.cert === 'string') spec.tls.cert = ssl.cert
  if (typeof ssl?.key === 'string') spec.tls.key = ssl.key
  return spec
}
