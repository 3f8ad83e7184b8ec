import { existsSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { ConnectionSpec, ServerSpec, TlsSpec } from '../../config/index.js'
import { MigstateError } from '../../errors/index.js'
import { pinConnection, type ResponseShape, type Session } from '../session.js'
import { classify } from './failures.js'

const SHAPE: ResponseShape = {
  rows: (response) => (response as [Record<string, unknown>[]])[0] ?? [],
  affected: (response) => (response as [{ affectedRows?: number }])[0]?.affectedRows ?? 0,
  insertId: (response) => String((response as [{ insertId?: unknown }])[0]?.insertId),
}

/**
 * NO_AUTO_VALUE_ON_ZERO and ALLOW_INVALID_DATES so that odd rows (id 0, zero dates) can be put back as they were;
 * strict, so that a value that does not fit is an error and not cut.
 */
const SQL_MODE = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'

export async function connect(spec: ConnectionSpec): Promise<Session> {
  const server = spec as ServerSpec
  if (!server.database)
    throw new MigstateError('bad-url', 'The database URL names no database, so no table can be found.', { hint: 'Write mysql://USER@HOST:PORT/NAME.' })
  const attempts = tlsAttempts(server)
  let session: Session | undefined
  for (const [index, ssl] of attempts.entries()) {
    try {
      session = await open(server, ssl)
      break
    } catch (error) {
      if (index === attempts.length - 1 || !/SSL|TLS/i.test(String((error as Error).message))) throw error
    }
  }
  if (!session) throw new Error('no connection attempt was made')
  await session.run(`SET SESSION sql_mode = '${SQL_MODE}', time_zone = '+00:00', lock_wait_timeout = 1, innodb_lock_wait_timeout = 1, autocommit = 1`)
  return session
}

function open(server: ServerSpec, ssl: object | undefined): Promise<Session> {
  const connection = {
    ...address(server),
    user: server.user ?? userInfo().username,
    password: server.password ?? process.env.MYSQL_PWD ?? '',
    database: server.database,
    ...(ssl === undefined ? {} : { ssl }),
    charset: 'utf8mb4',
    connectTimeout: (server.connectTimeout ?? 10) * 1000,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    connectAttributes: { program_name: 'migstate' },
  }
  return pinConnection({ client: 'mysql2', connection } as never, SHAPE, classify)
}

/** The MySQL clients' default host is the local socket; where there is none, TCP. */
function address(server: ServerSpec): object {
  if (server.socket) return { socketPath: server.socket }
  const local = ['/run/mysqld/mysqld.sock', '/var/run/mysqld/mysqld.sock', '/tmp/mysql.sock'].find((path) => existsSync(path))
  if (!server.host && server.port === undefined && local) return { socketPath: local }
  return { host: server.host ?? '127.0.0.1', port: server.port ?? 3306 }
}

function tlsAttempts(server: ServerSpec): (object | undefined)[] {
  // A Unix socket needs no TLS, and the clients' PREFERRED does not use it there.
  if (server.socket) return [undefined]
  switch (server.tls.mode) {
    case 'disable':
      return [undefined]
    case 'allow':
    case 'prefer':
      return [{ rejectUnauthorized: false, ...files(server.tls) }, undefined]
    case 'require':
      return [{ rejectUnauthorized: false, ...files(server.tls) }]
    case 'verify-ca':
      return [{ ...files(server.tls), verifyIdentity: false }]
    case 'verify-full':
      return [{ ...files(server.tls), verifyIdentity: true }]
  }
}

function files(tls: TlsSpec): object {
  const read = (path: string | undefined) => {
    if (path === undefined) return undefined
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      throw new MigstateError('cannot-connect', `The TLS file ${path} cannot be read. Nothing was changed.`, { cause: error })
    }
  }
  const [ca, cert, key] = [read(tls.ca), read(tls.cert), read(tls.key)]
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}
