import { MigstateError } from '../../errors/index.js'
import type { Dialect, HistoryTable } from '../dialect.js'
import type { NewRow, Row, SqliteType } from '../row.js'
import type { Binding, Session } from '../session.js'
import { connect } from './connect.js'
import { introspect } from './introspect.js'
import { journalDdl, journalIndexes } from './journal-ddl.js'
import { journalFacts } from './journal-facts.js'
import { rehearsal } from './rehearsal.js'
import { shadow } from './shadow.js'
import { untilFree } from './until-free.js'
import { catalogue, quote } from './catalogue.js'
import { fileOf, locks } from './locks.js'

/** Text as it is; anything else as its SQL literal, with its type. */
const APPLIED = "CASE typeof(applied) WHEN 'text' THEN applied ELSE quote(applied) END AS applied, typeof(applied) AS type"

export const sqlite: Dialect = {
  engine: 'sqlite',

  capabilities: {
    transactionalDdl: true,
    showsSessions: false,
    showsShadows: false,
    writesBesideChild: false,
    schemas: false,
    storesInstants: false,
    waitingBlocks: false,
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

  journalFacts,
  introspect,

  fractionText: (_table, microseconds) => (microseconds === '000000' ? '' : `.${microseconds}`),

  async readRows(session, table) {
    return toRows(await session.rows(`SELECT CAST(id AS TEXT) AS id, app, name, ${APPLIED} FROM ${table.sql}`))
  },

  async readSequence(session, table) {
    const [counter] = await session.rows("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")
    if (!counter || !(await isAutoincrement(session, table))) return null
    const [row] = await session.rows<{ next: string }>('SELECT CAST(seq + 1 AS TEXT) AS next FROM sqlite_sequence WHERE name = ?', [table.name])
    return row?.next ?? '1'
  },

  async probeUpdate() {
    // A file that may be written may be written whole.
  },

  shadow: async (session, request) => shadow(await fileOf(session), request),

  rehearsal: async (session) => rehearsal(await fileOf(session)),

  missingGrants: async () => [],

  shadowGrants: () => [],

  async insertRow(session, table, row: NewRow) {
    const [applied, bindings] = value(row)
    const [added] =
      row.id === undefined
        ? await session.rows<{ id: string }>(`INSERT INTO ${table.sql} (app, name, applied) VALUES (?, ?, ${applied}) RETURNING CAST(id AS TEXT) AS id`, [
            row.app,
            row.name,
            ...bindings,
          ])
        : await session.rows<{ id: string }>(
            `INSERT INTO ${table.sql} (id, app, name, applied) VALUES (CAST(? AS INTEGER), ?, ?, ${applied}) RETURNING CAST(id AS TEXT) AS id`,
            [row.id, row.app, row.name, ...bindings],
          )
    return (added as { id: string }).id
  },

  deleteRow: (session, table, id) => session.run(`DELETE FROM ${table.sql} WHERE id = CAST(? AS INTEGER)`, [id]),

  updateRow(session, table, id, after) {
    const [applied, bindings] = value(after)
    return session.run(`UPDATE ${table.sql} SET app = ?, name = ?, applied = ${applied} WHERE id = CAST(? AS INTEGER)`, [
      after.app,
      after.name,
      ...bindings,
      id,
    ])
  },

  async sequenceStep() {
    return 'inside'
  },

  async setSequence(session, table, next) {
    await session.run('UPDATE sqlite_sequence SET seq = CAST(? AS INTEGER) WHERE name = ?', [(BigInt(next) - 1n).toString(), table.name])
  },

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

  async copyRows(session, table, journal, snapshot) {
    await session.run(
      `INSERT INTO ${journal.snapshotRow} (snapshot, row_id, app, name, applied) SELECT ?, CAST(id AS TEXT), app, name, applied FROM ${table.sql}`,
      [snapshot],
    )
  },

  async readSnapshotRows(session, journal, snapshot) {
    return toRows(await session.rows(`SELECT row_id AS id, app, name, ${APPLIED} FROM ${journal.snapshotRow} WHERE snapshot = ?`, [snapshot]))
  },
}

function toRows(found: Record<string, string | null>[]): Row[] {
  return found.map(({ id, app, name, applied, type }) => ({
    id: String(id),
    app: String(app),
    name: String(name),
    applied: String(applied),
    ...(type === 'text' ? {} : { appliedType: type as SqliteType }),
  }))
}

/** What SQLite's quote() writes; nothing else may stand in a statement unbound. */
const LITERAL = /^(NULL|-?\d+(\.\d+)?([eE][+-]?\d+)?|-?Inf|X'([0-9A-Fa-f]{2})*')$/

/** SQL and bindings of `applied`: text is bound, another storage class is written as the literal it was read as. */
function value(row: NewRow): [sql: string, bindings: Binding[]] {
  if (row.appliedType === undefined) return ['?', [row.applied]]
  if (!LITERAL.test(row.applied)) throw new MigstateError('internal-error', 'A stored value is not a SQLite literal.')
  return [row.applied, []]
}

async function isAutoincrement(session: Session, table: HistoryTable): Promise<boolean> {
  const [found] = await session.rows<{ sql: string }>("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", [table.name])
  return /\bAUTOINCREMENT\b/i.test(found?.sql ?? '')
}
