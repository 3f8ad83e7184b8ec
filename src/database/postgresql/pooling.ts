import { MigstateError } from '../../errors/index.js'
import { isFailure } from '../failure.js'
import { WiredSession, type WiredParts } from '../wired-session.js'
import { LOGIN_BYTES } from '../wire.js'
import type { PostgresqlSession } from './session.js'

/** A pool may hand its server sessions out in turn: after so many rounds one that is shared has been met. */
const ROUNDS = 4
/** Milliseconds for the second client: a pool that has no session left keeps it waiting. */
const PATIENCE = 3_000

/**
 * Which pooling it is: while a second client has a transaction open, either it works in the server session that was ours a moment ago, or we get
 * another one, where transactions are pooled. Where neither happens, in any round, this client has its server session to itself.
 * @throws MigstateError `pooler` where not even a transaction holds together
 */
export async function findPooling(session: PostgresqlSession, open: () => Promise<Omit<WiredParts, 'bound'>>): Promise<void> {
  const second = new WiredSession({ ...(await open()), bound: { milliseconds: PATIENCE, bytes: LOGIN_BYTES } })
  try {
    let mine = ''
    for (let round = 0; round < ROUNDS; round++) {
      mine = await session.serverPid()
      const [other] = await second.rows<{ pid: string }>('BEGIN; SELECT pg_catalog.pg_backend_pid() AS pid')
      const again = await session.serverPid()
      await second.run('ROLLBACK')
      if (String(other?.pid) === mine || again !== mine) return
    }
    await session.holdsSession(mine)
  } catch (error) {
    // PgBouncer: "transaction blocks not allowed in statement pooling mode", a protocol violation.
    if (codeOf(error) === '08P01')
      throw new MigstateError('pooler', 'A pooler in statement mode stands between migstate and PostgreSQL: not even a transaction holds together.', {
        cause: error,
      })
    // A pool without a free session is taken for one of transactions.
    if (!isFailure(error, 'lost')) throw error
  } finally {
    await second.close()
  }
}

function codeOf(error: unknown): string | undefined {
  return ((error as Error).cause as { code?: string } | undefined)?.code
}
