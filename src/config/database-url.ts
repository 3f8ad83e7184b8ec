import { MigstateError } from '../errors/index.js'
import { type Address, addressOf, type ConnectionSpec, SESSION_TARGETS, type ServerSpec, type SessionTarget, type TlsSpec } from './connection-spec.js'
import { maskUrl } from './mask-url.js'
import { LIBPQ_WORDS, libpqTlsMode, MYSQL_WORDS, mysqlTlsMode, unfitTls } from './tls-mode.js'

const FAMILIES: Record<string, ConnectionSpec['family']> = {
  postgres: 'postgresql',
  postgresql: 'postgresql',
  postgis: 'postgresql',
  mysql: 'mysql',
  mariadb: 'mysql',
  sqlite: 'sqlite',
  sqlite3: 'sqlite',
}

/**
 * Reads a database URL as dj-database-url and SQLAlchemy do. Not WHATWG `URL`: that rejects `postgres://user@/db?host=/socket`.
 * @throws MigstateError `bad-url`; the message never contains the password.
 */
export function parseDatabaseUrl(url: string): ConnectionSpec {
  const scheme = /^([a-zA-Z][a-zA-Z0-9]*)(\+[a-zA-Z0-9_]+)?:\/\//.exec(url)
  if (!scheme) throw bad(url, 'it has no scheme')
  const family = FAMILIES[(scheme[1] as string).toLowerCase()]
  if (!family) throw bad(url, `"${scheme[1]}" is not postgresql, mysql, mariadb or sqlite`)
  const rest = url.slice(scheme[0].length)
  const [beforeQuery, queryText] = splitOnce(rest.split('#')[0] as string, '?')
  if (family === 'sqlite') return parseSqlite(url, beforeQuery)
  return parseServer(url, family, beforeQuery, new URLSearchParams(queryText ?? ''))
}

function parseSqlite(url: string, text: string): ConnectionSpec {
  // sqlite:///rel/path is relative, sqlite:////abs/path absolute: the third slash only ends the (empty) host.
  if (!text.startsWith('/') || text === '/') throw bad(url, 'a SQLite URL is sqlite:///relative/path or sqlite:////absolute/path')
  const path = decode(url, text.slice(1))
  if (path === ':memory:') throw bad(url, 'a database in memory has no history that another process could see')
  return { family: 'sqlite', path }
}

function parseServer(url: string, family: 'postgresql' | 'mysql', text: string, query: URLSearchParams): ServerSpec {
  const slash = text.indexOf('/')
  const authority = slash < 0 ? text : text.slice(0, slash)
  const path = slash < 0 ? '' : text.slice(slash + 1)
  const at = authority.lastIndexOf('@')
  const [user, password] = splitOnce(at < 0 ? '' : authority.slice(0, at), ':')
  const spec: ServerSpec = { family, tls: parseTls(url, family, query) }
  const [first, ...others] = parseAddresses(url, authority.slice(at + 1), query)
  if (others.length > 0) {
    if (family !== 'postgresql') throw bad(url, 'only PostgreSQL has several hosts in one URL')
    spec.others = others
  }
  Object.assign(spec, first)
  if (user) spec.user = decode(url, user)
  if (password !== undefined) spec.password = decode(url, password)
  if (query.get('user')) spec.user = query.get('user') as string
  if (query.get('password')) spec.password = query.get('password') as string
  const database = query.get('dbname') ?? decode(url, path)
  if (database) spec.database = database
  const socket = query.get('unix_socket') ?? query.get('socket')
  if (socket) {
    spec.socket = socket
    delete spec.host
  }
  const target = query.get('target_session_attrs')
  if (target) spec.target = parseTarget(url, target)
  const service = family === 'postgresql' ? query.get('service') : null
  if (service) spec.service = service
  const passfile = query.get('passfile')
  if (passfile) spec.passwordFile = passfile
  const options = query.get('options')
  if (options) spec.options = options
  const timeout = query.get('connect_timeout')
  if (timeout) spec.connectTimeout = parseSeconds(url, timeout)
  return spec
}

/** libpq's form: h1,h2 or h1:5432,h2:5433; one port may stand for all. */
function parseAddresses(url: string, authority: string, query: URLSearchParams): Address[] {
  const written = authority.split(',').map((one) => {
    const address = /^(\[[0-9a-fA-F:.%]+\]|[^:[\]]*)(?::(\d*))?$/.exec(one)
    if (!address) throw bad(url, 'the host cannot be read (an IPv6 address stands in brackets)')
    return { host: (address[1] as string).replace(/^\[|\]$/g, ''), port: address[2] }
  })
  const hosts = query.get('host')?.split(',') ?? written.map(({ host }) => host)
  const ports = query.get('port')?.split(',') ?? (query.has('host') ? [written[0]?.port] : written.map(({ port }) => port))
  if (ports.length !== 1 && ports.length !== hosts.length) throw bad(url, `it names ${hosts.length} hosts and ${ports.length} ports`)
  return hosts.map((text, index) => {
    const host = decode(url, text)
    const port = ports.length === 1 ? ports[0] : ports[index]
    return { ...addressOf(host), ...(port ? { port: parsePort(url, port) } : {}) }
  })
}

function parseTarget(url: string, word: string): SessionTarget {
  const target = SESSION_TARGETS.find((one) => one === word)
  if (!target) throw bad(url, `target_session_attrs "${word}" is not one of ${SESSION_TARGETS.join(', ')}`)
  return target
}

function parseTls(url: string, family: ServerSpec['family'], query: URLSearchParams): TlsSpec {
  const word = query.get('sslmode') ?? query.get('ssl-mode') ?? query.get('ssl_mode')
  const tls: TlsSpec = {}
  if (word !== null) {
    // MySQL's clients have words of their own; in a URL libpq's are used as well.
    const mode = family === 'mysql' ? (mysqlTlsMode(word) ?? libpqTlsMode(word)) : libpqTlsMode(word)
    if (!mode) throw bad(url, `sslmode "${word}" is not one of ${(family === 'mysql' ? MYSQL_WORDS : LIBPQ_WORDS).join(', ')}`)
    tls.mode = mode
  }
  const ca = query.get('sslrootcert') ?? query.get('ssl-ca') ?? query.get('ssl_ca')
  const cert = query.get('sslcert') ?? query.get('ssl-cert') ?? query.get('ssl_cert')
  const key = query.get('sslkey') ?? query.get('ssl-key') ?? query.get('ssl_key')
  if (ca) tls.ca = ca
  if (cert) tls.cert = cert
  if (key) tls.key = key
  const why = unfitTls(tls)
  if (why) throw bad(url, why)
  return tls
}

function parsePort(url: string, text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65535) throw bad(url, `"${text}" is not a port`)
  return port
}

function parseSeconds(url: string, text: string): number {
  if (!/^\d+$/.test(text)) throw bad(url, `connect_timeout "${text}" is not a number of seconds`)
  return Number(text)
}

function decode(url: string, text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw bad(url, 'a percent sign is not followed by two hexadecimal digits (write a real one as %25)')
  }
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)]
}

function bad(url: string, why: string): MigstateError {
  return new MigstateError('bad-url', `The database URL "${maskUrl(url)}" cannot be read: ${why}. No database was opened.`)
}
