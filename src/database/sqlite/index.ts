import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import type { ConnectionSpec, SqliteSpec } from '../../config/index.js'
import { MigstateError } from '../../errors/index.js'
import type { Dialect, HistoryTable, ServerFacts, TableSearch } from '../dialect.js'
import { isFailure } from '../failure.js'
import { quoteIdentifier } from '../identifier.js'
import type { NewRow, Row, SqliteType } from '../row.js'
import type { Binding, Session } from '../session.js'
import { connect } from './connect.js'
import { introspect } from './introspect.js'
import { journalDdl, journalIndexes } from './journal-ddl.js'
import { lockFileHolder, tryLockFile } from './lock-file.js'
import { journalFacts } from './journal-facts.js'
import { shadow } from './shadow.js'
import { untilFree } from './until-free.js'

const quote = (name: string) => quoteIdentifier(name, '"', 1_000_000)

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

  async describe(session: Session, spec: ConnectionSpec): Promise<ServerFacts> {
    const [facts] = await session.rows<{ version: string }>('SELECT sqlite_version() AS version')
    const { path } = spec as SqliteSpec
    return { engine: 'sqlite', version: facts?.version ?? '', host: null, name: path, readOnly: whyReadOnly(path), pooled: false }
  },

  async findTable(session, wanted): Promise<TableSearch> {
    if (wanted.schema !== undefined) throw new MigstateError('usage', '--schema belongs to PostgreSQL.', { hint: 'Leave --schema out.' })
    const [found] = await untilFree(() =>
      session.rows<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?)", [wanted.name]),
    )
    return { table: found ? tableNamed(found.name) : null, others: [], currentSchema: null }
  },

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

  async tableFacts(session, _beside, name) {
    const columns = await session.rows<{ name: string; notnull: unknown; dflt_value: string | null; pk: unknown }>(
      'SELECT name, "notnull", dflt_value, pk FROM pragma_table_info(?)',
      [name],
    )
    // sqlite_stat1 has an estimate only after ANALYZE; counting to the limit is cheap, counting all of a large table is not.
    const counted = columns.length > 0 ? await session.rows<{ n: unknown }>(`SELECT count(*) AS n FROM (SELECT 1 FROM ${quote(name)} LIMIT 100000)`) : []
    return {
      exists: columns.length > 0,
      columns: columns.map((one) => ({
        name: one.name,
        nullable: String(one.notnull) === '0' && String(one.pk) === '0',
        hasDefault: one.dflt_value !== null || String(one.pk) !== '0',
      })),
      rows: counted[0] === undefined ? null : Number(counted[0].n),
    }
  },
  async sessionsUsing() {
    return []
  },

  async readRows(session, table) {
    return toRows(await session.rows(`SELECT CAST(id AS TEXT) AS id, app, name, ${APPLIED} FROM ${table.sql}`))
  },

  async readSequence(session, table) {
    const [counter] = await session.rows("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")
    if (!counter || !(await isAutoincrement(session, table))) return null
    const [row] = await session.rows<{ next: string }>('SELECT CAST(seq + 1 AS TEXT) AS next FROM sqlite_sequence WHERE name = ?', [table.name])
    return row?.next ?? '1'
  },

  async tryAdvisoryLock(session) {
    const lock = await tryLockFile(await fileOf(session))
    // As a server's lock ends with its session.
    if (lock) session.alsoEnd(() => lock.release())
    return lock
  },
  async advisoryLockHolder(session) {
    return lockFileHolder(await fileOf(session))
  },
  async nameSession() {
    // A file has no sessions.
  },
  async sessionsNamed() {
    return null
  },

  async tryBeginEdit(session) {
    try {
      // Not a deferred BEGIN: its first write after a read fails at once on a stale WAL snapshot.
      await session.run('BEGIN IMMEDIATE')
      return true
    } catch (error) {
      if (isFailure(error, 'busy')) return false
      throw error
    }
  },
  async beginJournaling(session) {
    await session.run('BEGIN IMMEDIATE')
  },
  async probeUpdate() {
    // A file that may be written may be written whole.
  },
  shadow: async (session, request) => shadow(await fileOf(session), request),
  missingGrants: async () => [],
  shadowGrants: () => [],

  async tableLockHolder() {
    return undefined
  },
  async fireDeferred() {
    // Foreign keys alone can wait for the COMMIT, and they only refuse (sqlite.org/foreignkeys.html, 4.2).
  },
  async commitEdit(session) {
    // A reader of the rollback journal mode delays COMMIT; it goes away, we stay.
    await untilFree(() => session.run('COMMIT'))
  },
  async endEdit() {
    // COMMIT has given the file back already.
  },
  async rollbackEdit(session) {
    await session.run('ROLLBACK')
  },

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

function tableNamed(name: string): HistoryTable {
  return { schema: null, name, sql: quote(name), label: name, appliedType: 'datetime' }
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

async function fileOf(session: Session): Promise<string> {
  const [main] = await session.rows<{ file: string }>('PRAGMA database_list')
  return main?.file ?? ''
}

function whyReadOnly(path: string): string | null {
  try {
    accessSync(path, constants.W_OK)
    // The rollback journal and the lock file lie beside the database.
    accessSync(dirname(path), constants.W_OK)
    return null
  } catch {
    return `the file or its folder may not be written (${path})`
  }
}
