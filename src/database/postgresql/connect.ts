import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import type { ConnectionSpec, ServerSpec } from '../../config/index.js'
import { MigstateError } from '../../errors/index.js'
import type { ConnectOptions } from '../dialect.js'
import { DatabaseFailure, isFailure } from '../failure.js'
import { osUser } from '../os-user.js'
import type { ResponseShape } from '../session.js'
import { logIn, type WiredParts } from '../wired-session.js'
import { ANSWER_BYTES, type Wire } from '../wire.js'
import { classify } from './failures.js'
import { passwordOf } from './password.js'
import { findPooling } from './pooling.js'
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

/** Of several servers the first that answers and fits (libpq: a server that refuses the login ends the search). */
export async function connect(spec: ConnectionSpec, options: ConnectOptions): Promise<PostgresqlSession> {
  const server = spec as ServerSpec
  const places = [server, ...(server.others ?? []).map((place) => ({ ...server, host: undefined, socket: undefined, port: undefined, ...place }))]
  const wanted = server.target ?? 'any'
  const turns = wanted === 'prefer-standby' ? (['standby', 'any'] as const) : [wanted]
  let refusal: unknown
  for (const turn of turns)
    for (const place of places) {
      try {
        const session = await connectTo(place, options)
        const why = unfitFor(turn, session)
        if (why === null) return session
        await session.close()
        refusal = new MigstateError(
          turn === 'read-only' || turn === 'standby' ? 'cannot-connect' : 'read-only',
          `No server fits target_session_attrs=${wanted}: ${why}.`,
        )
      } catch (error) {
        if (places.length === 1 || (!isFailure(error, 'lost') && (error as MigstateError).code !== 'cannot-connect')) throw error
        refusal = error
      }
    }
  throw refusal
}

function unfitFor(target: Exclude<NonNullable<ServerSpec['target']>, 'prefer-standby'>, { opening }: PostgresqlSession): string | null {
  const readOnly = opening.standby || opening.readOnly
  if (target === 'read-write' && readOnly) return 'it takes no changes'
  if (target === 'read-only' && !readOnly) return 'it takes changes'
  if (target === 'primary' && opening.standby) return 'it is a standby'
  if (target === 'standby' && !opening.standby) return 'it is no standby'
  return null
}

async function connectTo(server: ServerSpec, options: ConnectOptions): Promise<PostgresqlSession> {
  const milliseconds = (server.connectTimeout || 10) * 1000
  const deadline = Date.now() + milliseconds
  // libpq ignores sslmode on a Unix socket (manual 34.18.1).
  const attempts = address(server).host.startsWith('/') ? [false as const] : tlsAttempts(server.tls)
  for (const [index, ssl] of attempts.entries()) {
    try {
      const parts = await open(server, ssl, Math.max(1, deadline - Date.now()))
      const session = await opened({ ...parts, bound: { milliseconds: milliseconds + options.patience, bytes: ANSWER_BYTES } }, server.role)
      return await behindPooler(session, () => open(server, ssl, milliseconds))
    } catch (error) {
      // `prefer` and `allow` go on without TLS (or with it) where libpq does; node-postgres knows neither.
      if (index === attempts.length - 1 || !mayRetry(error)) throw error
    }
  }
  throw new Error('no connection attempt was made')
}

async function opened(parts: WiredParts, role: string | undefined): Promise<PostgresqlSession> {
  const session = new PostgresqlSession(parts, role)
  try {
    await session.open()
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}

/** The login is answered by a pooler: what it keeps together is found out with a second client. */
async function behindPooler(session: PostgresqlSession, second: () => Promise<Omit<WiredParts, 'bound'>>): Promise<PostgresqlSession> {
  if (!session.opening.pooled) return session
  try {
    await findPooling(session, second)
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
