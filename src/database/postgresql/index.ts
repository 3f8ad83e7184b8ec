import type { ConnectionSpec, ServerSpec } from '../../config/index.js'
import { type AdvisoryLock, type Dialect, type HistoryTable, type JournalTables, type ServerFacts, SHORT_WAIT, type TableSearch } from '../dialect.js'
import { isFailure } from '../failure.js'
import { quoteIdentifier } from '../identifier.js'
import { lockNumber } from '../lock-key.js'
import type { NewRow, Row } from '../row.js'
import type { Session } from '../session.js'
import { connect } from './connect.js'
import { begin } from './fixed-path.js'
import { indexJournal } from './index-journal.js'
import { introspect } from './introspect.js'
import { journalDdl } from './journal-ddl.js'
import { relationsNamed } from './relations.js'
import { missingGrants } from './rights.js'
import { readSequence, sequenceOf } from './sequence.js'
import type { PostgresqlSession } from './session.js'
import { shadow, shadowGrants } from './shadow.js'
import { journalFacts, lookAgain, trustOf } from './trust.js'

const quote = (name: string) => quoteIdentifier(name, '"', 63)

const LOCK_TIMEOUT = "SET LOCAL lock_timeout = '500ms'"

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

  async describe(session: Session, spec: ConnectionSpec): Promise<ServerFacts> {
    const { version, name, standby, readOnly, pooled } = (session as PostgresqlSession).opening
    const server = spec as ServerSpec
    const driver = session.driver as { host?: string }
    return {
      engine: 'postgresql',
      version,
      host: server.socket ?? server.host ?? driver.host ?? null,
      name,
      readOnly: standby ? 'it is a standby (pg_is_in_recovery)' : readOnly ? 'transaction_read_only is on' : null,
      pooled,
    }
  },

  async findTable(session, wanted): Promise<TableSearch> {
    const { schemas } = (session as PostgresqlSession).opening
    const found = await relationsNamed(session, [wanted.name])
    const tables = found.filter(({ kind }) => kind === 'r' || kind === 'p')
    // Whatever has the name in the first schema that has it: a view there hides the tables behind it, as for the connection itself.
    const first = schemas.find((schema) => found.some((relation) => relation.schema === schema))
    const chosen = tables.find(({ schema }) => schema === (wanted.schema ?? first))
    const trust = chosen && trustOf(chosen)
    const type = chosen?.columns.find(({ name }) => name === 'applied')?.type ?? null
    return {
      table: chosen ? { ...tableAt(chosen.schema, wanted.name, type), stranger: trust?.stranger ?? false } : null,
      others: tables.filter((one) => one !== chosen && one.readable).map(({ schema }) => `${schema}.${wanted.name}`),
      currentSchema: schemas[0] ?? null,
      ...(trust ? { trust } : {}),
    }
  },

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
    const [answer] = await session.rows<{ locked: string }>('SELECT pg_try_advisory_lock(CAST(? AS bigint))::text AS locked', [key])
    if (answer?.locked !== 'true') return null
    return { release: async () => void (await session.run('SELECT pg_advisory_unlock(CAST(? AS bigint))', [key]).catch(() => {})) }
  },

  async advisoryLockHolder(session, table) {
    const key = BigInt.asUintN(64, lockNumber([table.label]))
    return holderLine(
      await session.rows(
        `SELECT l.pid::text AS pid, a.usename AS usename, a.application_name AS application, host(a.client_addr) AS address
           FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
          WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND l.classid::bigint = CAST(? AS bigint) AND l.objid::bigint = CAST(? AS bigint) AND l.objsubid = 1 AND l.pid <> pg_backend_pid()`,
        [(key >> 32n).toString(), (key & 0xffffffffn).toString()],
      ),
    )
  },

  async nameSession(session, name) {
    // Through a pooler the name would be left behind for others.
    if ((session as PostgresqlSession).opening.pooled) return
    await session.rows("SELECT set_config('application_name', ?, false)", [name.slice(0, 63)])
  },

  async sessionsNamed(session, name) {
    const found = await session.rows<{ pid: string; state: string | null }>(
      'SELECT pid::text AS pid, state FROM pg_stat_activity WHERE application_name = ? AND pid <> pg_backend_pid()',
      [name.slice(0, 63)],
    )
    return found.map((row) => `PostgreSQL session ${row.pid}${row.state ? ` (${row.state})` : ''}`)
  },

  async tryBeginEdit(session, table, journal) {
    await session.run(begin('ISOLATION LEVEL READ COMMITTED READ WRITE', `SET LOCAL lock_timeout = '${SHORT_WAIT}ms'`, 'SET LOCAL statement_timeout = 0'))
    try {
      // Weaker modes let Django run its DDL first and then wait while it holds the application's tables.
      await session.run(`LOCK TABLE ${table.sql} IN ACCESS EXCLUSIVE MODE; ${LOCK_TIMEOUT}`)
      if (table.stranger) await holdStill(session, table, journal)
      return true
    } catch (error) {
      await session.run('ROLLBACK').catch(() => {})
      if (isFailure(error, 'busy')) return false
      throw error
    }
  },

  async beginJournaling(session) {
    await session.run(begin('ISOLATION LEVEL REPEATABLE READ READ WRITE', LOCK_TIMEOUT))
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
        `SELECT DISTINCT l.pid::text AS pid, a.usename AS usename, a.application_name AS application, host(a.client_addr) AS address,
                to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS since
           FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
          WHERE l.relation = to_regclass(?) AND l.granted AND l.pid <> pg_backend_pid()`,
        [table.sql],
      ),
    )
  },

  async fireDeferred(session) {
    // Constraint triggers (manual, SET CONSTRAINTS).
    await session.run('SET CONSTRAINTS ALL IMMEDIATE')
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

function tableAt(schema: string, name: string, appliedType: string | null): HistoryTable {
  return {
    schema,
    name,
    sql: `${quote(schema)}.${quote(name)}`,
    label: `${schema}.${name}`,
    appliedType: appliedType ?? 'timestamp with time zone',
  }
}

/** Locks that keep triggers and rules off the side tables, then a second look: between the first and this one the owner had time. */
async function holdStill(session: Session, table: HistoryTable, { operation, event, snapshotRow }: JournalTables): Promise<void> {
  await session.run(`LOCK TABLE ${operation}, ${event}, ${snapshotRow} IN ROW EXCLUSIVE MODE`)
  await lookAgain(session, table)
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
  const since = holder.since ? `, in a transaction since ${holder.since} UTC` : ''
  return `PostgreSQL session ${holder.pid}${who}${application}${holder.address ? ` from ${holder.address}` : ''}${since}`
}
