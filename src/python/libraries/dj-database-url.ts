import { payText } from '../budget.js'
import { lookUp } from '../evaluate/keys.js'
import { NONE, string, type Value } from '../evaluate/value.js'
import { type LibraryCall, unknownIn } from './library-call.js'

/** Schemes of dj-database-url and django-environ (their documentation), to Django's engines. */
const ENGINES = new Map(
  Object.entries({
    postgres: 'django.db.backends.postgresql',
    postgresql: 'django.db.backends.postgresql',
    pgsql: 'django.db.backends.postgresql',
    psql: 'django.db.backends.postgresql',
    postgis: 'django.contrib.gis.db.backends.postgis',
    mysql: 'django.db.backends.mysql',
    mysql2: 'django.db.backends.mysql',
    mysqlgis: 'django.contrib.gis.db.backends.mysql',
    mariadb: 'django.db.backends.mysql',
    sqlite: 'django.db.backends.sqlite3',
    sqlite3: 'django.db.backends.sqlite3',
    spatialite: 'django.contrib.gis.db.backends.spatialite',
    oracle: 'django.db.backends.oracle',
    mssql: 'mssql',
    redshift: 'django_redshift_backend',
    timescale: 'timescale.db.backends.postgresql',
    cockroach: 'django_cockroachdb',
  }),
)

/** `dj_database_url.config(default=…, env=…)`, `dj_database_url.parse(url)`. */
export function databaseUrl(call: LibraryCall): Value | undefined {
  const { name, args, keywords, env } = call
  if (name === 'dj_database_url.parse') return args[0]?.kind === 'string' ? parsed(call, args[0].value) : undefined
  if (name !== 'dj_database_url.config') return undefined
  const variable = keywords.get('env') ?? args[0]
  const from = env.get(variable?.kind === 'string' ? variable.value : 'DATABASE_URL')
  // An empty variable is no database; only one that is not set takes the default.
  if (from === '') return { kind: 'dict', entries: [] }
  if (from !== undefined) return parsed(call, from)
  const fallback = keywords.get('default') ?? args[1]
  if (fallback === undefined || fallback.kind === 'none') return { kind: 'dict', entries: [] }
  return fallback.kind === 'string'
    ? parsed(call, fallback.value)
    : fallback.kind === 'unknown'
      ? fallback
      : unknownIn(call, 'the default of dj_database_url.config() cannot be read')
}

/** For urllib an address ends at `#`; django-environ quotes it. */
function parsed(call: LibraryCall, url: string): Value {
  if (/^[^/]*:\/\/[^/]*#/.test(url)) return unknownIn(call, 'the URL has a "#" that is not quoted (%23)')
  const entry = databaseFromUrl(url, call.keywords.get('engine'))
  return entry ? withOptions(entry, call.keywords) : unknownIn(call, NO_ADDRESS)
}

/** What is said of a URL whose parts cannot be told. */
export const NO_ADDRESS = 'the address in the URL cannot be read'

/** One entry of DATABASES. @returns undefined where the address is none that can be read */
export function databaseFromUrl(url: string, engine?: Value): Value | undefined {
  payText(16 * url.length)
  const match = /^([\w+]+):\/\/(.*)$/s.exec(url)
  const scheme = (match?.[1] ?? '').toLowerCase().replace(/\+.*$/, '')
  const entry = (values: Record<string, string>): Value => ({
    kind: 'dict',
    entries: Object.entries(values).map(([key, value]): [Value, Value] => [string(key), string(value)]),
  })
  const known = engine?.kind === 'string' ? engine.value : (ENGINES.get(scheme) ?? scheme)
  const rest = match?.[2] ?? ''
  if (/sqlite|spatialite/.test(scheme)) {
    const path = (rest.split('?')[0] as string).replace(/^\//, '')
    return entry({ ENGINE: known, NAME: path === '' || path === ':memory:' || rest === ':memory:' ? ':memory:' : decode(path) })
  }
  const [beforeQuery, query] = splitOnce(rest, '?')
  const slash = beforeQuery.indexOf('/')
  const [authority, name] = slash < 0 ? [beforeQuery, ''] : [beforeQuery.slice(0, slash), beforeQuery.slice(slash + 1)]
  const at = authority.lastIndexOf('@')
  const [user, password] = splitOnce(at < 0 ? '' : authority.slice(0, at), ':')
  const address = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority.slice(at + 1))
  if (!address) return undefined
  const base = entry({
    ENGINE: known,
    NAME: decode(name),
    USER: decode(user),
    PASSWORD: decode(password),
    HOST: hostOf(address[1] ?? ''),
    PORT: address[2] ?? '',
  })
  const options = [...new URLSearchParams(query)].map(([key, value]): [Value, Value] => [string(key), string(value)])
  if (base.kind === 'dict' && options.length > 0) base.entries.push([string('OPTIONS'), { kind: 'dict', entries: options }])
  return match ? base : NONE
}

/** urllib's `hostname` is in small letters; the folder of a socket is taken as it is written. */
function hostOf(written: string): string {
  return /%2f/i.test(written) ? decode(written) : decode(written.replace(/^\[|\]$/g, '')).toLowerCase()
}

/** `ssl_require=True`, `?currentSchema=x` (dj_database_url, `parse`). */
function withOptions(entry: Value, keywords: ReadonlyMap<string, Value>): Value {
  if (entry.kind !== 'dict') return entry
  const require = keywords.get('ssl_require')
  const options = lookUp(entry, 'OPTIONS')
  const given: [Value, Value][] = options?.kind === 'dict' ? options.entries : []
  const engine = lookUp(entry, 'ENGINE')
  const isPostgres = engine?.kind === 'string' && /postg|redshift|timescale/.test(engine.value)
  const named = given.flatMap(([key, value]): [Value, Value][] => {
    if (isPostgres && key.kind === 'string' && key.value === 'currentSchema' && value.kind === 'string')
      return [[string('options'), string(`-c search_path=${value.value}`)]]
    return [[key, value]]
  })
  if (require?.kind === 'boolean' && require.value && isPostgres) named.push([string('sslmode'), string('require')])
  const rest = entry.entries.filter(([key]) => key.kind !== 'string' || key.value !== 'OPTIONS')
  return { kind: 'dict', entries: named.length > 0 ? [...rest, [string('OPTIONS'), { kind: 'dict', entries: named }]] : rest }
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
