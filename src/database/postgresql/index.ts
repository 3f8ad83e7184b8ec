import { followersOf } from '../taken-along.js'
import { addedId } from '../side-tables.js'
import type { Dialect } from '../dialect.js'
import type { HistoryTable, JournalTables } from '../history-table.js'
import type { NewRow, Row } from '../row.js'
import type { Binding, Question, Session } from '../session.js'
import { appliedValue, extraValues, keyOf, type RawRow, toRow, toSnapshotRows } from '../table-shape.js'
import { connect } from './connect.js'
import { begin, LOCK_TIMEOUT } from './fixed-path.js'
import { indexJournal } from './index-journal.js'
import { refuseUnsafeServer } from './before-writing.js'
import { introspect } from './introspect.js'
import { journalDdl } from './journal-ddl.js'
import { handOver } from './journal-owner.js'
import { missingGrants } from './rights.js'
import { idMending, mendId } from './mend-id.js'
import { nextOf, readSequence, sequenceOf } from './sequence.js'
import type { PostgresqlSession } from './session.js'
import { rehearsal } from './rehearsal.js'
import { shadow, shadowGrants, temporaryGrant } from './shadow.js'
import { byId, moreOf, quoted, typeOf, writable } from './shape.js'
import { journalFacts } from './trust.js'
import { catalogue, quote } from './catalogue.js'
import { locks } from './locks.js'

export const postgresql: Dialect = {
  engine: 'postgresql',

  capabilities: {
    transactionalDdl: true,
    showsSessions: true,
    showsShadows: true,
    writesBesideChild: true,
    schemas: true,
    convertsTimes: false,
    waitingBlocks: true,
    sessionLocks: 'everybody',
    tableLocks: true,
    counters: true,
    maxNameLength: 63,
  },

  quote,

  connect,
  ...catalogue,
  ...locks,

  reading: (session, work) => (session as PostgresqlSession).transaction(begin('ISOLATION LEVEL REPEATABLE READ READ ONLY', LOCK_TIMEOUT), work),
  last: (session, question) => (session as PostgresqlSession).last(question),
  readingOnce(session, question) {
    return this.reading(session, () => this.last(session, () => session.ask(question)))
  },

  journalFacts,
  introspect,

  refuseUnsafeServer,

  fractionText(table, microseconds) {
    const digits = microseconds.slice(0, Number(/\((\d)\)/.exec(table.appliedType)?.[1] ?? 6)).replace(/0+$/, '')
    return digits === '' ? '' : `.${digits}`
  },

  timeKept: ({ appliedType }) => (appliedType === 'date' ? 'day' : /^timestamp.* without time zone$/.test(appliedType) ? 'local' : 'instant'),

  readRows: (session, table) => session.ask(rowsOf(table)),

  async readHistory(session, table, first = []) {
    const { sequence } = table
    const counter = sequence?.mayRead ? [nextOf(sequence)] : []
    const [rows, next = null] = (await session.askAll([...first, rowsOf(table), ...counter])).slice(first.length) as [Row[], (string | null)?]
    return { rows, sequence: next }
  },

  readSequence,

  async attempt(session, work) {
    await session.run('SAVEPOINT migstate_probe')
    try {
      return await work()
    } finally {
      await session.run('ROLLBACK TO SAVEPOINT migstate_probe')
    }
  },

  missingGrants,

  shadow,

  rehearsal,

  shadowGrants,

  temporaryGrant,

  insertRow(table, row: NewRow) {
    const { shape } = table
    const extra = extraValues(shape, row)
    const columns = [...(row.id === undefined ? [] : ['id']), 'app', 'name', 'applied', ...extra.map(({ column }) => quoted(column.name))]
    const cast = (type: string) => `CAST(? AS ${type})`
    const values = [
      ...(row.id === undefined ? [] : [cast(typeOf(shape, 'id'))]),
      '?',
      '?',
      cast(table.appliedType),
      ...extra.map(({ column }) => cast(column.type)),
    ]
    const bindings: Binding[] = [...(row.id === undefined ? [] : [row.id]), ...keyOf(row), appliedValue(row), ...extra.map(({ value }) => value)]
    const overriding = row.id === undefined ? '' : ' OVERRIDING SYSTEM VALUE'
    const sql = `INSERT INTO ${table.sql} (${columns.join(', ')})${overriding} VALUES (${values.join(', ')}) RETURNING id::text AS id`
    return { sql, bindings, read: ({ rows }) => addedId(table, row, rows[0]) }
  },

  async takenAlong(session, table, ids) {
    const { followers = [], stranger } = table
    return stranger ? followers.map(({ label }) => label) : followersOf(session, followers, ids, () => false)
  },

  deleteRow: (table, id) => ({ sql: `DELETE FROM ${table.sql} WHERE ${byId(table)}`, bindings: [id], read: ({ affected }) => affected }),

  updateRow(table, id, after) {
    const may = new Set(writable(table.shape))
    const extra = extraValues(table.shape, after).filter(({ column }) => may.has(column))
    const sets = [
      'app = ?',
      'name = ?',
      `applied = CAST(? AS ${table.appliedType})`,
      ...extra.map(({ column }) => `${quoted(column.name)} = CAST(? AS ${column.type})`),
    ]
    const bindings = [...keyOf(after), appliedValue(after), ...extra.map(({ value }) => value), id]
    return { sql: `UPDATE ${table.sql} SET ${sets.join(', ')} WHERE ${byId(table)}`, bindings, read: ({ affected }) => affected }
  },

  async sequenceStep(session, table) {
    const sequence = await sequenceOf(session, table)
    if (sequence && sequence.others.length > 0) return 'shared'
    if (sequence?.owned) return 'inside'
    return sequence?.mayUpdate ? 'after' : 'never'
  },

  async setSequence(session, table, next) {
    const sequence = await sequenceOf(session, table)
    if (!sequence) return
    // ALTER SEQUENCE rolls back with the transaction; setval does not, but needs no ownership.
    if (sequence.owned) await session.run(`ALTER SEQUENCE ${sequence.sql} RESTART WITH ${BigInt(next)}`)
    else await session.rows('SELECT setval(CAST(? AS regclass), CAST(? AS bigint), false)', [sequence.sql, BigInt(next).toString()])
  },

  idMending,
  mendId,

  async createJournal(session, table, journal) {
    await session.run(begin(''))
    try {
      for (const statement of [...journalDdl(journal), ...(await grantsToOwner(session, table, journal))]) await session.run(statement)
      await session.run('COMMIT')
    } catch (error) {
      await session.run('ROLLBACK').catch(() => {})
      throw error
    }
    if (!table.stranger) await handOver(session, table)
  },

  async indexJournal(session, table, journal) {
    await indexJournal(session, table, journal)
    await handOver(session, table)
  },

  byBytes: (column) => `${column} COLLATE "C"`,

  textSql: sqlText,

  timeSql: (table, stamp) => `CAST(${sqlText(stamp)} AS ${table.appliedType})`,

  exactly: (column, text) => `${column} COLLATE "C" = ${sqlText(text)}`,

  async dropJournal(session, journal) {
    // A reader of the journal is waited for, and no longer than this.
    const drop = `DROP TABLE IF EXISTS ${journal.snapshotRow}, ${journal.event}, ${journal.operation}`
    await session.run(begin('', "SET LOCAL lock_timeout = '5s'", drop, 'COMMIT'))
  },

  journalDdl: (_table, journal) => journalDdl(journal),

  async widenJournal(session, journal) {
    await session.run(begin('', LOCK_TIMEOUT, this.wideDdl(journal), 'COMMIT'))
  },

  wideDdl: (journal) => `ALTER TABLE ${journal.snapshotRow} ADD COLUMN IF NOT EXISTS extra pg_catalog.text`,

  copyRows(table, journal: JournalTables, snapshot) {
    const more = moreOf(table)
    const sql = `INSERT INTO ${journal.snapshotRow} (snapshot, row_id, app, name, applied${more === null ? '' : ', extra'})
       SELECT ?, coalesce(id::text, 'NULL'), coalesce(app, 'NULL'), coalesce(name, 'NULL'), applied::text${more === null ? '' : `, ${more}`} FROM ${table.sql}`
    return { sql, bindings: [snapshot], read: () => {} }
  },

  readSnapshotRows: (journal, snapshot) => ({ sql: `SELECT * FROM ${journal.snapshotRow} WHERE snapshot = ?`, bindings: [snapshot], read: toSnapshotRows }),
}

function rowsOf(table: HistoryTable): Question<Row[]> {
  const more = moreOf(table)
  return {
    sql: `SELECT id::text AS id, app, name, applied::text AS applied${more === null ? '' : `, ${more} AS more`} FROM ${table.sql} ORDER BY 1`,
    read: ({ rows }) => (rows as RawRow[]).map(toRow),
  }
}

/** Django works as the owner of its table: a rerun in shadow mode needs these rights on the side tables. */
async function grantsToOwner(session: Session, table: HistoryTable, journal: JournalTables): Promise<string[]> {
  const [owner] = await session.rows<{ role: string; same: string }>(
    'SELECT quote_ident(pg_get_userbyid(relowner)) AS role, (pg_get_userbyid(relowner) = current_user)::text AS same FROM pg_class WHERE oid = to_regclass(?)',
    [table.sql],
  )
  return owner && owner.same !== 'true' ? shadowGrants(journal, owner.role) : []
}

/** A backslash is one in every setting of the server only behind an E. */
function sqlText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return text.includes('\\') ? `E${quoted}` : quoted
}
