import { MigstateError } from '../../errors/index.js'
import { followersOf } from '../taken-along.js'
import { type Dialect, SHORT_WAIT } from '../dialect.js'
import type { Engine } from '../server-facts.js'
import type { HistoryTable } from '../history-table.js'
import type { NewRow, Row } from '../row.js'
import type { Question } from '../session.js'
import { appliedValue, extraValues, keyOf, type RawRow, toRow, toSnapshotRows } from '../table-shape.js'
import { connect } from './connect.js'
import { errnoOf } from './failures.js'
import { introspect } from './introspect.js'
import { journalDdl, laterIndexes } from './journal-ddl.js'
import { missingGrants, temporaryGrant } from './rights.js'
import { rehearsal } from './rehearsal.js'
import { shadow, shadowGrants } from './shadow.js'
import { COMMITS, moreOf, place, quoted } from './shape.js'
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
      convertsTimes: true,
      waitingBlocks: true,
      sessionLocks: 'everybody',
      tableLocks: true,
      counters: true,
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

    last: (_session, question) => question(),
    // One statement sees one state by itself (MySQL manual, consistent reads).
    readingOnce: (session, question) => session.ask(question),

    journalFacts,
    introspect,

    async refuseUnsafeServer() {
      // What is unsafe here is a make of its own (makes.ts).
    },

    fractionText(table, microseconds) {
      // Django 1.8 makes columns without a fraction on MariaDB; MySQL would round into them.
      const digits = microseconds.slice(0, Number(/\((\d)\)/.exec(table.appliedType)?.[1] ?? 0))
      return digits === '' ? '' : `.${digits}`
    },

    timeKept: ({ appliedType }) => (/^date$/i.test(appliedType) ? 'day' : 'local'),

    readRows: async (session, table) => (await session.ask(rowsOf(table))).map(({ row }) => row),

    async readHistory(session, table, first = []) {
      await session.askAll(first)
      const rows = await session.ask(rowsOf(table, NEXT))
      // What no row can tell is asked alone.
      const sequence = rows[0] === undefined ? await this.readSequence(session, table) : counterIn(table, rows[0].next)
      return { rows: rows.map(({ row }) => row), sequence }
    },

    async readSequence(session, table) {
      const [found] = await session.rows<{ next: string | null }>(`SELECT ${NEXT} AS next`, [table.name])
      return counterIn(table, found?.next ?? null)
    },

    async attempt(session, work) {
      await session.run('SAVEPOINT migstate_probe')
      try {
        return await work()
      } finally {
        await session.run('ROLLBACK TO SAVEPOINT migstate_probe')
      }
    },

    shadow: (session, request) => shadow(session, request, own.logsTemporaries),

    rehearsal,

    missingGrants,

    shadowGrants,

    temporaryGrant,

    insertRow(table, row: NewRow) {
      const extra = extraValues(table.shape, row)
      const columns = [...(row.id === undefined ? [] : ['id']), 'app', 'name', 'applied', ...extra.map(({ column }) => quoted(column.name))]
      const values = [...(row.id === undefined ? [] : ['?']), '?', '?', '?', ...extra.map(({ column }) => place(column))]
      const sql = `INSERT INTO ${table.sql} (${columns.join(', ')}) VALUES (${values.join(', ')})`
      const rest = [...keyOf(row), appliedValue(row), ...extra.map(({ value }) => value)]
      if (row.id === undefined) return { sql, bindings: rest, read: ({ insertId }) => insertId as string }
      return { sql, bindings: [row.id, ...rest], read: () => row.id as string }
    },

    async takenAlong(session, table, ids) {
      const found = await session.rows<{ name: string; own: string; refers: string; parts: unknown }>(
        `SELECT k.TABLE_NAME AS name, MAX(k.COLUMN_NAME) AS own, MAX(k.REFERENCED_COLUMN_NAME) AS refers, COUNT(*) AS parts
           FROM information_schema.REFERENTIAL_CONSTRAINTS r
           JOIN information_schema.KEY_COLUMN_USAGE k ON k.CONSTRAINT_SCHEMA = r.CONSTRAINT_SCHEMA AND k.CONSTRAINT_NAME = r.CONSTRAINT_NAME AND k.TABLE_NAME = r.TABLE_NAME
          WHERE r.CONSTRAINT_SCHEMA = DATABASE() AND r.UNIQUE_CONSTRAINT_SCHEMA = DATABASE() AND r.REFERENCED_TABLE_NAME = ?
            AND r.DELETE_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT') GROUP BY k.TABLE_NAME, k.CONSTRAINT_NAME ORDER BY 1`,
        [table.name],
      )
      const column = ({ own, refers, parts }: (typeof found)[number]) => (String(parts) === '1' && refers.toLowerCase() === 'id' ? quote(own) : null)
      const followers = found.map((one) => ({ label: one.name, sql: quote(one.name), column: column(one) }))
      // ER_TABLE_NOT_LOCKED: under LOCK TABLES no other table is read, and it was looked at just before.
      return followersOf(session, followers, ids, (error) => errnoOf(error) === 1100)
    },

    deleteRow: (table, id) => ({ sql: `DELETE FROM ${table.sql} WHERE id = ?`, bindings: [id], read: ({ affected }) => affected }),

    updateRow(table, id, after) {
      const extra = extraValues(table.shape, after)
      const sets = ['app = ?', 'name = ?', 'applied = ?', ...extra.map(({ column }) => `${quoted(column.name)} = ${place(column)}`)]
      const bindings = [...keyOf(after), appliedValue(after), ...extra.map(({ value }) => value), id]
      return { sql: `UPDATE ${table.sql} SET ${sets.join(', ')} WHERE id = ?`, bindings, read: ({ affected }) => affected }
    },

    async sequenceStep() {
      // ALTER TABLE commits by itself; whether the role may do it shows when it is tried.
      return 'after'
    },

    async setSequence(session, table, next) {
      await session.run(`ALTER TABLE ${table.sql} AUTO_INCREMENT = ${BigInt(next)}`)
    },

    async idMending() {
      return COMMITS
    },

    async mendId() {
      throw new MigstateError('internal-error', 'The column "id" is not altered on a server where that commits by itself.')
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

    textSql: sqlText,

    timeSql: (_table, stamp) => sqlText(stamp),

    exactly: (column, text) => `CAST(CONVERT(${column} USING utf8mb4) AS BINARY) = x'${Buffer.from(text).toString('hex')}'`,

    async dropJournal(session, journal) {
      // MariaDB drops one after the other (manual, Atomic DDL): without the operations nothing that is left counts as unfinished.
      await session.run(`DROP TABLE IF EXISTS ${journal.operation}, ${journal.event}, ${journal.snapshotRow}`)
    },

    journalDdl: (_table, journal) => journalDdl(journal),

    async widenJournal(session, journal) {
      await session.run(this.wideDdl(journal))
    },

    wideDdl: (journal) => `ALTER TABLE ${journal.snapshotRow} ADD COLUMN extra longtext`,

    copyRows(table, journal, snapshot) {
      const more = moreOf(table)
      const sql = `INSERT INTO ${journal.snapshotRow} (snapshot, row_id, app, name, applied${more === null ? '' : ', extra'})
         SELECT ?, coalesce(CAST(id AS CHAR), 'NULL'), coalesce(app, 'NULL'), coalesce(name, 'NULL'), CAST(applied AS CHAR)${more === null ? '' : `, ${more}`} FROM ${table.sql}`
      return { sql, bindings: [snapshot], read: () => {} }
    },

    readSnapshotRows: (journal, snapshot) => ({ sql: `SELECT * FROM ${journal.snapshotRow} WHERE snapshot = ?`, bindings: [snapshot], read: toSnapshotRows }),
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

/** What a backslash means hangs on the session, so such a text is written in hexadecimal digits. */
function sqlText(text: string): string {
  if (/^[^\\\0]*$/.test(text)) return `'${text.replaceAll("'", "''")}'`
  return `CONVERT(x'${Buffer.from(text).toString('hex')}' USING utf8mb4)`
}

/** Not what is kept of it for a day: information_schema_stats_expiry is 0 in this session. */
const NEXT = '(SELECT CAST(AUTO_INCREMENT AS CHAR) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?)'

/** The counter stands in each row, or in none. */
function rowsOf(table: HistoryTable, counter = 'NULL'): Question<{ row: Row; next: string | null }[]> {
  const more = moreOf(table)
  return {
    sql: `SELECT CAST(id AS CHAR) AS id, app, name, CAST(applied AS CHAR) AS applied${more === null ? '' : `, ${more} AS more`}, ${counter} AS next FROM ${table.sql}`,
    bindings: counter === NEXT ? [table.name] : [],
    read: ({ rows }) => (rows as (RawRow & { next: string | null })[]).map((raw) => ({ row: toRow(raw), next: raw.next })),
  }
}

/** A table that had no row yet may show none. */
function counterIn({ shape }: HistoryTable, next: string | null): string | null {
  return next ?? (shape.fillsId ? '1' : null)
}
