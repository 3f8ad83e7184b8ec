import { followersOf } from '../taken-along.js'
import { addedId } from '../side-tables.js'
import type { Dialect } from '../dialect.js'
import type { HistoryTable, JournalTables } from '../history-table.js'
import type { NewRow } from '../row.js'
import type { Binding, Session } from '../session.js'
import { appliedValue, extraValues, keyOf, type RawRow, type RawSnapshotRow, toRow } from '../table-shape.js'
import { connect } from './connect.js'
import { begin, LOCK_TIMEOUT } from './fixed-path.js'
import { indexJournal } from './index-journal.js'
import { refuseUnsafeServer } from './before-writing.js'
import { introspect } from './introspect.js'
import { journalDdl } from './journal-ddl.js'
import { handOver } from './journal-owner.js'
import { missingGrants } from './rights.js'
import { idMending, mendId } from './mend-id.js'
import { readSequence, sequenceOf } from './sequence.js'
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

  async reading(session, work) {
    await session.run(begin('ISOLATION LEVEL REPEATABLE READ READ ONLY', LOCK_TIMEOUT))
    try {
      return await work()
    } finally {
      await session.run('ROLLBACK').catch(() => {})
    }
  },

  journalFacts,
  introspect,

  refuseUnsafeServer,

  fractionText(table, microseconds) {
    const digits = microseconds.slice(0, Number(/\((\d)\)/.exec(table.appliedType)?.[1] ?? 6)).replace(/0+$/, '')
    return digits === '' ? '' : `.${digits}`
  },

  timeKept: ({ appliedType }) => (appliedType === 'date' ? 'day' : /^timestamp.* without time zone$/.test(appliedType) ? 'local' : 'instant'),

  async readRows(session, table) {
    const more = moreOf(table)
    const found = await session.rows<RawRow>(
      `SELECT id::text AS id, app, name, applied::text AS applied${more === null ? '' : `, ${more} AS more`} FROM ${table.sql} ORDER BY 1`,
    )
    return found.map(toRow)
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

  async insertRow(session, table, row: NewRow) {
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
    const [added] = await session.rows<{ id: string }>(
      `INSERT INTO ${table.sql} (${columns.join(', ')})${row.id === undefined ? '' : ' OVERRIDING SYSTEM VALUE'} VALUES (${values.join(', ')}) RETURNING id::text AS id`,
      bindings,
    )
    return addedId(table, row, added)
  },

  async takenAlong(session, table, ids) {
    const found = await session.rows<{ label: string; schema: string; name: string; own: string | null }>(
      `SELECT k.conrelid::regclass::text AS label, n.nspname AS schema, c.relname AS name,
              CASE WHEN array_length(k.conkey, 1) = 1 AND h.attname = 'id' THEN a.attname END AS own
         FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1] JOIN pg_attribute h ON h.attrelid = k.confrelid AND h.attnum = k.confkey[1]
        WHERE k.confrelid = to_regclass(?) AND k.contype = 'f' AND k.confdeltype IN ('c', 'n', 'd') ORDER BY 1`,
      [table.sql],
    )
    const followers = found.map(({ label, schema, name, own }) => ({ label, sql: `${quote(schema)}.${quote(name)}`, column: own === null ? null : quote(own) }))
    return table.stranger ? followers.map(({ label }) => label) : followersOf(session, followers, ids, () => false)
  },

  deleteRow: (session, table, id) => session.run(`DELETE FROM ${table.sql} WHERE ${byId(table)}`, [id]),

  updateRow(session, table, id, after) {
    const may = new Set(writable(table.shape))
    const extra = extraValues(table.shape, after).filter(({ column }) => may.has(column))
    const sets = [
      'app = ?',
      'name = ?',
      `applied = CAST(? AS ${table.appliedType})`,
      ...extra.map(({ column }) => `${quoted(column.name)} = CAST(? AS ${column.type})`),
    ]
    return session.run(`UPDATE ${table.sql} SET ${sets.join(', ')} WHERE ${byId(table)}`, [
      ...keyOf(after),
      appliedValue(after),
      ...extra.map(({ value }) => value),
      id,
    ])
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

  async copyRows(session, table, journal: JournalTables, snapshot) {
    const more = moreOf(table)
    await session.run(
      `INSERT INTO ${journal.snapshotRow} (snapshot, row_id, app, name, applied${more === null ? '' : ', extra'})
       SELECT ?, coalesce(id::text, 'NULL'), coalesce(app, 'NULL'), coalesce(name, 'NULL'), applied::text${more === null ? '' : `, ${more}`} FROM ${table.sql}`,
      [snapshot],
    )
  },

  async readSnapshotRows(session, journal, snapshot) {
    const found = await session.rows<RawSnapshotRow>(`SELECT * FROM ${journal.snapshotRow} WHERE snapshot = ?`, [snapshot])
    return found.map(({ row_id: id, app, name, applied, extra: more }) => toRow({ id, app, name, applied, more }))
  },
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
