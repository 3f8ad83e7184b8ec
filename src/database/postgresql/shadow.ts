import type { HistoryTable, JournalTables } from '../history-table.js'
import type { ShadowRequest, ShadowSql } from '../dialect.js'
import { quoteIdentifier } from '../identifier.js'
import { lockNumber } from '../lock-key.js'
import type { Session } from '../session.js'
import type { PostgresqlSession } from './session.js'
import { checked, hideRows, insertEvent, SHADOW_COLUMN, SHADOW_TABLE } from '../shadow.js'
import type { ShadowCheck } from '../shadow-check.js'

const TEMPORARY = `pg_temp."${SHADOW_TABLE}"`

/**
 * These statements run in Django's session, with Django's search path, where anybody who may create in one of its schemas may have
 * planted what fits better (CVE-2018-1058): every function, operator and type has its schema. Only the name of the table has none,
 * for what it finds is the question.
 */
const EQUALS = 'OPERATOR(pg_catalog.=)'
const asText = (value: string) => `'${value.replaceAll("'", "''")}'::pg_catalog.text`

/** Explicit DDL: LIKE and AS SELECT wait for the real table's lock, and LIKE shares its sequence. */
export async function shadow(session: Session, { history, journal, operation, snapshot, hidden }: ShadowRequest): Promise<ShadowSql> {
  const all = checks(history, journal, operation, await ownSession(session))
  return {
    early: all.filter(({ reason }) => reason === 'pooler' || reason === 'read-only'),
    drop: `DROP TABLE IF EXISTS ${TEMPORARY}`,
    checks: all.filter(({ reason }) => reason !== 'pooler' && reason !== 'read-only'),
    make: [
      `SELECT pg_catalog.set_config('application_name', 'migstate:${checked(operation)}', false)`,
      `CREATE TEMPORARY TABLE "${SHADOW_TABLE}" (id bigserial PRIMARY KEY, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied pg_catalog.timestamptz, ${SHADOW_COLUMN} varchar(64) DEFAULT '${checked(operation)}')`,
      `INSERT INTO ${TEMPORARY} (id, app, name, applied) SELECT row_id::pg_catalog.int8, app, name, applied::pg_catalog.timestamptz FROM ${journal.snapshotRow} WHERE snapshot::pg_catalog.text ${EQUALS} ${asText(checked(snapshot))}`,
      ...hideRows(hidden, (ids) => `DELETE FROM ${TEMPORARY} WHERE ${ownRow(operation)} AND id ${EQUALS} ANY (ARRAY[${ids.join(', ')}]::pg_catalog.int8[])`),
      // A receiver of the project may set another role afterwards.
      `GRANT ALL ON TABLE ${TEMPORARY} TO PUBLIC`,
      `SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence('${TEMPORARY}', 'id')::pg_catalog.regclass, coalesce((SELECT pg_catalog.max(id) FROM ${TEMPORARY}), 1))`,
    ],
    insertEvent: insertEvent(journal.event),
    role: 'SELECT pg_catalog.quote_ident(current_user::pg_catalog.text)',
    live: `SELECT pg_catalog.count(*) FROM ${SHADOW_TABLE} WHERE ${ownRow(operation)}`,
  }
}

function ownRow(operation: string): string {
  return `${SHADOW_COLUMN}::pg_catalog.text ${EQUALS} ${asText(checked(operation))}`
}

export function shadowGrants(journal: JournalTables, role: string): string[] {
  return [`GRANT SELECT ON ${journal.snapshotRow} TO ${role}`, `GRANT SELECT, INSERT ON ${journal.event} TO ${role}`]
}

/** @param role quoted */
export function temporaryGrant(database: string, role: string): string {
  return `GRANT TEMPORARY ON DATABASE ${quoteIdentifier(database, '"', 63)} TO ${role}`
}

/** That a session is in this database, of this server, while this tool holds its lock. */
export async function identity(session: Session, history: HistoryTable): Promise<ShadowCheck[]> {
  return identityChecks(history, await ownSession(session))
}

interface OwnSession {
  pid: string
  /** The pooler that keeps sessions together and stands between, if one does. */
  through: string | null
}

async function ownSession(session: Session): Promise<OwnSession> {
  const [own] = await session.rows<{ pid: string }>('SELECT pg_backend_pid()::text AS pid')
  return { pid: own?.pid ?? '0', through: (session as PostgresqlSession).sessionPooler }
}

const oid = (name: string) => `pg_catalog.to_regclass(${asText(name)})::pg_catalog.oid`

function identityChecks(history: HistoryTable, { pid, through }: OwnSession): ShadowCheck[] {
  const key = BigInt.asUintN(64, lockNumber([history.label]))
  const number = (column: string, value: bigint) => `${column}::pg_catalog.int8 ${EQUALS} ${value}::pg_catalog.int8`
  return [
    {
      reason: 'pooler',
      as: 'pid',
      ...(through === null ? {} : { through }),
      want: 'same',
      text: 'a pooler stands between Django and the server, and a temporary table does not hold through it',
      sql: 'SELECT pg_catalog.pg_backend_pid()',
    },
    {
      // The lock proves this server, at this moment, and the tool that holds it alive; both numbers of a bigint key are unsigned oids.
      reason: 'other-database',
      want: '1',
      text: 'the advisory lock of this rerun is not held in the database that manage.py uses',
      sql: `SELECT pg_catalog.count(*) FROM pg_catalog.pg_locks WHERE locktype::pg_catalog.text ${EQUALS} ${asText('advisory')} AND granted AND ${number('classid', key >> 32n)} AND ${number('objid', key & 0xffffffffn)} AND ${number('objsubid', 1n)} AND ${number('pid', BigInt(pid))} AND database ${EQUALS} (SELECT oid FROM pg_catalog.pg_database WHERE datname ${EQUALS} pg_catalog.current_database())`,
    },
    {
      reason: 'other-database',
      want: 'same',
      text: `the table that manage.py finds as ${SHADOW_TABLE} is not ${history.label}`,
      sql: `SELECT CASE WHEN ${oid(`"${SHADOW_TABLE}"`)} ${EQUALS} ${oid(history.sql)} THEN 'same' ELSE 'other' END`,
    },
  ]
}

function checks(history: HistoryTable, journal: JournalTables, operation: string, own: OwnSession): ShadowSql['checks'] {
  const may = (table: string, right: string) => `pg_catalog.has_table_privilege(${asText(table)}, ${asText(right)})`
  return [
    ...identityChecks(history, own),
    {
      reason: 'rights',
      want: 'yes',
      text: "Django's role may not use migstate's side tables",
      sql: `SELECT CASE WHEN ${may(journal.snapshotRow, 'SELECT')} AND ${may(journal.event, 'SELECT')} AND ${may(journal.event, 'INSERT')} THEN 'yes' ELSE 'no' END`,
    },
    {
      reason: 'other-database',
      want: 'same',
      text: 'this rerun is not in the journal of the database that manage.py uses',
      sql: `SELECT CASE WHEN EXISTS (SELECT 1 FROM ${journal.event} WHERE operation::pg_catalog.text ${EQUALS} ${asText(checked(operation))}) THEN 'same' ELSE 'other' END`,
    },
    {
      reason: 'read-only',
      want: 'off',
      text: "Django's session is read-only",
      sql: "SELECT pg_catalog.current_setting('transaction_read_only'::pg_catalog.text)",
    },
    {
      reason: 'temporary-tables',
      want: 'yes',
      text: "Django's role may not make temporary tables in this database (the right TEMPORARY)",
      sql: `SELECT CASE WHEN pg_catalog.has_database_privilege(pg_catalog.current_database()::pg_catalog.text, ${asText('TEMP')}) THEN 'yes' ELSE 'no' END`,
    },
  ]
}
