import type { Dialect, HistoryTable, JournalTables } from '../dialect.js'
import type { NewRow, Row } from '../row.js'
import type { Session } from '../session.js'
import { connect } from './connect.js'
import { begin, LOCK_TIMEOUT } from './fixed-path.js'
import { indexJournal } from './index-journal.js'
import { introspect } from './introspect.js'
import { journalDdl } from './journal-ddl.js'
import { missingGrants } from './rights.js'
import { readSequence, sequenceOf } from './sequence.js'
import { rehearsal } from './rehearsal.js'
import { shadow, shadowGrants } from './shadow.js'
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
    storesInstants: true,
    waitingBlocks: true,
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

  fractionText(table, microseconds) {
    const digits = microseconds.slice(0, Number(/\((\d)\)/.exec(table.appliedType)?.[1] ?? 6)).replace(/0+$/, '')
    return digits === '' ? '' : `.${digits}`
  },

  async readRows(session, table) {
    return (await session.rows(`SELECT id::text AS id, app, name, applied::text AS applied FROM ${table.sql} ORDER BY 1`)) as unknown as Row[]
  },

  readSequence,

  async probeUpdate(session, table, row) {
    await session.run('SAVEPOINT migstate_probe')
    await this.updateRow(session, table, row.id, row)
    await session.run('ROLLBACK TO SAVEPOINT migstate_probe')
  },

  missingGrants,

  shadow,

  rehearsal,

  shadowGrants,

  async insertRow(session, table, row: NewRow) {
    const values = `CAST(? AS ${table.appliedType})`
    const [added] =
      row.id === undefined
        ? await session.rows<{ id: string }>(`INSERT INTO ${table.sql} (app, name, applied) VALUES (?, ?, ${values}) RETURNING id::text AS id`, [
            row.app,
            row.name,
            row.applied,
          ])
        : await session.rows<{ id: string }>(
            `INSERT INTO ${table.sql} (id, app, name, applied) OVERRIDING SYSTEM VALUE VALUES (CAST(? AS bigint), ?, ?, ${values}) RETURNING id::text AS id`,
            [row.id, row.app, row.name, row.applied],
          )
    return (added as { id: string }).id
  },

  deleteRow: (session, table, id) => session.run(`DELETE FROM ${table.sql} WHERE id = CAST(? AS bigint)`, [id]),

  updateRow: (session, table, id, after) =>
    session.run(`UPDATE ${table.sql} SET app = ?, name = ?, applied = CAST(? AS ${table.appliedType}) WHERE id = CAST(? AS bigint)`, [
      after.app,
      after.name,
      after.applied,
      id,
    ]),

  async sequenceStep(session, table) {
    const sequence = await sequenceOf(session, table)
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

  async createJournal(session, table, journal) {
    await session.run(begin(''))
    try {
      for (const statement of [...journalDdl(journal), ...(await grantsToOwner(session, table, journal))]) await session.run(statement)
      await session.run('COMMIT')
    } catch (error) {
      await session.run('ROLLBACK').catch(() => {})
      throw error
    }
  },

  indexJournal,

  byBytes: (column) => `${column} COLLATE "C"`,

  async dropJournal(session, journal) {
    // A reader of the journal is waited for, and no longer than this.
    const drop = `DROP TABLE IF EXISTS ${journal.snapshotRow}, ${journal.event}, ${journal.operation}`
    await session.run(begin('', "SET LOCAL lock_timeout = '5s'", drop, 'COMMIT'))
  },

  journalDdl: (_table, journal) => journalDdl(journal),

  async copyRows(session, table, journal: JournalTables, snapshot) {
    await session.run(
      `INSERT INTO ${journal.snapshotRow} (snapshot, row_id, app, name, applied) SELECT ?, id::text, app, name, applied::text FROM ${table.sql}`,
      [snapshot],
    )
  },

  async readSnapshotRows(session, journal, snapshot) {
    return (await session.rows(`SELECT row_id AS id, app, name, applied FROM ${journal.snapshotRow} WHERE snapshot = ?`, [snapshot])) as unknown as Row[]
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
