import { followersOf } from '../taken-along.js'
import { addedId } from '../side-tables.js'
import type { Dialect } from '../dialect.js'
import type { HistoryTable } from '../history-table.js'
import type { NewRow, Row } from '../row.js'
import { extraValues, keyOf, type RawRow, type RawSnapshotRow, toRow } from '../table-shape.js'
import type { Binding, Question, Session } from '../session.js'
import { connect } from './connect.js'
import { introspect } from './introspect.js'
import { journalDdl, journalIndexes } from './journal-ddl.js'
import { journalFacts } from './journal-facts.js'
import { rehearsal } from './rehearsal.js'
import { shadow } from './shadow.js'
import { idMending, mendId } from './mend-id.js'
import { idPlace, moreOf, place, quoted } from './shape.js'
import { untilFree } from './until-free.js'
import { catalogue, quote } from './catalogue.js'
import { fileOf, locks } from './locks.js'

/** Text as it is; anything else as its SQL literal, with its type. */
const APPLIED = "CASE typeof(applied) WHEN 'text' THEN applied ELSE quote(applied) END"

export const sqlite: Dialect = {
  engine: 'sqlite',

  capabilities: {
    transactionalDdl: true,
    showsSessions: false,
    showsShadows: false,
    writesBesideChild: false,
    schemas: false,
    convertsTimes: false,
    waitingBlocks: false,
    sessionLocks: 'everybody',
    tableLocks: true,
    counters: true,
    maxNameLength: null,
  },

  quote,

  connect,
  ...catalogue,
  ...locks,

  async reading(session, work) {
    await session.run('BEGIN')
    try {
      return await work()
    } finally {
      await session.run('ROLLBACK').catch(() => {})
    }
  },

  last: (_session, question) => question(),
  // One statement is a transaction by itself (sqlite.org/lang_transaction.html, 2).
  readingOnce: (session, question) => session.ask(question),

  journalFacts,
  introspect,

  async refuseUnsafeServer() {
    // There is no server.
  },

  fractionText: (_table, microseconds) => (microseconds === '000000' ? '' : `.${microseconds}`),

  // Every value has a type of its own: whatever is written stays as it is.
  timeKept: () => 'local',

  readRows: async (session, table) => (await session.ask(rowsOf(table))).map(({ row }) => row),

  async readHistory(session, table, first = []) {
    await session.askAll(first)
    if (!table.hasCounter) return { rows: await this.readRows(session, table), sequence: null }
    const rows = await session.ask(rowsOf(table, NEXT))
    // What no row can tell is asked alone; before its first row a table has no counter yet.
    const sequence = rows[0] === undefined ? await this.readSequence(session, table) : (rows[0].next ?? '1')
    return { rows: rows.map(({ row }) => row), sequence }
  },

  async readSequence(session, table) {
    if (!(await isAutoincrement(session, table))) return null
    const [row] = await session.rows<{ next: string }>('SELECT CAST(seq + 1 AS TEXT) AS next FROM sqlite_sequence WHERE name = ?', [table.name])
    return row?.next ?? '1'
  },

  async attempt(session, work) {
    await session.run('SAVEPOINT migstate_probe')
    try {
      return await work()
    } finally {
      await session.run('ROLLBACK TO SAVEPOINT migstate_probe')
    }
  },

  shadow: async (session, request) => shadow(await fileOf(session), request),

  rehearsal: async (session) => rehearsal(await fileOf(session)),

  missingGrants: async () => [],

  shadowGrants: () => [],

  temporaryGrant: () => '',

  insertRow(table, row: NewRow) {
    const [applied, time] = value(row)
    const extra = extraValues(table.shape, row).map(({ column, value: literal }) => ({ name: quoted(column.name), placed: place(literal) }))
    const columns = [...(row.id === undefined ? [] : ['id']), 'app', 'name', 'applied', ...extra.map(({ name }) => name)]
    const values = [...(row.id === undefined ? [] : [idPlace(table)]), '?', '?', applied, ...extra.map(({ placed }) => placed[0])]
    return {
      sql: `INSERT INTO ${table.sql} (${columns.join(', ')}) VALUES (${values.join(', ')}) RETURNING CAST(id AS TEXT) AS id`,
      bindings: [...(row.id === undefined ? [] : [row.id]), ...keyOf(row), ...time, ...extra.flatMap(({ placed }) => placed[1])],
      read: ({ rows }) => addedId(table, row, rows[0]),
    }
  },

  async takenAlong(session, table, ids) {
    const found = await session.rows<{ name: string; own: string; to: string | null; parts: string }>(
      `SELECT m.name AS name, f."from" AS own, f."to" AS "to", CAST((SELECT count(*) FROM pragma_foreign_key_list(m.name) p WHERE p.id = f.id) AS TEXT) AS parts
         FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
        WHERE m.type = 'table' AND lower(f."table") = lower(?) AND f.on_delete IN ('CASCADE', 'SET NULL', 'SET DEFAULT') ORDER BY m.name`,
      [table.name],
    )
    const column = ({ own, to, parts }: (typeof found)[number]) => (parts === '1' && (to ?? 'id').toLowerCase() === 'id' ? quoted(own) : null)
    const followers = found.map((one) => ({ label: one.name, sql: quoted(one.name), column: column(one) }))
    return followersOf(session, followers, ids, () => false)
  },

  deleteRow: (table, id) => ({ sql: `DELETE FROM ${table.sql} WHERE id = ${idPlace(table)}`, bindings: [id], read: ({ affected }) => affected }),

  updateRow(table, id, after) {
    const [applied, time] = value(after)
    const extra = extraValues(table.shape, after).map(({ column, value: literal }) => ({ name: quoted(column.name), placed: place(literal) }))
    const sets = ['app = ?', 'name = ?', `applied = ${applied}`, ...extra.map(({ name, placed }) => `${name} = ${placed[0]}`)]
    const bindings = [...keyOf(after), ...time, ...extra.flatMap(({ placed }) => placed[1]), id]
    return { sql: `UPDATE ${table.sql} SET ${sets.join(', ')} WHERE id = ${idPlace(table)}`, bindings, read: ({ affected }) => affected }
  },

  async sequenceStep() {
    return 'inside'
  },

  async setSequence(session, table, next) {
    await session.run('UPDATE sqlite_sequence SET seq = CAST(? AS INTEGER) WHERE name = ?', [(BigInt(next) - 1n).toString(), table.name])
  },

  idMending,
  mendId,

  async createJournal(session, _table, journal) {
    await session.run('BEGIN IMMEDIATE')
    try {
      for (const statement of journalDdl(journal)) await session.run(statement)
      await untilFree(() => session.run('COMMIT'))
    } catch (error) {
      await session.run('ROLLBACK').catch(() => {})
      throw error
    }
  },

  async indexJournal(session, _table, journal) {
    const there = new Set((await session.rows<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'index'")).map(({ name }) => name))
    for (const [name, statement] of Object.entries(journalIndexes(journal))) if (!there.has(name)) await session.run(statement)
  },

  byBytes: (column) => column,

  textSql: sqlText,

  timeSql: (_table, stamp) => sqlText(stamp),

  exactly: (column, text) => `${column} COLLATE BINARY = ${sqlText(text)}`,

  async dropJournal(session, journal) {
    await untilFree(() => session.run('BEGIN IMMEDIATE'))
    try {
      for (const table of [journal.snapshotRow, journal.event, journal.operation]) await session.run(`DROP TABLE IF EXISTS ${table}`)
      await untilFree(() => session.run('COMMIT'))
    } catch (error) {
      await session.run('ROLLBACK').catch(() => {})
      throw error
    }
  },

  journalDdl: (_table, journal) => journalDdl(journal),

  async widenJournal(session, journal) {
    await session.run(this.wideDdl(journal))
  },

  wideDdl: (journal) => `ALTER TABLE ${journal.snapshotRow} ADD COLUMN extra text`,

  copyRows(table, journal, snapshot) {
    const more = moreOf(table)
    const sql = `INSERT INTO ${journal.snapshotRow} (snapshot, row_id, app, name, applied${more === null ? '' : ', extra'})
       SELECT ?, coalesce(CAST(id AS TEXT), 'NULL'), coalesce(app, 'NULL'), coalesce(name, 'NULL'), applied${more === null ? '' : `, ${more}`} FROM ${table.sql}`
    return { sql, bindings: [snapshot], read: () => {} }
  },

  readSnapshotRows: (journal, snapshot) => ({
    sql: `SELECT *, ${APPLIED} AS stored, typeof(applied) AS type FROM ${journal.snapshotRow} WHERE snapshot = ?`,
    bindings: [snapshot],
    read: ({ rows }) =>
      (rows as (RawSnapshotRow & { stored: string; type: string })[]).map(({ row_id: id, app, name, stored, type, extra: more }) =>
        toRow({ id, app, name, applied: stored, type, more }),
      ),
  }),
}

/** The table is there as soon as one with AUTOINCREMENT is (sqlite.org/autoinc.html). */
const NEXT = '(SELECT CAST(seq + 1 AS TEXT) FROM sqlite_sequence WHERE name = ?)'

/** The counter stands in each row, or in none. */
function rowsOf(table: HistoryTable, counter = 'NULL'): Question<{ row: Row; next: string | null }[]> {
  const more = moreOf(table)
  return {
    sql: `SELECT CAST(id AS TEXT) AS id, app, name, ${APPLIED} AS applied, typeof(applied) AS type${more === null ? '' : `, ${more} AS more`}, ${counter} AS next FROM ${table.sql}`,
    bindings: counter === NEXT ? [table.name] : [],
    read: ({ rows }) => (rows as (RawRow & { next: string | null })[]).map((raw) => ({ row: toRow(raw), next: raw.next })),
  }
}

/** SQL and bindings of `applied`: text is bound, another storage class is written as the literal it was read as. */
function value(row: NewRow): [sql: string, bindings: Binding[]] {
  return row.appliedType === undefined ? ['?', [row.applied]] : place(row.applied)
}

async function isAutoincrement(session: Session, table: HistoryTable): Promise<boolean> {
  const [found] = await session.rows<{ sql: string }>("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", [table.name])
  return /\bAUTOINCREMENT\b/i.test(found?.sql ?? '')
}

/** A NUL ends a text in many shells of SQLite, so it is never in one. */
function sqlText(text: string): string {
  if (!text.includes('\0')) return `'${text.replaceAll("'", "''")}'`
  return `CAST(x'${Buffer.from(text).toString('hex')}' AS TEXT)`
}
