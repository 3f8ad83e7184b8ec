import { existsSync, readFileSync } from 'node:fs'
import type { ConnectionSpec, ServerSpec, TlsSpec } from '../../config/index.js'
import { MigstateError } from '../../errors/index.js'
import type { ConnectOptions } from '../dialect.js'
import { DatabaseFailure } from '../failure.js'
import { osUser } from '../os-user.js'
import type { ResponseShape, Session } from '../session.js'
import { logIn, WiredSession } from '../wired-session.js'
import { ANSWER_BYTES, type Wire } from '../wire.js'
import { classify, errnoOf } from './failures.js'
import { authPlugins, type Connection, type Driver } from './login.js'

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

/**
 * The session waits while a migration runs, and what an account sets for others must not end an edit in the middle. A year is the most that
 * wait_timeout takes on every system but Windows, where it is 24 days. Comments of MariaDB and of MySQL 8 are code to that server only (MariaDB
 * manual, comment syntax).
 */
const ENDLESS =
  ', wait_timeout = 2147483 /*M! , max_statement_time = 0, idle_transaction_timeout = 0, idle_readonly_transaction_timeout = 0, idle_write_transaction_timeout = 0 */ /*!80000 , max_execution_time = 0 */'

/** What information_schema says of a table's counter is what it is now, and not what it was up to a day ago (MySQL manual). */
const FRESH = ' /*!80011 , information_schema_stats_expiry = 0 */'

export async function connect(spec: ConnectionSpec, options: ConnectOptions): Promise<Session> {
  const server = spec as ServerSpec
  if (!server.database)
    throw new MigstateError('bad-url', 'The database URL names no database, so no table can be found.', { hint: 'Write mysql://USER@HOST:PORT/NAME.' })
  const milliseconds = (server.connectTimeout || 10) * 1000
  const deadline = Date.now() + milliseconds
  const attempts = tlsAttempts(server)
  for (const [index, ssl] of attempts.entries()) {
    try {
      const session = await open(server, ssl, Math.max(1, deadline - Date.now()), milliseconds + options.patience)
      return await settled(session)
    } catch (error) {
      if (index === attempts.length - 1 || !/SSL|TLS/i.test(String((error as Error).message))) throw error
    }
  }
  throw new Error('no connection attempt was made')
}

async function settled(session: Session): Promise<Session> {
  const settings = `SET SESSION sql_mode = '${SQL_MODE}', time_zone = '+00:00', lock_wait_timeout = 1, innodb_lock_wait_timeout = 1, autocommit = 1${ENDLESS}`
  try {
    await session.run(settings + FRESH).catch((error: unknown) => {
      // A server of another make need not know it (ER_UNKNOWN_SYSTEM_VARIABLE); its counter is not asked for.
      if (errnoOf(error) !== 1193) throw error
      return session.run(settings)
    })
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}

async function open(server: ServerSpec, ssl: object | undefined, milliseconds: number, patience: number): Promise<Session> {
  const target = address(server)
  const settings = {
    ...('path' in target ? { socketPath: target.path } : target),
    user: server.user ?? osUser(),
    password: server.password ?? '',
    database: server.database,
    ...(ssl === undefined ? {} : { ssl }),
    charset: 'utf8mb4',
    // Within the time of the whole login, which is bounded elsewhere.
    connectTimeout: 0,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    // No code is generated from what a server calls its columns; no file of this machine is on offer (LOAD DATA LOCAL).
    disableEval: true,
    flags: ['-LOCAL_FILES'],
    connectAttributes: { program_name: 'migstate' },
  }
  const parts = await logIn({
    config: { client: 'mysql2', connection: {} },
    milliseconds,
    classify: (error) => whileConnecting(error, server),
    connect: (driver, wire) => shakeHands(driver as Driver, wire, settings, target),
  })
  const connection = parts.connection as Connection
  return new WiredSession({ ...parts, bound: { milliseconds: patience, bytes: ANSWER_BYTES }, farewell: () => connection.end(), shape: SHAPE, classify })
}

function shakeHands(driver: Driver, wire: Wire, settings: object, target: Target): Promise<Connection> {
  const stream = () => {
    wire.socket.setNoDelay(true)
    return 'path' in target ? wire.socket.connect(target.path) : wire.socket.connect(target.port, target.host)
  }
  const connection = driver.createConnection({ ...settings, stream, authPlugins: authPlugins(driver) })
  // Whatever happens to the connection is told to the statement that waits; without one it is told to the next.
  connection.on('error', () => {})
  const { startTLS } = connection
  connection.startTLS = (onSecure) => {
    startTLS.call(connection, onSecure)
    wire.watch(connection.stream)
  }
  return new Promise((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve(connection))))
}

/** What the server says wrong before the login is done is no error of a database. */
function whileConnecting(error: unknown, server: ServerSpec): DatabaseFailure {
  const failure = classify(error)
  if (failure.code === 'wrong-password' && server.passwordKept)
    return new DatabaseFailure(failure.code, 'other', `${failure.fact} ${server.passwordKept}.`, error)
  if (failure.code !== 'database-error' || (error as { errno?: number }).errno !== undefined) return failure
  return new DatabaseFailure('cannot-connect', failure.kind, failure.fact, error)
}

type Target = { path: string } | { host: string; port: number }

/** The MySQL clients' default host is the local socket; where there is none, TCP. */
function address(server: ServerSpec): Target {
  if (server.socket) return { path: server.socket }
  const local = ['/run/mysqld/mysqld.sock', '/var/run/mysqld/mysqld.sock', '/tmp/mysql.sock'].find((path) => existsSync(path))
  if (!server.host && server.port === undefined && local) return { path: local }
  return { host: server.host ?? '127.0.0.1', port: server.port ?? 3306 }
}

function tlsAttempts(server: ServerSpec): (object | undefined)[] {
  // A Unix socket needs no TLS, and the clients' PREFERRED does not use it there.
  if ('path' in address(server)) return [undefined]
  switch (server.tls.mode ?? 'prefer') {
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
    if (path === undefined || path === 'system') return undefined
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      throw new MigstateError('cannot-connect', `The TLS file ${path} cannot be read.`, { cause: error })
    }
  }
  const [ca, cert, key] = [read(tls.ca), read(tls.cert), read(tls.key)]
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}
