import { type Dialect, type Engine, SHORT_WAIT } from '../dialect.js'
import type { NewRow, Row } from '../row.js'
import { connect } from './connect.js'
import { introspect } from './introspect.js'
import { journalDdl, laterIndexes } from './journal-ddl.js'
import { missingGrants } from './rights.js'
import { rehearsal } from './rehearsal.js'
import { shadow, shadowGrants } from './shadow.js'
import { journalFacts } from './trust.js'
import { catalogue, quote } from './catalogue.js'
import { locksOf, type OwnLocks } from './locks.js'

export interface Own extends OwnLocks {
  engine: Engine
  /** SQL: whether this session's binary log would hold temporary tables. */
  logsTemporaries: string
}
/** MySQL and MariaDB, which differ in what is their own. */
export function mysqlDialect(own: Own): Dialect {
  const { engine } = own
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
    ...catalogue,
    ...locksOf(own),

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

    async probeUpdate(session, table, row) {
      await session.run('SAVEPOINT migstate_probe')
      await this.updateRow(session, table, row.id, row)
      await session.run('ROLLBACK TO SAVEPOINT migstate_probe')
    },

    shadow: (session, request) => shadow(session, request, own.logsTemporaries),

    rehearsal,

    missingGrants,

    shadowGrants,

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

export const mysql = mysqlDialect({
  engine: 'mysql',
  logsTemporaries: "@@session.binlog_format = 'STATEMENT'",
  // performance_schema.metadata_locks is on by default since MySQL 8.0, and not every role may read it.
  holders: (places) =>
    `SELECT DISTINCT t.PROCESSLIST_ID AS id FROM performance_schema.metadata_locks m JOIN performance_schema.threads t ON t.THREAD_ID = m.OWNER_THREAD_ID
      WHERE m.OBJECT_SCHEMA = DATABASE() AND m.OBJECT_NAME IN (${places}) AND m.LOCK_STATUS = 'GRANTED' AND t.PROCESSLIST_ID <> CONNECTION_ID()`,
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
