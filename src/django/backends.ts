/** What a backend of Django talks to: `connection.vendor`, with MariaDB under its elder's name. */
export type Family = 'sqlite' | 'postgresql' | 'mysql' | 'oracle' | 'microsoft'

const OF_DJANGO: ReadonlyMap<string, Family> = new Map([
  ['sqlite3', 'sqlite'],
  ['spatialite', 'sqlite'],
  ['postgresql', 'postgresql'],
  ['postgresql_psycopg2', 'postgresql'],
  ['postgis', 'postgresql'],
  ['mysql', 'mysql'],
  ['oracle', 'oracle'],
])

/** Names of backends that are found by what they are called, where their files are not there. */
const BY_NAME: readonly [RegExp, Family][] = [
  [/sqlite|spatialite/, 'sqlite'],
  [/postg(?:res|is)|psycopg|psql|timescale|cockroach/, 'postgresql'],
  [/mysql|mariadb/, 'mysql'],
  [/oracle/, 'oracle'],
  [/mssql|sql_server|sqlserver/, 'microsoft'],
]

/** Django's own backends (django/db/backends, django/contrib/gis/db/backends) and that of MySQL's own driver. */
export function ownFamily(engine: string): Family | undefined {
  if (engine === 'mysql.connector.django') return 'mysql'
  const name = /^django\.(?:contrib\.gis\.)?db\.backends\.(\w+)$/.exec(engine)?.[1]
  return name === undefined ? undefined : OF_DJANGO.get(name)
}

/** The one family whose backend of Django a text of Python builds on; undefined for none and for several. */
export function familyInText(text: string): Family | undefined {
  const code = text.replace(/#[^\n]*/g, '')
  const found = new Set([...code.matchAll(/\bdjango\.(?:contrib\.gis\.)?db\.backends\.(\w+)/g)].flatMap(([, name]) => OF_DJANGO.get(name as string) ?? []))
  if (/^[ \t]+vendor\s*=\s*["']microsoft["']/m.test(code)) found.add('microsoft')
  return found.size === 1 ? [...found][0] : undefined
}

export function familyByName(engine: string): Family | undefined {
  return BY_NAME.find(([pattern]) => pattern.test(engine))?.[1]
}
