import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import type { ConnectionSpec, ServerSpec } from '../../config/index.js'
import type { ConnectOptions } from '../dialect.js'
import { DatabaseFailure, isFailure } from '../failure.js'
import { osUser } from '../os-user.js'
import type { ResponseShape } from '../session.js'
import { logIn, type WiredParts } from '../wired-session.js'
import { ANSWER_BYTES, type Wire } from '../wire.js'
import { classify } from './failures.js'
import { passwordOf } from './password.js'
import { PostgresqlSession } from './session.js'
import { tlsAttempts } from './tls.js'

const SHAPE: ResponseShape = {
  rows: (response) => last(response).rows ?? [],
  affected: (response) => last(response).rowCount ?? 0,
}

interface PgResult {
  rows?: Record<string, unknown>[]
  rowCount?: number
}

/** Several statements in one text give a list of results. */
function last(response: unknown): PgResult {
  return (Array.isArray(response) ? response.at(-1) : response) as PgResult
}

interface PgClient extends EventEmitter {
  connection: EventEmitter & { stream: Duplex }
  connect(): Promise<unknown>
  end(): Promise<void>
}

interface Driver {
  Client: new (settings: object) => PgClient
}

export async function connect(spec: ConnectionSpec, options: ConnectOptions): Promise<PostgresqlSession> {
  const server = spec as ServerSpec
  const milliseconds = (server.connectTimeout || 10) * 1000
  const deadline = Date.now() + milliseconds
  // libpq ignores sslmode on a Unix socket (manual 34.18.1).
  const attempts = address(server).host.startsWith('/') ? [false as const] : tlsAttempts(server.tls)
  for (const [index, ssl] of attempts.entries()) {
    try {
      const parts = await open(server, ssl, Math.max(1, deadline - Date.now()))
      return await opened({ ...parts, bound: { milliseconds: milliseconds + options.patience, bytes: ANSWER_BYTES } })
    } catch (error) {
      // `prefer` and `allow` go on without TLS (or with it) where libpq does; node-postgres knows neither.
      if (index === attempts.length - 1 || !mayRetry(error)) throw error
    }
  }
  throw new Error('no connection attempt was made')
}

async function opened(parts: WiredParts): Promise<PostgresqlSession> {
  const session = new PostgresqlSession(parts)
  try {
    await session.open()
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}

async function open(server: ServerSpec, ssl: false | object, milliseconds: number): Promise<Omit<WiredParts, 'bound'>> {
  const user = server.user ?? osUser()
  const login = { ...address(server), user, database: server.database ?? user }
  const settings = {
    ...login,
    password: () => passwordOf(server, login),
    ssl,
    ...(server.options === undefined ? {} : { options: server.options }),
    application_name: 'migstate',
    keepAlive: true,
    // Text as the server sends it: no Date, no Number.
    types: { getTypeParser: () => (value: unknown) => value },
  }
  // `version` spares Knex's own version query; the connection is made below, on a socket of our own.
  const config = { client: 'pg', version: '12', connection: {} }
  const parts = await logIn({ config, milliseconds, classify: whileConnecting, connect: (driver, wire) => startUp(driver as Driver, wire, settings) })
  const client = parts.connection as PgClient
  return { ...parts, farewell: () => void client.end(), shape: SHAPE, classify }
}

async function startUp({ Client }: Driver, wire: Wire, settings: object): Promise<PgClient> {
  const client = new Client({ ...settings, stream: () => wire.socket })
  // Whatever happens to the connection is told to the statement that waits; without one it is told to the next.
  client.on('error', () => {})
  client.connection.on('sslconnect', () => wire.watch(client.connection.stream))
  await client.connect()
  return client
}

/** What the server says wrong before the login is done is no error of a database. */
function whileConnecting(error: unknown): DatabaseFailure {
  const failure = classify(error)
  if (failure.code !== 'database-error' || /^[0-9A-Z]{5}$/.test((error as { code?: string }).code ?? '')) return failure
  return new DatabaseFailure('cannot-connect', failure.kind, failure.fact, error)
}

/** libpq's defaults: the socket of a local server, else localhost. */
function address(server: ServerSpec): { host: string; port: number } {
  const port = server.port ?? 5432
  const host = server.socket ?? server.host
  if (host) return { host, port }
  const folder = ['/var/run/postgresql', '/tmp'].find((candidate) => existsSync(`${candidate}/.s.PGSQL.${port}`))
  return { host: folder ?? 'localhost', port }
}

function mayRetry(error: unknown): boolean {
  const cause = (error as { cause?: { code?: string } }).cause
  if (cause?.code === '28000') return true
  return !isFailure(error, 'lost') && /SSL|TLS|certificate/i.test((error as Error).message)
}
