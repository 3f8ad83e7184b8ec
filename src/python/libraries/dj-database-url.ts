import type { Host } from '../evaluate/host.js'
import { boolean, list, number, string, truth, type Value } from '../evaluate/value.js'
import { type Address, addressIn, digitsOrText, entryOf, hostIn, isBefore, NO_ADDRESS, portOf, unquote } from './database-address.js'
import { type LibraryCall, unknownIn } from './library-call.js'

/** Schemes of dj-database-url, to Django's engines. */
const ENGINES = new Map(
  Object.entries({
    postgres: 'django.db.backends.postgresql',
    postgresql: 'django.db.backends.postgresql',
    pgsql: 'django.db.backends.postgresql',
    postgis: 'django.contrib.gis.db.backends.postgis',
    mysql: 'django.db.backends.mysql',
    mysql2: 'django.db.backends.mysql',
    mysqlgis: 'django.contrib.gis.db.backends.mysql',
    'mysql-connector': 'mysql.connector.django',
    mssql: 'sql_server.pyodbc',
    mssqlms: 'mssql',
    spatialite: 'django.contrib.gis.db.backends.spatialite',
    sqlite: 'django.db.backends.sqlite3',
    oracle: 'django.db.backends.oracle',
    oraclegis: 'django.contrib.gis.db.backends.oracle',
    redshift: 'django_redshift_backend',
    cockroach: 'django_cockroachdb',
    timescale: 'timescale.db.backends.postgresql',
    timescalegis: 'timescale.db.backends.postgis',
  }),
)

/** Where `?currentSchema=x` names the search path. */
const WITH_SCHEMA = /^(?:postgres|postgresql|pgsql|postgis|redshift|timescale|timescalegis)$/

/** Parameters of `parse` in their order, which `config` has after two of its own. */
const PARAMETERS = ['engine', 'conn_max_age', 'conn_health_checks', 'disable_server_side_cursors', 'ssl_require', 'test_options']

/** `dj_database_url.config(default=…, env=…)`, `dj_database_url.parse(url)`. */
export function databaseUrl(call: LibraryCall): Value | undefined {
  const { name, args, keywords, env } = call
  const given = (from: number) => new Map([...PARAMETERS.map((one, at): [string, Value | undefined] => [one, args[from + at]]), ...keywords])
  if (name === 'dj_database_url.parse') {
    const url = args[0] ?? keywords.get('url')
    return url?.kind === 'string' ? parsedUrl(call, url.value, given(1)) : undefined
  }
  if (name !== 'dj_database_url.config') return undefined
  const variable = keywords.get('env') ?? args[0]
  const from = env.get(variable?.kind === 'string' ? variable.value : 'DATABASE_URL')
  // An empty variable is no database; only one that is not set takes the default.
  if (from === '') return { kind: 'dict', entries: [] }
  if (from !== undefined) return parsedUrl(call, from, given(2))
  const fallback = keywords.get('default') ?? args[1]
  if (fallback === undefined || fallback.kind === 'none' || (fallback.kind === 'string' && fallback.value === '')) return { kind: 'dict', entries: [] }
  return fallback.kind === 'string'
    ? parsedUrl(call, fallback.value, given(2))
    : fallback.kind === 'unknown'
      ? fallback
      : unknownIn(call, 'the default of dj_database_url.config() cannot be read')
}

type Given = ReadonlyMap<string, Value | undefined>

/** `parse()` with what is said of URLs that it refuses. */
export function parsedUrl(call: LibraryCall, url: string, given: Given = call.keywords): Value {
  return parseUrl(url, given, call.host) ?? unknownIn(call, NO_ADDRESS)
}

/** One entry of DATABASES. @returns undefined where it is not known, or Python fails */
export function parseUrl(url: string, given: Given, host: Host): Value | undefined {
  if (url === 'sqlite://:memory:')
    return entryOf([
      ['ENGINE', ENGINES.get('sqlite') as string],
      ['NAME', ':memory:'],
    ])
  const address = addressIn(url)
  // An address that ends at `#` was meant to go on.
  if (!address || /^[^/]*:\/\/[^/]*#/.test(url) || given.has('**')) return undefined
  const { scheme } = address
  const own = given.get('engine')
  const isNamed = own !== undefined && own.kind !== 'none'
  const known = ENGINES.get(scheme)
  if (known === undefined && (!isNamed || !isBefore(host, 'dj-database-url', 3, 0))) return undefined
  const path = unquote(address.path ?? '')
  const asText = /^(?:oracle|mssql|mssqlms)$/.test(scheme) && address.port !== ''
  const base = entryOf(
    Object.entries({
      ENGINE: isNamed ? own : (known as string),
      USER: unquote(address.user),
      PASSWORD: unquote(address.password),
      // The folder of a socket is percent-encoded.
      HOST: unquote(hostIn(address)),
      PORT: asText ? string(String(Number(address.port))) : portOf(address.port),
      NAME: scheme === 'sqlite' && path === '' ? ':memory:' : path,
      CONN_MAX_AGE: given.get('conn_max_age') ?? number(0),
    }),
  )
  const add = (key: string, value: Value) => base.entries.push([string(key), value])
  const options = optionsOf(address, given, host)
  if (options === undefined) return undefined
  if (options.entries.length > 0) add('OPTIONS', options)
  if (!isBefore(host, 'dj-database-url', 1, 0)) add('CONN_HEALTH_CHECKS', given.get('conn_health_checks') ?? boolean(false))
  if (!isBefore(host, 'dj-database-url', 2, 2)) add('DISABLE_SERVER_SIDE_CURSORS', given.get('disable_server_side_cursors') ?? boolean(false))
  const test = given.get('test_options')
  const isTest = test === undefined ? false : truth(test)
  if (isTest === undefined) return undefined
  if (isTest) add('TEST', test as Value)
  return base
}

/** The query, and `ssl_require`. */
function optionsOf({ scheme, query }: Address, given: Given, host: Host): (Value & { kind: 'dict' }) | undefined {
  const options = new Map<string, Value>()
  const isOld = isBefore(host, 'dj-database-url', 3, 0)
  for (const [key, texts] of query) {
    const values = texts.map((text) => optionOf(text, host))
    const last = values.at(-1) as Value
    if (key === 'ssl-ca' && (scheme === 'mysql' || (scheme === 'mysql2' && !isOld)))
      options.set('ssl', entryOf([['ca', isOld ? (texts.at(-1) as string) : last]]))
    else options.set(key, isOld || values.length === 1 ? last : list(values))
  }
  const require = given.get('ssl_require')
  const isRequired = require === undefined ? false : truth(require)
  if (isRequired === undefined) return undefined
  if (isRequired) options.set('sslmode', string('require'))
  const schema = options.get('currentSchema')
  if (schema?.kind === 'string' && WITH_SCHEMA.test(scheme)) {
    options.delete('currentSchema')
    options.set('options', string(`-c search_path=${schema.value}`))
  }
  return entryOf(options)
}

function optionOf(text: string, host: Host): Value {
  if (isBefore(host, 'dj-database-url', 2, 1)) return string(text)
  const small = text.toLowerCase()
  if ((small === 'true' || small === 'false') && !isBefore(host, 'dj-database-url', 2, 2)) return boolean(small === 'true')
  return digitsOrText(text)
}
