import { addressAt, hostsOf, isLocal, type MysqlOptions, type ServerSpec } from '../config/index.js'
import { MigstateError } from '../errors/index.js'
import { tlsOfFile } from './mysql-tls.js'

/**
 * What an option file says where the settings say nothing (Django's manual, "MySQL notes": OPTIONS, then NAME, USER, PASSWORD, HOST, PORT, then option
 * files). Its password goes to its own host, or stays on this machine: the settings may come from anybody, and the file may be the person's own.
 */
export function withOptionFile(given: ServerSpec, options: MysqlOptions, file: string): ServerSpec {
  const spec: ServerSpec = { ...given }
  const named = hostsOf(given)
  const [host, port, socket, password] = ['host', 'port', 'socket', 'password'].map((name) => options.get(name))
  if (named === undefined && host) Object.assign(spec, addressAt(host, ''))
  // The clients take a socket for this machine alone (MySQL manual 6.2.3, --host).
  if (socket && spec.socket === undefined && (spec.host === undefined || spec.host === 'localhost')) spec.socket = socket
  if (port !== undefined && !/^\d+$/.test(port)) throw new MigstateError('database-unknown', `The port in ${file} is not a number. No database was opened.`)
  if (port) spec.port ??= Number(port)
  const [user, database, timeout] = ['user', 'database', 'connect-timeout'].map((name) => options.get(name))
  if (user) spec.user ??= user
  if (database) spec.database ??= database
  if (timeout && /^\d+$/.test(timeout)) spec.connectTimeout ??= Number(timeout)
  if (spec.password === undefined && password) {
    if (named === undefined || named.every((one) => one === (host ?? 'localhost') || isLocal(one))) spec.password = password
    else spec.passwordKept = `that of ${file} does not go to a host that only the settings name`
  }
  if (Object.keys(spec.tls).length === 0) spec.tls = tlsOfFile(options)
  return spec
}
