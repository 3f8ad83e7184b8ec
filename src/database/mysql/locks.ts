import { MigstateError } from '../../errors/index.js'
import type { AdvisoryLock, Locks } from '../dialect.js'
import type { HistoryTable, TableSearch } from '../history-table.js'
import { isFailure } from '../failure.js'
import type { Session } from '../session.js'
import { catalogue } from './catalogue.js'
import { lockNameOf } from './shadow.js'
import { lookAgain } from './trust.js'

/** Where MySQL and MariaDB differ. */
export interface OwnLocks {
  /** Threads that hold locks on tables of this database, as rows of `id`; fails where the server or the role does not show them. */
  holders(places: string): string
  /** Runs a statement that waits for a lock, for `SHORT_WAIT` at most; fails as `busy`. */
  waitShortly(session: Session, statement: string, side: () => Promise<Session>): Promise<void>
}

/** Who may change the history, and who waits. */
export function locksOf({ holders, waitShortly }: OwnLocks): Locks {
  /** @returns undefined where that cannot be seen */
  async function holdersOf(session: Session, tables: readonly string[], most = 100): Promise<string[] | undefined> {
    try {
      const found = await session.rows<{ id: unknown }>(`${holders(tables.map(() => '?').join(', '))} LIMIT ${most}`, [...tables])
      return await Promise.all(found.map(({ id }) => describeThread(session, String(id))))
    } catch {
      return undefined
    }
  }
  return {
    async sessionsUsing(session, history, tables) {
      const holders = (await holdersOf(session, [history.name, ...tables])) ?? []
      return holders.map((holder) => `${holder} has an open transaction on its tables`)
    },

    // A session's connect attributes cannot change after the login, so an operation has no name here.
    async tryAdvisoryLock(session, table): Promise<AdvisoryLock | null> {
      const name = lockNameOf(table)
      const [answer] = await session.rows<{ locked: unknown; here: string }>('SELECT GET_LOCK(?, 0) AS locked, DATABASE() AS here', [name])
      const lock = { release: async () => void (await session.rows('SELECT RELEASE_LOCK(?) AS released', [name]).catch(() => [])) }
      const locked = String(answer?.locked) === '1'
      // A session that has come out in another database takes the lock of that one.
      if (answer && answer.here !== table.database) {
        if (locked) await lock.release()
        return this.tryAdvisoryLock(session, { ...table, database: answer.here })
      }
      return locked ? lock : null
    },

    async advisoryLockHolder(session, table) {
      const [used] = await session.rows<{ id: unknown }>('SELECT IS_USED_LOCK(?) AS id', [lockNameOf(table)])
      return used?.id == null ? null : describeThread(session, String(used.id))
    },

    async sessionsNamed(session, name) {
      const [used] = await session.rows<{ id: unknown }>('SELECT IS_USED_LOCK(?) AS id', [name])
      return used?.id == null ? [] : [await describeThread(session, String(used.id))]
    },

    async tryBeginEdit(session, table, journal, side) {
      // START TRANSACTION would release LOCK TABLES (MySQL manual 15.3.6), so the transaction is autocommit = 0.
      await session.run('SET autocommit = 0')
      try {
        const names = [table.sql, journal.operation, journal.event, journal.snapshotRow]
        await waitShortly(session, `LOCK TABLES ${names.map((name) => `${name} WRITE`).join(', ')}`, side)
        const search = await lookAtLocked(session, table)
        if (table.stranger) await lookAgain(session)
        return search
      } catch (error) {
        await session.run('UNLOCK TABLES').catch(() => {})
        await session.run('SET autocommit = 1').catch(() => {})
        if (isFailure(error, 'busy')) return null
        throw error
      }
    },

    async proveTableLock(session, journal) {
      // The right is one of the whole database; nobody else works with this table for long.
      try {
        await session.run(`LOCK TABLES ${journal.event} READ`)
      } finally {
        await session.run('UNLOCK TABLES').catch(() => {})
      }
    },

    async beginJournaling(session, table) {
      await refuseNonTransactional(session, table)
      await session.run('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
      await session.run('START TRANSACTION')
    },

    async tableLockHolder(session, table) {
      const holders = await holdersOf(session, [table.name], 1)
      return holders && (holders[0] ?? null)
    },

    // Nothing waits for the COMMIT here (MySQL manual 27.3.1, 1.6.2.3).
    fireDeferred: [],

    async commitEdit(session) {
      await session.run('COMMIT')
    },

    async endEdit(session) {
      await session.run('UNLOCK TABLES')
      await session.run('SET autocommit = 1')
    },

    async rollbackEdit(session) {
      await session.run('ROLLBACK')
      await session.run('UNLOCK TABLES')
      await session.run('SET autocommit = 1')
    },

    async waitsFor(side, waiting) {
      const id = String((waiting.driver as { threadId?: unknown }).threadId)
      const [found] = await side.rows<{ state: string | null }>('SELECT STATE AS state FROM information_schema.PROCESSLIST WHERE ID = ?', [id])
      return `server connection ${id}${found?.state ? `, which is in the state "${found.state}"` : ''}`
    },
  }
}

async function describeThread(session: Session, id: string): Promise<string> {
  const [thread] = await session
    .rows<{
      user: string
      host: string
      doing: string
      seconds: unknown
    }>('SELECT USER AS user, HOST AS host, COMMAND AS doing, TIME AS seconds FROM information_schema.PROCESSLIST WHERE ID = ?', [id])
    .catch(() => [])
  if (!thread) return `server connection ${id}`
  return `server connection ${id} of ${thread.user} from ${thread.host}, ${thread.doing === 'Sleep' ? 'idle' : 'busy'} for ${String(thread.seconds)} s`
}

export async function refuseNonTransactional(session: Session, table: HistoryTable): Promise<void> {
  const [found] = await session.rows<{ engine: string | null }>(
    'SELECT ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
    [table.name],
  )
  refuseEngine(table, found?.engine === 'InnoDB' ? null : (found?.engine ?? null))
}

/** While nobody else can alter it. @throws MigstateError `non-transactional-table` */
export async function lookAtLocked(session: Session, table: HistoryTable): Promise<TableSearch> {
  const search = await catalogue.findTable(session, { name: table.name })
  refuseEngine(table, search.table?.shape.looseEngine ?? null)
  return search
}

function refuseEngine({ label }: HistoryTable, loose: string | null): void {
  if (loose) throw new MigstateError('non-transactional-table', `The table ${label} uses the engine ${loose}, which cannot undo half a change.`)
}
