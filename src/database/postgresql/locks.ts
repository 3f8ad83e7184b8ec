import { type AdvisoryLock, SHORT_WAIT, type Locks } from '../dialect.js'
import type { HistoryTable, JournalTables } from '../history-table.js'
import { isFailure } from '../failure.js'
import { lockNumber } from '../lock-key.js'
import type { Session } from '../session.js'
import { catalogue } from './catalogue.js'
import { begin, LOCK_TIMEOUT } from './fixed-path.js'
import type { PostgresqlSession } from './session.js'
import { lookAgain } from './trust.js'

/** Who may change the history, and who waits. */
export const locks: Locks = {
  async sessionsUsing(session, history, tables) {
    const found = await session.rows<{ pid: string; usename: string | null; application: string | null; state: string | null; since: string | null }>(
      `SELECT DISTINCT l.pid::text AS pid, a.usename AS usename, a.application_name AS application, a.state AS state,
              date_trunc('second', now() - a.xact_start)::text AS since
         FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
         LEFT JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.granted AND l.pid <> pg_backend_pid() AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND n.nspname = ? AND c.relname IN (${[history.name, ...tables].map(() => '?').join(', ')})`,
      [history.schema, history.name, ...tables],
    )
    return found.map(
      (one) =>
        `PostgreSQL session ${one.pid}${one.usename ? ` of ${one.usename}` : ''}${one.application ? `, "${one.application}"` : ''} holds locks on its tables${one.since ? ` since ${one.since}` : ''}${one.state ? ` (${one.state})` : ''}`,
    )
  },

  async tryAdvisoryLock(session, table, name): Promise<AdvisoryLock | null> {
    const key = lockNumber([table.label]).toString()
    const named = name === undefined ? '' : ", set_config('application_name', ?, false)"
    const [answer] = await session.rows<{ locked: string }>(`SELECT pg_try_advisory_lock(CAST(? AS bigint))::text AS locked${named}`, [
      key,
      ...(name === undefined ? [] : [name.slice(0, 63)]),
    ])
    if (answer?.locked !== 'true') return null
    return { release: async () => void (await session.run('SELECT pg_advisory_unlock(CAST(? AS bigint))', [key]).catch(() => {})) }
  },

  async advisoryLockHolder(session, table) {
    const key = BigInt.asUintN(64, lockNumber([table.label]))
    return holderLine(
      await session.rows(
        `SELECT l.pid::text AS pid, a.usename AS usename, a.application_name AS application, host(a.client_addr) AS address
           FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
          WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND l.classid::bigint = CAST(? AS bigint) AND l.objid::bigint = CAST(? AS bigint) AND l.objsubid = 1 AND l.pid <> pg_backend_pid()`,
        [(key >> 32n).toString(), (key & 0xffffffffn).toString()],
      ),
    )
  },

  async sessionsNamed(session, name) {
    const found = await session.rows<{ pid: string; state: string | null }>(
      'SELECT pid::text AS pid, state FROM pg_stat_activity WHERE application_name = ? AND pid <> pg_backend_pid()',
      [name.slice(0, 63)],
    )
    return found.map((row) => `PostgreSQL session ${row.pid}${row.state ? ` (${row.state})` : ''}`)
  },

  async tryBeginEdit(session, table, journal) {
    try {
      // Weaker modes let Django run its DDL first and then wait while it holds the application's tables.
      const lock = `LOCK TABLE ${table.sql} IN ACCESS EXCLUSIVE MODE`
      const begins = begin('ISOLATION LEVEL READ COMMITTED READ WRITE', `SET LOCAL lock_timeout = '${SHORT_WAIT}ms'`, 'SET LOCAL statement_timeout = 0', lock)
      ;(session as PostgresqlSession).beginWithNext(`${begins}; ${LOCK_TIMEOUT}`)
      const search = await catalogue.findTable(session, { schema: table.schema as string, name: table.name })
      if (table.stranger) await holdStill(session, table, journal)
      return search
    } catch (error) {
      await session.run('ROLLBACK').catch(() => {})
      if (isFailure(error, 'busy')) return null
      throw error
    }
  },

  async proveTableLock() {
    // Whoever may change rows may (manual, LOCK); that the row can be changed is proven by itself.
  },

  async beginJournaling(session) {
    await session.run(begin('ISOLATION LEVEL REPEATABLE READ READ WRITE', LOCK_TIMEOUT))
  },

  async tableLockHolder(session, table) {
    return holderLine(
      await session.rows(
        `SELECT DISTINCT l.pid::text AS pid, a.usename AS usename, a.application_name AS application, host(a.client_addr) AS address,
                to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS since
           FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
          WHERE l.relation = to_regclass(?) AND l.granted AND l.pid <> pg_backend_pid()`,
        [table.sql],
      ),
    )
  },

  // Constraint triggers (manual, SET CONSTRAINTS).
  fireDeferred: [{ sql: 'SET CONSTRAINTS ALL IMMEDIATE', read: () => {} }],

  async commitEdit(session) {
    await session.run('COMMIT')
  },

  async endEdit() {
    // COMMIT has given the table lock back already.
  },

  async rollbackEdit(session) {
    await session.run('ROLLBACK')
  },

  async waitsFor(side, waiting) {
    const { pid } = (waiting as PostgresqlSession).opening
    if (pid === null) return null
    const [found] = await side.rows<{ event: string | null }>('SELECT wait_event AS event FROM pg_stat_activity WHERE pid = CAST(CAST(? AS text) AS integer)', [
      pid,
    ])
    const why = found?.event === 'SyncRep' ? ', which waits for a synchronous standby (SyncRep)' : found?.event ? `, which waits for ${found.event}` : ''
    return `PostgreSQL session ${pid}${why}`
  },
}

/** Locks that keep triggers and rules off the side tables, then a second look: between the first and this one the owner had time. */
async function holdStill(session: Session, table: HistoryTable, { operation, event, snapshotRow }: JournalTables): Promise<void> {
  await session.run(`LOCK TABLE ${operation}, ${event}, ${snapshotRow} IN ROW EXCLUSIVE MODE`)
  await lookAgain(session, table)
}

function holderLine(found: { [key: string]: string | null }[]): string | null {
  const [holder] = found
  if (!holder) return null
  const who = holder.usename ? ` of ${holder.usename}` : ''
  const application = holder.application ? `, "${holder.application}"` : ''
  const since = holder.since ? `, in a transaction since ${holder.since} UTC` : ''
  return `PostgreSQL session ${holder.pid}${who}${application}${holder.address ? ` from ${holder.address}` : ''}${since}`
}
