import { existsSync, readFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { ConnectionSpec, ServerSpec, TlsSpec } from '../../config/index.js'
import { MigstateError } from '../../errors/index.js'
import { isFailure } from '../failure.js'
import { pinConnection, type ResponseShape, type Session } from '../session.js'
import { classify } from './failures.js'

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

export async function connect(spec: ConnectionSpec): Promise<Session> {
  const server = spec as ServerSpec
  const attempts = tlsAttempts(server)
  let session: Session | undefined
  for (const [index, ssl] of attempts.entries()) {
    try {
      session = await open(server, ssl)
      break
    } catch (error) {
      // `prefer` and `allow` go on without TLS (or with it) where libpq does; node-postgres knows neither.
      if (index === attempts.length - 1 || !mayRetry(error)) throw error
    }
  }
  if (!session) throw new Error('no connection attempt was made')
  await session.run("SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET standard_conforming_strings = on")
  return session
}

function open(server: ServerSpec, ssl: false | object): Promise<Session> {
  const connection = {
    ...address(server),
    user: server.user ?? process.env.PGUSER ?? userInfo().username,
    ...(server.password === undefined ? {} : { password: server.password }),
    database: server.database ?? process.env.PGDATABASE ?? server.user ?? userInfo().username,
    ssl,
    ...(server.options === undefined ? {} : { options: server.options }),
    application_name: 'migstate',
    connectionTimeoutMillis: (server.connectTimeout ?? 10) * 1000,
    keepAlive: true,
    // Text as the server sends it: no Date, no Number.
    types: { getTypeParser: () => (value: unknown) => value },
  }
  // `version` spares Knex's own version query.
  return pinConnection({ client: 'pg', version: '12', connection } as never, SHAPE, classify)
}

/** libpq's defaults: PGHOST, else the socket of a local server, else localhost. */
function address(server: ServerSpec): { host: string; port: number } {
  const port = server.port ?? Number(process.env.PGPORT ?? 5432)
  const host = server.socket ?? server.host ?? process.env.PGHOST
  if (host) return { host, port }
  const folder = ['/var/run/postgresql', '/tmp'].find((candidate) => existsSync(`${candidate}/.s.PGSQL.${port}`))
  return { host: folder ?? 'localhost', port }
}

function tlsAttempts(server: ServerSpec): (false | object)[] {
  const overSocket = address(server).host.startsWith('/')
  // libpq ignores sslmode on a Unix socket (manual 34.18.1).
  if (overSocket) return [false]
  const unverified = { ...files(server.tls), rejectUnauthorized: false }
  switch (server.tls.mode) {
    case 'disable':
      return [false]
    case 'allow':
      return [false, unverified]
    case 'prefer':
      return [unverified, false]
    case 'require':
      // With a root certificate `require` verifies it, as libpq does for compatibility.
      return server.tls.ca === undefined ? [unverified] : [{ ...files(server.tls), checkServerIdentity: () => undefined }]
    case 'verify-ca':
      return [{ ...files(server.tls), checkServerIdentity: () => undefined }]
    case 'verify-full':
      return [files(server.tls)]
  }
}

function files(tls: TlsSpec): object {
  const home = join(homedir(), '.postgresql')
  const pick = (given: string | undefined, standard: string) => {
    const path = given === 'system' ? undefined : (given ?? (existsSync(join(home, standard)) ? join(home, standard) : undefined))
    if (path === undefined) return undefined
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      throw new MigstateError('cannot-connect', `The TLS file ${path} cannot be read. Nothing was changed.`, { cause: error })
    }
  }
  const [ca, cert, key] = [pick(tls.ca, 'root.crt'), pick(tls.cert, 'postgresql.crt'), pick(tls.key, 'postgresql.key')]
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}

function mayRetry(error: unknown): boolean {
  const cause = (error as { cause?: { code?: string } }).cause
  if (cause?.code === '28000') return true
  return !isFailure(error, 'lost') && /SSL|TLS|certificate/i.test((error as Error).message)
}
