import { isAbsolute, resolve } from 'node:path'
import {
  addressAt,
  addressesOf,
  type Config,
  type ConnectionSpec,
  homeFolder,
  LIBPQ_WORDS,
  libpqTlsMode,
  parseDatabaseUrl,
  readMysqlOptions,
  SESSION_TARGETS,
  type ServerSpec,
  unfitTls,
  withClientEnvironment,
} from '../config/index.js'
import { type DatabaseSetting, databaseAliases, type Project, readDatabase } from '../project/index.js'
import { MigstateError } from '../errors/index.js'
import { Options } from './driver-options.js'
import { mysqlTls } from './mysql-tls.js'
import { withOptionFile } from './mysql-file.js'

/** The database of a command: `--url`, `MIGSTATE_URL`, migstate.json, else the project's own DATABASES[alias]. */
export function chooseConnection(
  config: Config,
  project: Project | null,
  { env, readOnly }: { env: Readonly<Record<string, string | undefined>>; readOnly: boolean },
): ConnectionSpec {
  if (config.url !== undefined) return withClientEnvironment(parseDatabaseUrl(config.url), env, config.urlSource === 'file' ? 'project' : 'person')
  if (project?.settings.namedBy === 'other file' && !readOnly)
    throw new MigstateError(
      'database-unknown',
      `The settings module ${project.settings.module} is named only by a file of another tool, which must not choose the database of a write.`,
      { hint: 'Name it with --settings or DJANGO_SETTINGS_MODULE, or give --url.' },
    )
  const setting = project && readDatabase(project.settings, config.database)
  if (project && setting) return withClientEnvironment(fromSetting(setting, config.database, project), env, 'project')
  // A stray DATABASE_URL must never send an edit to another database, so it counts only where no settings are read.
  if (!project && env.DATABASE_URL) return withClientEnvironment(parseDatabaseUrl(env.DATABASE_URL), env, 'person')
  throw new MigstateError(
    'database-unknown',
    project
      ? `The settings ${project.settings.title} name no DATABASES["${config.database}"].`
      : 'No database was named, and there is no project to read one from.',
  )
}

/** All aliases, for messages that must say which one is meant. */
export function aliasesOf(project: Project | null): string[] {
  return project ? databaseAliases(project.settings) : []
}

/** One entry of DATABASES as Django's backend of that engine would connect (django/db/backends/{postgresql,mysql,sqlite3}/base.py). */
export function fromSetting(setting: DatabaseSetting, alias: string, project: Project): ConnectionSpec {
  if (setting.family === 'sqlite') return sqliteFrom(setting, alias, project)
  if (setting.family === 'postgresql') return postgresqlFrom(setting, alias)
  if (setting.family === 'mysql') return mysqlFrom(setting, alias, project)
  const name = setting.family === 'oracle' ? 'Oracle' : setting.family === 'microsoft' ? 'SQL Server' : null
  throw new MigstateError(
    'database-unknown',
    name === null
      ? `DATABASES["${alias}"] uses the engine "${setting.engine}", which migstate does not know as PostgreSQL, MySQL, MariaDB or SQLite.`
      : `DATABASES["${alias}"] is ${name} (engine "${setting.engine}"), and ${name} is not supported.`,
    name === null ? {} : { hint: WITHOUT_CONNECTION },
  )
}

/** What works all the same where no driver speaks to the database. */
const WITHOUT_CONNECTION =
  'What reads files alone works against any table: with --url sqlite:///PATH of an empty file "plan", "graph" and "show" answer for an empty history.'

function sqliteFrom(setting: DatabaseSetting, alias: string, project: Project): ConnectionSpec {
  if (setting.name === '' || setting.name === ':memory:' || setting.name.startsWith('file:'))
    throw new MigstateError('database-unknown', `DATABASES["${alias}"] names no SQLite file ("${setting.name}").`)
  return { family: 'sqlite', path: isAbsolute(setting.name) ? setting.name : resolve(project.folder, setting.name) }
}

/** OPTIONS go to the driver as they are, so that they may name the server too (Django: get_connection_params): MySQL's win, PostgreSQL's do not. */
function serverFrom(family: ServerSpec['family'], setting: DatabaseSetting, option: Options): ServerSpec {
  const spec: ServerSpec = { family, tls: {} }
  const pick = (written: string, name: string) => (family === 'mysql' ? option.text(name) || written : written || option.text(name))
  const [host, port, user] = [pick(setting.host, 'host'), pick(setting.port, 'port'), pick(setting.user, 'user')]
  const password = pick(setting.password, 'password')
  // libpq reads lists of both (manual 34.1.1.3); MySQL's clients do not.
  const [first, ...others] = family === 'postgresql' ? addressesOf(host ?? '', port ?? '') : [addressAt(host ?? '', port ?? '')]
  Object.assign(spec, first)
  if (others.length > 0) spec.others = others
  if (user) spec.user = user
  if (password) spec.password = password
  if (setting.name) spec.database = setting.name
  return spec
}

function postgresqlFrom(setting: DatabaseSetting, alias: string): ServerSpec {
  const option = new Options(setting.options, alias)
  const spec = serverFrom('postgresql', setting, option)
  const service = option.text('service')
  if (service) spec.service = service
  if (option.text('servicefile') !== undefined) throw option.wrong('servicefile', 'is a file that migstate does not read; set PGSERVICEFILE to it')
  const word = option.text('sslmode')
  if (word !== undefined) {
    const mode = libpqTlsMode(word)
    if (!mode) throw option.wrong('sslmode', `"${word}" is not one of ${LIBPQ_WORDS.join(', ')}`)
    spec.tls.mode = mode
  }
  const [ca, cert, key] = [option.text('sslrootcert'), option.text('sslcert'), option.text('sslkey')]
  if (ca) spec.tls.ca = ca
  if (cert) spec.tls.cert = cert
  if (key) spec.tls.key = key
  const why = unfitTls(spec.tls)
  if (why) throw option.wrong('sslrootcert', why)
  const [options, passfile] = [option.text('options'), option.text('passfile')]
  if (options) spec.options = options
  if (passfile) spec.passwordFile = passfile
  const target = option.text('target_session_attrs')
  if (target !== undefined) {
    spec.target = SESSION_TARGETS.find((one) => one === target)
    if (!spec.target) throw option.wrong('target_session_attrs', `"${target}" is not one of ${SESSION_TARGETS.join(', ')}`)
  }
  // Django takes it from OPTIONS and sets the role itself (django/db/backends/postgresql/base.py, since 4.2).
  const role = option.text('assume_role')
  if (role) spec.role = role
  const timeout = Number(option.text('connect_timeout'))
  if (timeout > 0) spec.connectTimeout = timeout
  return spec
}

/** As manage.py would find it, which is run in its folder. */
function fileIn(project: Project, path: string): string {
  return resolve(project.folder, path.replace(/^~(?=\/|$)/, homeFolder({ env: process.env })))
}

function mysqlFrom(setting: DatabaseSetting, alias: string, project: Project): ServerSpec {
  const option = new Options(setting.options, alias)
  const spec = serverFrom('mysql', setting, option)
  const socket = option.text('unix_socket')
  if (socket) spec.socket = socket
  spec.tls = mysqlTls(option)
  const file = option.text('read_default_file')
  if (file === undefined) return spec
  return withOptionFile(spec, readMysqlOptions(fileIn(project, file), option.text('read_default_group')), file)
}
