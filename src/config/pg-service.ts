import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { MigstateError } from '../errors/index.js'
import { homeFolder } from './user-folder.js'

type Environment = Readonly<Record<string, string | undefined>>

/** Where builds of libpq look for the file of the whole machine: `pg_config --sysconfdir` of Debian, of Red Hat, of the sources. */
const SYSTEM = ['/etc/postgresql-common', '/etc/sysconfig/pgsql', '/etc', '/usr/local/pgsql/etc', '/usr/local/etc/postgresql', '/opt/homebrew/etc/postgresql']

/** Of a connection service file: what migstate follows … */
const FOLLOWED = new Set(
  'host hostaddr port dbname user password passfile sslmode sslrootcert sslcert sslkey options connect_timeout target_session_attrs'.split(' '),
)

/** … and what changes neither which server it is nor who logs in (libpq manual 34.1.2). */
const HARMLESS = new Set(
  `application_name fallback_application_name client_encoding keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout
   sslcompression sslsni ssl_min_protocol_version ssl_max_protocol_version sslcertmode sslnegotiation gssencmode krbsrvname gsslib gssdelegation
   load_balance_hosts channel_binding`.split(/\s+/),
)

/** A section of a connection service file, as far as it is followed. */
export type Service = ReadonlyMap<string, string>

/**
 * The connection service of this name (libpq manual 34.17, fe-connect.c `parseServiceInfo`): of the user's own file, else of the machine's. A section
 * that is there twice counts the first time.
 * @throws MigstateError `database-unknown` where it is nowhere, or says what migstate does not follow
 */
export function readService(name: string, env: Environment): Service {
  const own = env.PGSERVICEFILE || join(homeFolder({ env }), '.pg_service.conf')
  const folders = env.PGSYSCONFDIR ? [env.PGSYSCONFDIR] : SYSTEM
  const looked: string[] = []
  for (const path of [own, ...folders.map((folder) => join(folder, 'pg_service.conf'))]) {
    const text = textOf(path)
    if (text === null) continue
    looked.push(path)
    const found = sectionOf(text, name, path)
    if (found) return found
  }
  const where = looked.length > 0 ? `is not in ${looked.join(' or ')}` : `cannot be looked up: there is no ${own}`
  throw unknown(`The connection service "${name}" of libpq ${where}.`, 'Set PGSERVICEFILE to the file that has it, or give --url.')
}

function sectionOf(text: string, name: string, path: string): Service | null {
  const found = new Map<string, string>()
  let inside = false
  for (const [at, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    if (line.startsWith('[')) {
      if (inside) return found
      inside = line === `[${name}]`
      continue
    }
    if (!inside) continue
    const [, key, value] = /^([^=]+)=(.*)$/.exec(line) ?? []
    if (key === undefined || value === undefined || !(FOLLOWED.has(key) || HARMLESS.has(key)))
      throw unknown(
        `Line ${at + 1} of ${path}, in the service "${name}", ${key === undefined ? 'is no "name=value"' : `names "${key}"`}, which migstate does not follow.`,
      )
    if (FOLLOWED.has(key) && !found.has(key)) found.set(key, value)
  }
  return inside ? found : null
}

/** null: there is none that could be read. */
function textOf(path: string): string | null {
  try {
    const found = statSync(path)
    return found.isFile() && found.size <= 1_000_000 ? readFileSync(path, 'utf8') : null
  } catch {
    return null
  }
}

function unknown(fact: string, hint?: string): MigstateError {
  return new MigstateError('database-unknown', `${fact} No database was opened.`, hint === undefined ? {} : { hint })
}
