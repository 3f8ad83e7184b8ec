import { MigstateError } from '../errors/index.js'
import { addressOf, type ConnectionSpec, hostsOf, isLocal, type NamedBy, SESSION_TARGETS, type ServerSpec } from './connection-spec.js'
import { readService } from './pg-service.js'
import { LIBPQ_WORDS, libpqTlsMode, unfitTls } from './tls-mode.js'
import { withService } from './with-service.js'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * What the databases' own client libraries take from the environment where URL or settings say nothing (libpq manual 34.15; MySQL
 * manual 6.9), connection services of libpq among it, and with more care about passwords: one of the environment goes to the host that the environment names with it. Where
 * it names none, it goes to this machine, and to a host that the person has named; never to one that only a file of the project names,
 * for that file may come from anybody.
 */
export function withClientEnvironment(spec: ConnectionSpec, env: Environment, namedBy: NamedBy): ConnectionSpec {
  if (spec.family === 'sqlite') return spec
  return spec.family === 'postgresql' ? withLibpq(spec, env, namedBy) : withPassword(spec, env, { password: 'MYSQL_PWD', host: 'MYSQL_HOST' }, namedBy)
}

function withLibpq(named: ServerSpec, env: Environment, namedBy: NamedBy): ServerSpec {
  const service = named.service ?? env.PGSERVICE
  const given = service ? withService(named, service, readService(service, env), namedBy) : named
  // A service's host stands in a file of the person's own.
  const hostBy = hostsOf(named) === undefined && hostsOf(given) !== undefined ? 'person' : namedBy
  const spec = withPassword(given, env, { password: 'PGPASSWORD', host: 'PGHOST' }, hostBy)
  const host = env.PGHOST
  if (!spec.socket && !spec.host && host) {
    const [first, ...others] = host.split(',').map(addressOf)
    Object.assign(spec, first, others.length > 0 ? { others } : {})
  }
  const ports = env.PGPORT?.split(',')
  const portOf = (index: number) => number('PGPORT', (ports?.length === 1 ? ports[0] : ports?.[index]) ?? '')
  if (spec.port === undefined && env.PGPORT) spec.port = portOf(0)
  if (spec.others && env.PGPORT) spec.others = spec.others.map((one, index) => ({ ...one, port: one.port ?? portOf(index + 1) }))
  const target = SESSION_TARGETS.find((one) => one === env.PGTARGETSESSIONATTRS)
  if (target) spec.target ??= target
  if (env.PGUSER) spec.user ??= env.PGUSER
  if (env.PGDATABASE) spec.database ??= env.PGDATABASE
  if (env.PGOPTIONS) spec.options ??= env.PGOPTIONS
  if (env.PGPASSFILE) spec.passwordFile ??= env.PGPASSFILE
  if (spec.connectTimeout === undefined && env.PGCONNECT_TIMEOUT) spec.connectTimeout = number('PGCONNECT_TIMEOUT', env.PGCONNECT_TIMEOUT)
  const tls = { ...spec.tls }
  if (env.PGSSLMODE && tls.mode === undefined) {
    const mode = libpqTlsMode(env.PGSSLMODE)
    if (!mode) throw wrong('PGSSLMODE', env.PGSSLMODE, `is not one of ${LIBPQ_WORDS.join(', ')}`)
    tls.mode = mode
  }
  if (env.PGSSLROOTCERT) tls.ca ??= env.PGSSLROOTCERT
  if (env.PGSSLCERT) tls.cert ??= env.PGSSLCERT
  if (env.PGSSLKEY) tls.key ??= env.PGSSLKEY
  const why = unfitTls(tls)
  if (why) throw wrong('PGSSLROOTCERT', 'system', `does not fit: ${why}`)
  return { ...spec, tls }
}

function withPassword(spec: ServerSpec, env: Environment, names: { password: string; host: string }, namedBy: NamedBy): ServerSpec {
  const password = env[names.password]
  const complete = { ...spec }
  if (spec.password !== undefined || !password) return complete
  const own = env[names.host]
  // Without a host libpq goes to PGHOST, MySQL's clients stay on this machine.
  const first = spec.socket ?? spec.host ?? (spec.family === 'postgresql' && own ? own : 'localhost')
  // Of several servers every one would be told it.
  const others = (spec.others ?? []).map(({ socket, host }) => socket ?? host ?? 'localhost')
  const fits = own ? [first, ...others].join() === own : namedBy === 'person' || [first, ...others].every(isLocal)
  if (fits) complete.password = password
  else
    complete.passwordKept = own
      ? `${names.password} is for ${names.host}, which is ${own}`
      : `${names.password} does not go to a host that only a file of the project names; set ${names.host} beside it, or give --url`
  return complete
}

function number(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw wrong(name, text, 'is not a number')
  return Number(text)
}

function wrong(name: string, value: string, why: string): MigstateError {
  return new MigstateError('database-unknown', `${name} of the environment, "${value}", ${why}. No database was opened.`, {
    hint: `Set ${name} right, or unset it.`,
  })
}
