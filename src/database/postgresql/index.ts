import type { ConnectionSpec, ServerSpec } from '../../config/index.js'
import type { AdvisoryLock, Dialect, HistoryTable, JournalTables, ServerFacts, TableSearch } from '../dialect.js'
import { isFailure } from '../failure.js'
import { quoteIdentifier } from '../identifier.js'
import { lockNumber } from '../lock-key.js'
import type { NewRow, Row } from '../row.js'
import { committing, type Session } from '../session.js'
import { connect } from './connect.js'
import { journalDdl } from './journal-ddl.js'
import { missingGrants } from './rights.js'
import { readSequence, sequenceOf } from './sequence.js'
import { shadow, shadowGrants } from './shadow.js'

const quote = (name: string) => quoteIdentifier(name, '"', 63)

/** Through a transaction pooler settings of the session do not hold, so each transaction repeats them. */
const EXACT_TEXT = "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'"

export const postgresql: Dialect = {
  engine: 'postgresql',
  capabilities: { transactionalDdl: true, showsSessions: true, showsShadows: true, writesBesideChild: true, schemas: true, storesInstants: true },
  quote,
  connect: (spec) => connect(spec),

  async describe(session: Session, spec: ConnectionSpec): Promise<ServerFacts> {
    const [facts] = await session.rows<{ version: string; name: string; pid: string; standby: string; read_only: string }>(
      `SELECT current_setting('server_version') AS version, current_database() AS name, pg_backend_pid()::text AS pid,
              pg_is_in_recovery()::text AS standby, current_setting('transaction_read_only') AS read_only`,
    )
    const server = spec as ServerSpec
    const driver = session.driver as { processID?: number; host?: string }
    return {
      engine: 'postgresql',
      version: (facts?.version ?? '').split(' ')[0] as string,
      host: server.socket ?? server.host ?? driver.host ?? null,
      name: facts?.name ?? '',
      readOnly: facts?.standby === 'true' ? 'it is a standby (pg_is_in_recovery)' : facts?.read_only === 'on' ? 'transaction_read_only is on' : null,
      // A pooler answers the start-up with a process id of its own.
      pooled: driver.processID !== undefined && String(driver.processID) !== facts?.pid,
    }
  },

  async findTable(session, wanted): Promise<TableSearch> {
    const found = await session.rows<{ schema: string; visible: string; type: string; current: string; readable: string }>(
      `SELECT n.nspname AS schema, pg_table_is_visible(c.oid)::text AS visible, format_type(a.atttypid, a.atttypmod) AS type,
              (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))::text AS readable
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'applied' AND NOT a.attisdropped
        WHERE c.relname = ? AND c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
        ORDER BY n.nspname`,
      [wanted.name],
    )
    const [here] = await session.rows<{ current: string | null }>('SELECT current_schema() AS current')
    const chosen = wanted.schema !== undefined ? found.find((row) => row.schema === wanted.schema) : found.find((row) => row.visible === 'true')
    return {
      table: chosen ? tableAt(chosen.schema, wanted.name, chosen.type) : null,
      others: found.filter((row) => row !== chosen && row.readable === 'true').map((row) => `${row.schema}.${wanted.name}`),
      currentSchema: here?.current ?? null,
    }
  },

  async reading(session, work) {
    await session.run(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${EXACT_TEXT}; SET LOCAL lock_timeout = '500ms'`)
    try {
      return await work()
    } finally {
      await session.run('ROLLBACK').catch(() => {})
    }
  },

  async tableExists(session, beside, name) {
    const found = await session.rows('SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ? AND c.relname = ?', [
      beside.schema,
      name,
    ])
    return found.length > 0
  },

  fractionText(table, microseconds) {
    const digits = microseconds.slice(0, Number(/\((\d)\)/.exec(table.appliedType)?.[1] ?? 6)).replace(/0+$/, '')
    return digits === '' ? '' : `.${digits}`
  },

  async tableFacts(session, beside, name) {
    const columns = await session.rows<{ name: string; nullable: string; given: string }>(
      `SELECT a.attname AS name, (NOT a.attnotnull)::text AS nullable, (a.atthasdef OR a.attidentity <> '')::text AS given
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ? AND c.relname = ? AND a.attnum > 0 AND NOT a.attisdropped`,
      [beside.schema, name],
    )
    const [size] = await session.rows<{ rows: string }>(
      'SELECT c.reltuples::bigint::text AS rows FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ? AND c.relname = ?',
      [beside.schema, name],
    )
    const estimate = Number(size?.rows ?? -1)
    return {
      exists: columns.length > 0,
      columns: columns.map((one) => ({ name: one.name, nullable: one.nullable === 'true', hasDefault: one.given === 'true' })),
      rows: estimate < 0 ? null : estimate,
    }
  },
  async sessionsUsing(session, history, tables) {
    const found = await session.rows<{ pid: string; usename: string | null; application: string | null; state: string | null; since: string | null }>(
      `SELECT DISTINCT l.pid::text AS pid, a.usename AS usename, a.application_name AS application, a.state AS state,
              date_trunc('second', now() - a.xact_start)::text AS since
         FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
         LEFT JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.granted AND l.pid <> pg_backend_pid() AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND n.nspname = ? AND c.relname IN (${[history.name, ...tables].map(() => '?').join(', ')})`,
      [history.schema, history.name, ...tables],
    )
    return found.map(
      (one) =>
        `PostgreSQL session ${one.pid}${one.usename ? ` of ${one.usename}` : ''}${one.application ? `, "${one.application}"` : ''} holds locks on its tables${one.since ? ` since ${one.since}` : ''}${one.state ? ` (${one.state})` : ''}`,
    )
  },

  async readRows(session, table) {
    return (await session.rows(`SELECT id::text AS id, app, name, applied::text AS applied FROM ${table.sql} ORDER BY 1`)) as unknown as Row[]
  },
  readSequence,

  async tryAdvisoryLock(session, table): Promise<AdvisoryLock | null> {
    const key = lockNumber([table.label]).toString()
    const [answer] = await session.rows<{ locked: string }>('SELECT pg_try_advisory_lock(?)::text AS locked', [key])
    if (answer?.locked !== 'true') return null
    return { release: async () => void (await session.run('SELECT pg_advisory_unlock(?)', [key]).catch(() => {})) }
  },

  async advisoryLockHolder(session, table) {
    const key = BigInt.asUintN(64, lockNumber([table.label]))
    return holderLine(
      await session.rows(
        `SELECT l.pid::text AS pid, a.usename AS usename, a.application_name AS application, a.client_addr::text AS address
           FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
          WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND l.classid::bigint = ? AND l.objid::bigint = ? AND l.objsubid = 1 AND l.pid <> pg_backend_pid()`,
        [(key >> 32n).toString(), (key & 0xffffffffn).toString()],
      ),
    )
  },

  async nameSession(session, name) {
    await session.rows("SELECT set_config('application_name', ?, false)", [name.slice(0, 63)])
  },

  async sessionsNamed(session, name) {
    const found = await session.rows<{ pid: string; state: string | null }>(
      'SELECT pid::text AS pid, state FROM pg_stat_activity WHERE application_name = ? AND pid <> pg_backend_pid()',
      [name.slice(0, 63)],
    )
    return found.map((row) => `PostgreSQL session ${row.pid}${row.state ? ` (${row.state})` : ''}`)
  },

  async tryBeginEdit(session, table) {
    await session.run(`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ${EXACT_TEXT}; SET LOCAL lock_timeout = '500ms'; SET LOCAL statement_timeout = 0`)
    try {
      // Weaker modes let Django run its DDL first and then wait while it holds the application's tables.
      await session.run(`LOCK TABLE ${table.sql} IN ACCESS EXCLUSIVE MODE`)
      return true
    } catch (error) {
      await session.run('ROLLBACK').catch(() => {})
      if (isFailure(error, 'busy')) return false
      throw error
    }
  },

  async journaling(session, _table, work) {
    await session.run(`BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE; ${EXACT_TEXT}; SET LOCAL lock_timeout = '500ms'`)
    return committing(session, work)
  },
  async probeUpdate(session, table, row) {
    await session.run('SAVEPOINT migstate_probe')
    await this.updateRow(session, table, row.id, row)
    await session.run('ROLLBACK TO SAVEPOINT migstate_probe')
  },
  missingGrants,
  shadow,
  shadowGrants,

  async tableLockHolder(session, table) {
    return holderLine(
      await session.rows(
        `SELECT DISTINCT l.pid::text AS pid, a.usename AS usename, a.application_name AS application, a.client_addr::text AS address
           FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
          WHERE l.relation = to_regclass(?) AND l.granted AND l.pid <> pg_backend_pid()`,
        [table.sql],
      ),
    )
  },

  async commitEdit(session) {
    await session.run('COMMIT')
  },
  async endEdit() {
    // COMMIT has given the table lock back already.
  },
  async rollbackEdit(session) {
    await session.run('ROLLBACK')
  },

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
            `INSERT INTO ${table.sql} (id, app, name, applied) OVERRIDING SYSTEM VALUE VALUES (?, ?, ?, ${values}) RETURNING id::text AS id`,
            [row.id, row.app, row.name, row.applied],
          )
    return (added as { id: string }).id
  },
  deleteRow: (session, table, id) => session.run(`DELETE FROM ${table.sql} WHERE id = ?`, [id]),
  updateRow: (session, table, id, after) =>
    session.run(`UPDATE ${table.sql} SET app = ?, name = ?, applied = CAST(? AS ${table.appliedType}) WHERE id = ?`, [
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
    await session.run('BEGIN')
    try {
      for (const statement of [...journalDdl(journal), ...(await grantsToOwner(session, table, journal))]) await session.run(statement)
      await session.run('COMMIT')
    } catch (error) {
      await session.run('ROLLBACK').catch(() => {})
      throw error
    }
  },
  async dropJournal(session, journal) {
    // A reader of the journal is waited for, and no longer than this.
    await session.run(`BEGIN; SET LOCAL lock_timeout = '5s'; DROP TABLE IF EXISTS ${journal.snapshotRow}, ${journal.event}, ${journal.operation}; COMMIT`)
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

function tableAt(schema: string, name: string, appliedType: string | null): HistoryTable {
  return {
    schema,
    name,
    sql: `${quote(schema)}.${quote(name)}`,
    label: `${schema}.${name}`,
    appliedType: appliedType ?? 'timestamp with time zone',
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

function holderLine(found: { [key: string]: string | null }[]): string | null {
  const [holder] = found
  if (!holder) return null
  const who = holder.usename ? ` of ${holder.usename}` : ''
  const application = holder.application ? `, "${holder.application}"` : ''
  return `PostgreSQL session ${holder.pid}${who}${application}${holder.address ? ` from ${holder.address}` : ''}`
}
