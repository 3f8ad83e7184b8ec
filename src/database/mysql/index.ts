import type { ConnectionSpec, ServerSpec } from '../../config/index.js'
import { MigstateError } from '../../errors/index.js'
import { type AdvisoryLock, type Dialect, type Engine, type HistoryTable, type ServerFacts, SHORT_WAIT, type TableSearch } from '../dialect.js'
import { isFailure } from '../failure.js'
import { quoteIdentifier } from '../identifier.js'
import type { NewRow, Row } from '../row.js'
import type { Session } from '../session.js'
import { connect } from './connect.js'
import { introspect } from './introspect.js'
import { journalDdl, laterIndexes } from './journal-ddl.js'
import { missingGrants } from './rights.js'
import { lockNameOf, shadow, shadowGrants } from './shadow.js'
import { journalFacts, lookAgain, PRIVILEGES, trustOf } from './trust.js'

const quote = (name: string) => quoteIdentifier(name, '`', 256)

/** Where MySQL and MariaDB differ. */
export interface Own {
  engine: Engine
  tableLockHolder: Dialect['tableLockHolder']
  /** Runs a statement that waits for a lock, for `SHORT_WAIT` at most; fails as `busy`. */
  waitShortly(session: Session, statement: string, side: () => Promise<Session>): Promise<void>
}
export function mysqlDialect({ engine, tableLockHolder, waitShortly }: Own): Dialect {
  return {
    engine,
    capabilities: {
      transactionalDdl: false,
      showsSessions: false,
      showsShadows: true,
      writesBesideChild: true,
      schemas: false,
      storesInstants: false,
      waitingBlocks: true,
      maxNameLength: 64,
    },
    quote,
    connect,

    async describe(session: Session, spec: ConnectionSpec): Promise<ServerFacts> {
      const [facts] = await session.rows<{ version: string; name: string; read_only: unknown }>(
        'SELECT VERSION() AS version, DATABASE() AS name, @@global.read_only AS read_only',
      )
      const server = spec as ServerSpec
      return {
        engine: /mariadb/i.test(facts?.version ?? '') ? 'mariadb' : 'mysql',
        version: (facts?.version ?? '').split('-')[0] as string,
        host: server.socket ?? server.host ?? null,
        name: facts?.name ?? '',
        readOnly: ['1', 'ON'].includes(String(facts?.read_only)) && !(await mayWriteReadOnly(session)) ? 'read_only is ON' : null,
        pooled: false,
      }
    },

    async findTable(session, wanted): Promise<TableSearch> {
      if (wanted.schema !== undefined) throw new MigstateError('usage', '--schema belongs to PostgreSQL.', { hint: 'Name the database in the URL instead.' })
      const [found] = await session.rows<{ name: string; type: string | null; super: unknown; others: string | null }>(
        `SELECT t.TABLE_NAME AS name, c.COLUMN_TYPE AS type, ${PRIVILEGES}
           FROM information_schema.TABLES t
           LEFT JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME AND c.COLUMN_NAME = 'applied'
          WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME = ? AND t.TABLE_TYPE = 'BASE TABLE'`,
        [wanted.name],
      )
      if (!found) return { table: null, others: [], currentSchema: null }
      const trust = trustOf(found.name, found)
      return { table: { ...tableNamed(found.name, found.type), stranger: trust.stranger }, others: [], currentSchema: null, trust }
    },

    async reading(session, work) {
      await session.run('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
      try {
        return await work()
      } finally {
        await session.run('ROLLBACK').catch(() => {})
      }
    },

    journalFacts,
    introspect,

    fractionText(table, microseconds) {
      // Django 1.8 makes columns without a fraction on MariaDB; MySQL would round into them.
      const digits = microseconds.slice(0, Number(/\((\d)\)/.exec(table.appliedType)?.[1] ?? 0))
      return digits === '' ? '' : `.${digits}`
    },

    async tableFacts(session, _beside, name) {
      const columns = await session.rows<{ name: string; nullable: string; given: string | null; extra: string }>(
        'SELECT COLUMN_NAME AS name, IS_NULLABLE AS nullable, COLUMN_DEFAULT AS given, EXTRA AS extra FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
        [name],
      )
      const [size] = await session.rows<{ size: unknown }>(
        'SELECT TABLE_ROWS AS size FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
        [name],
      )
      return {
        exists: columns.length > 0,
        columns: columns.map((one) => ({
          name: one.name,
          nullable: one.nullable === 'YES',
          hasDefault: one.given !== null || /auto_increment|DEFAULT_GENERATED/i.test(one.extra),
        })),
        rows: size?.size == null ? null : Number(size.size),
      }
    },
    async sessionsUsing(session, history, tables) {
      return lockedBy(session, engine, [history.name, ...tables])
    },

    async readRows(session, table) {
      return (await session.rows(`SELECT CAST(id AS CHAR) AS id, app, name, CAST(applied AS CHAR) AS applied FROM ${table.sql}`)) as unknown as Row[]
    },

    async readSequence(session, table) {
      // information_schema.TABLES.AUTO_INCREMENT is cached for a day on MySQL 8; SHOW CREATE TABLE is not.
      const [shown] = await session.rows<Record<string, string>>(`SHOW CREATE TABLE ${table.sql}`)
      const ddl = shown?.['Create Table'] ?? ''
      if (!/\bAUTO_INCREMENT\b/i.test(ddl)) return null
      // The table options are the last line; a column's comment cannot reach it.
      const options = ddl.slice(ddl.lastIndexOf('\n'))
      return /\bAUTO_INCREMENT=(\d+)/i.exec(options)?.[1] ?? '1'
    },

    async tryAdvisoryLock(session, table): Promise<AdvisoryLock | null> {
      const name = await lockNameOf(session, table)
      const [answer] = await session.rows<{ locked: unknown }>('SELECT GET_LOCK(?, 0) AS locked', [name])
      if (String(answer?.locked) !== '1') return null
      return { release: async () => void (await session.rows('SELECT RELEASE_LOCK(?) AS released', [name]).catch(() => [])) }
    },

    async advisoryLockHolder(session, table) {
      const [used] = await session.rows<{ id: unknown }>('SELECT IS_USED_LOCK(?) AS id', [await lockNameOf(session, table)])
      return used?.id == null ? null : describeThread(session, String(used.id))
    },

    async nameSession() {
      // A session's connect attributes cannot change after the login, so an operation has no name here.
    },
    async sessionsNamed(session, name) {
      const [used] = await session.rows<{ id: unknown }>('SELECT IS_USED_LOCK(?) AS id', [name])
      return used?.id == null ? [] : [await describeThread(session, String(used.id))]
    },

    async tryBeginEdit(session, table, journal, side) {
      await refuseNonTransactional(session, table)
      // START TRANSACTION would release LOCK TABLES (MySQL manual 15.3.6), so the transaction is autocommit = 0.
      await session.run('SET autocommit = 0')
      try {
        const names = [table.sql, journal.operation, journal.event, journal.snapshotRow]
        await waitShortly(session, `LOCK TABLES ${names.map((name) => `${name} WRITE`).join(', ')}`, side)
        if (table.stranger) await lookAgain(session)
        return true
      } catch (error) {
        await session.run('UNLOCK TABLES').catch(() => {})
        await session.run('SET autocommit = 1').catch(() => {})
        if (isFailure(error, 'busy')) return false
        throw error
      }
    },

    async beginJournaling(session, table) {
      await refuseNonTransactional(session, table)
      await session.run('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
      await session.run('START TRANSACTION')
    },
    async probeUpdate(session, table, row) {
      await session.run('SAVEPOINT migstate_probe')
      await this.updateRow(session, table, row.id, row)
      await session.run('ROLLBACK TO SAVEPOINT migstate_probe')
    },
    shadow: (session, request) => shadow(session, request, engine),
    missingGrants,
    shadowGrants,

    tableLockHolder,

    async fireDeferred() {
      // Nothing waits for the COMMIT here (MySQL manual 27.3.1, 1.6.2.3).
    },
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

    async insertRow(session, table, row: NewRow) {
      if (row.id === undefined) return session.insertId(`INSERT INTO ${table.sql} (app, name, applied) VALUES (?, ?, ?)`, [row.app, row.name, row.applied])
      await session.run(`INSERT INTO ${table.sql} (id, app, name, applied) VALUES (?, ?, ?, ?)`, [row.id, row.app, row.name, row.applied])
      return row.id
    },
    deleteRow: (session, table, id) => session.run(`DELETE FROM ${table.sql} WHERE id = ?`, [id]),
    updateRow: (session, table, id, after) =>
      session.run(`UPDATE ${table.sql} SET app = ?, name = ?, applied = ? WHERE id = ?`, [after.app, after.name, after.applied, id]),

    async sequenceStep() {
      // ALTER TABLE commits by itself; whether the role may do it shows when it is tried.
      return 'after'
    },
    async setSequence(session, table, next) {
      await session.run(`ALTER TABLE ${table.sql} AUTO_INCREMENT = ${BigInt(next)}`)
    },

    async createJournal(session, _table, journal) {
      for (const statement of journalDdl(journal)) await session.run(statement)
    },
    async indexJournal(session, _table, journal) {
      const found = await session.rows<{ name: string }>(
        "SELECT DISTINCT INDEX_NAME AS name FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN ('migstate_operation', 'migstate_event')",
      )
      const there = new Set(found.map(({ name }) => name))
      for (const [name, statement] of Object.entries(laterIndexes(journal))) if (!there.has(name)) await session.run(statement)
    },
    byBytes: (column) => column,
    async dropJournal(session, journal) {
      await session.run(`DROP TABLE IF EXISTS ${journal.snapshotRow}, ${journal.event}, ${journal.operation}`)
    },
    journalDdl: (_table, journal) => journalDdl(journal),

    async copyRows(session, table, journal, snapshot) {
      await session.run(
        `INSERT INTO ${journal.snapshotRow} (snapshot, row_id, app, name, applied)
         SELECT ?, CAST(id AS CHAR), app, name, CAST(applied AS CHAR) FROM ${table.sql}`,
        [snapshot],
      )
    },
    async readSnapshotRows(session, journal, snapshot) {
      return (await session.rows(`SELECT row_id AS id, app, name, applied FROM ${journal.snapshotRow} WHERE snapshot = ?`, [snapshot])) as unknown as Row[]
    },
  }
}

function tableNamed(name: string, appliedType: string | null): HistoryTable {
  return { schema: null, name, sql: quote(name), label: name, appliedType: appliedType ?? 'datetime(6)' }
}

export async function describeThread(session: Session, id: string): Promise<string> {
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

async function refuseNonTransactional(session: Session, table: HistoryTable): Promise<void> {
  const [found] = await session.rows<{ engine: string | null }>(
    'SELECT ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
    [table.name],
  )
  if (found?.engine && found.engine !== 'InnoDB')
    throw new MigstateError('non-transactional-table', `The table ${table.label} uses the engine ${found.engine}, which cannot undo half a change.`)
}

/** Both views exist only where the server is set up for them (MySQL: performance_schema; MariaDB: the plugin METADATA_LOCK_INFO). */
async function lockedBy(session: Session, engine: Engine, tables: readonly string[]): Promise<string[]> {
  const places = tables.map(() => '?').join(', ')
  const sql =
    engine === 'mariadb'
      ? `SELECT DISTINCT THREAD_ID AS id FROM information_schema.METADATA_LOCK_INFO WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${places}) AND THREAD_ID <> CONNECTION_ID()`
      : `SELECT DISTINCT t.PROCESSLIST_ID AS id FROM performance_schema.metadata_locks m JOIN performance_schema.threads t ON t.THREAD_ID = m.OWNER_THREAD_ID
          WHERE m.OBJECT_SCHEMA = DATABASE() AND m.OBJECT_NAME IN (${places}) AND m.LOCK_STATUS = 'GRANTED' AND t.PROCESSLIST_ID <> CONNECTION_ID()`
  const found = await session.rows<{ id: unknown }>(sql, [...tables]).catch(() => [])
  return Promise.all(found.map(async ({ id }) => `${await describeThread(session, String(id))} has an open transaction on its tables`))
}

/** read_only does not bind accounts with these rights (MySQL manual, read_only; MariaDB: READ ONLY ADMIN). */
async function mayWriteReadOnly(session: Session): Promise<boolean> {
  const grants = await session.rows<Record<string, string>>('SHOW GRANTS').catch(() => [])
  return grants.some((grant) => /\b(SUPER|CONNECTION_ADMIN|READ[_ ]ONLY ADMIN|ALL PRIVILEGES)\b.* ON \*\.\*/.test(Object.values(grant)[0] ?? ''))
}

/** performance_schema.metadata_locks is on by default since MySQL 8.0, and not every role may read it. */
export const mysql = mysqlDialect({
  engine: 'mysql',
  async tableLockHolder(session, table) {
    try {
      const [holder] = await session.rows<{ id: string }>(
        `SELECT t.PROCESSLIST_ID AS id FROM performance_schema.metadata_locks m
           JOIN performance_schema.threads t ON t.THREAD_ID = m.OWNER_THREAD_ID
          WHERE m.OBJECT_SCHEMA = DATABASE() AND m.OBJECT_NAME = ? AND m.LOCK_STATUS = 'GRANTED' AND t.PROCESSLIST_ID <> CONNECTION_ID() LIMIT 1`,
        [table.name],
      )
      return holder ? await describeThread(session, String(holder.id)) : null
    } catch {
      return undefined
    }
  },
  // lock_wait_timeout counts whole seconds; an account may always end its own statements (manual, KILL Statement).
  async waitShortly(session, statement, side) {
    const id = Number((session.driver as { threadId?: unknown }).threadId)
    const other = await side()
    let ending: Promise<unknown> | undefined
    const timer = setTimeout(() => (ending = other.run(`KILL QUERY ${id}`).catch(() => {})), SHORT_WAIT)
    try {
      await session.run(statement)
    } finally {
      clearTimeout(timer)
      if (ending) {
        await ending
        // It may have come too late for the wait, and would end what is sent next.
        await session.run('DO 0').catch(() => {})
      }
    }
  },
})
