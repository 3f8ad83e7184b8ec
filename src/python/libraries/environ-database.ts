import { payText } from '../budget.js'
import type { Host } from '../evaluate/host.js'
import { boolean, NONE, string, type Value } from '../evaluate/value.js'
import { type Address, addressIn, digitsOrText, entryOf, hostIn, isBefore, portOf, unquote } from './database-address.js'

/** Schemes of django-environ, to Django's engines; any other is the engine itself. */
const ENGINES = new Map(
  Object.entries({
    postgres: 'django.db.backends.postgresql',
    postgresql: 'django.db.backends.postgresql',
    psql: 'django.db.backends.postgresql',
    pgsql: 'django.db.backends.postgresql',
    postgis: 'django.contrib.gis.db.backends.postgis',
    mysql: 'django.db.backends.mysql',
    mysql2: 'django.db.backends.mysql',
    'mysql-connector': 'mysql.connector.django',
    mysqlgis: 'django.contrib.gis.db.backends.mysql',
    mssql: 'mssql',
    oracle: 'django.db.backends.oracle',
    pyodbc: 'sql_server.pyodbc',
    redshift: 'django_redshift_backend',
    spatialite: 'django.contrib.gis.db.backends.spatialite',
    sqlite: 'django.db.backends.sqlite3',
  }),
)

/** Made by other rules than the rest. */
const ASIDE = /^(?:ldap|cockroachdb|prometheus_\w+)$/

const POSTGRES = /^(?:postgres|postgresql|psql|pgsql|postgis)$/

/** Keys of the query that are none of the driver's. */
const OF_DJANGO = new Set(['CONN_MAX_AGE', 'ATOMIC_REQUESTS', 'AUTOCOMMIT', 'DISABLE_SERVER_SIDE_CURSORS', 'CONN_HEALTH_CHECKS'])

/** `Env.db_url_config(url, engine)`: one entry of DATABASES. @returns undefined where it is not known, or Python fails */
export function databaseFromUrl(url: string, engine: Value | undefined, host: Host): Value | undefined {
  if (url === '' && engine === undefined) return { kind: 'dict', entries: [] }
  if (url === 'sqlite://:memory:')
    return entryOf([
      ['ENGINE', ENGINES.get('sqlite') as string],
      ['NAME', ':memory:'],
    ])
  const address = addressWithPath(url, host)
  if (!address || ASIDE.test(address.scheme)) return undefined
  const made = engine !== undefined && engine.kind !== 'none' && !(engine.kind === 'string' && engine.value === '') ? engine : string(address.scheme)
  if (made.kind !== 'string') return undefined
  const [values, options] = [placeOf(address), optionsOf(address)]
  if (!options) return undefined
  const isOldServer = made.value === 'mssql' && isBefore(host, 'django-environ', 0, 11)
  const known = ENGINES.get(made.value) ?? made.value
  return entryOf([...Object.entries(values), ...options, ['ENGINE', isOldServer ? 'sql_server.pyodbc' : known]])
}

/** A URL without a path is quoted before it is parted, so that a `#` in a password does no harm. */
function addressWithPath(url: string, host: Host): Address | undefined {
  const address = addressIn(url)
  if (address?.path != null) return address
  payText(8 * url.length)
  const quoted = url.replace(/[^\w.~:/?&=@-]/gu, (one) =>
    [...new TextEncoder().encode(one)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
  return quoted !== url && isBefore(host, 'django-environ', 0, 11) ? undefined : addressIn(quoted)
}

function placeOf(address: Address): Record<string, Value | string> {
  const { scheme, port } = address
  const path = unquote((address.path ?? '').replace(/\+/g, ' '))
  const values: Record<string, Value | string> = {
    NAME: scheme === 'sqlite' && path === '' ? ':memory:' : path,
    USER: unquote(address.user),
    PASSWORD: unquote(address.password),
    HOST: hostIn(address),
    PORT: portOf(port),
  }
  // The folder of a socket stands where the name is.
  if (path.startsWith('/') && (POSTGRES.test(scheme) || path.includes('cloudsql'))) {
    const at = path.lastIndexOf('/')
    values.HOST = path.slice(0, at)
    values.NAME = path.slice(at + 1)
  }
  if (scheme !== 'oracle') return values
  const { PORT: _, ...rest } = values
  const named = path === '' ? { ...rest, NAME: values.HOST as string, HOST: '' } : rest
  return port === '' || Number(port) === 0 ? named : { ...named, PORT: String(Number(port)) }
}

function optionsOf({ query, hasQuery }: Address): Map<string, Value> | undefined {
  const own = new Map<string, Value>()
  if (!hasQuery) return own
  const options = new Map<string, Value>()
  for (const [key, [first = '']] of query) {
    const isOwn = OF_DJANGO.has(key.toUpperCase())
    const value = isOwn ? literal(first) : digitsOrText(first)
    if (!value) return undefined
    if (isOwn) own.set(key.toUpperCase(), value)
    else options.set(key, value)
  }
  return own.set('OPTIONS', entryOf(options))
}

/** `ast.literal_eval` where it is one, else the text itself. */
function literal(text: string): Value | undefined {
  if (/^(?:0|[1-9]\d{0,14})$/.test(text)) return digitsOrText(text)
  if (text === 'True' || text === 'False') return boolean(text === 'True')
  if (text === 'None') return NONE
  return /^[A-Za-z_]\w*$/.test(text) ? string(text) : undefined
}
