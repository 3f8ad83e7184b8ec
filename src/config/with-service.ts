import { MigstateError } from '../errors/index.js'
import { addressesOf, hostsOf, isLocal, type NamedBy, SESSION_TARGETS, type ServerSpec } from './connection-spec.js'
import type { Service } from './pg-service.js'
import { LIBPQ_WORDS, libpqTlsMode, unfitTls } from './tls-mode.js'

/**
 * What a service says where nothing else does: before the environment, after URL and settings (libpq manual 34.17). Its password goes to its own host;
 * to another one only where the person has named that.
 * @throws MigstateError `database-unknown` for a value that libpq would refuse
 */
export function withService(given: ServerSpec, name: string, service: Service, namedBy: NamedBy): ServerSpec {
  const spec: ServerSpec = { ...given, tls: { ...given.tls } }
  const own = service.get('hostaddr') ?? service.get('host')
  const port = service.get('port') ?? ''
  if (!/^[\d,]*$/.test(port)) throw wrong(name, 'port', port, 'is not a number')
  const named = hostsOf(given)
  if (named === undefined && own) {
    const [first, ...others] = addressesOf(own, port)
    Object.assign(spec, first, others.length > 0 ? { others } : {})
  }
  if (spec.port === undefined && port) spec.port = Number(port.split(',')[0])
  const password = service.get('password')
  if (spec.password === undefined && password) {
    if (named === undefined || namedBy === 'person' || named.join() === own || named.every(isLocal)) spec.password = password
    else spec.passwordKept = `that of the service "${name}" does not go to a host that only a file of the project names`
  }
  spec.user ??= service.get('user')
  spec.database ??= service.get('dbname')
  spec.options ??= service.get('options')
  spec.passwordFile ??= service.get('passfile')
  const timeout = service.get('connect_timeout')
  if (timeout !== undefined && !/^\d+$/.test(timeout)) throw wrong(name, 'connect_timeout', timeout, 'is not a number')
  if (timeout) spec.connectTimeout ??= Number(timeout)
  const target = service.get('target_session_attrs')
  if (target !== undefined && spec.target === undefined) {
    spec.target = SESSION_TARGETS.find((one) => one === target)
    if (!spec.target) throw wrong(name, 'target_session_attrs', target, `is not one of ${SESSION_TARGETS.join(', ')}`)
  }
  secure(spec, name, service)
  return spec
}

function secure({ tls }: ServerSpec, name: string, service: Service): void {
  const word = service.get('sslmode')
  if (word !== undefined && tls.mode === undefined) {
    tls.mode = libpqTlsMode(word)
    if (!tls.mode) throw wrong(name, 'sslmode', word, `is not one of ${LIBPQ_WORDS.join(', ')}`)
  }
  tls.ca ??= service.get('sslrootcert')
  tls.cert ??= service.get('sslcert')
  tls.key ??= service.get('sslkey')
  const why = unfitTls(tls)
  if (why) throw wrong(name, 'sslrootcert', 'system', `does not fit: ${why}`)
}

function wrong(name: string, key: string, value: string, why: string): MigstateError {
  return new MigstateError('database-unknown', `In the connection service "${name}" of libpq, ${key} "${value}" ${why}. No database was opened.`)
}
