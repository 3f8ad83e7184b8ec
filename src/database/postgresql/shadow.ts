import type { HistoryTable, JournalTables, ShadowRequest, ShadowSql } from '../dialect.js'
import { lockNumber } from '../lock-key.js'
import type { Session } from '../session.js'
import { checked, hideRows, insertEvent, SHADOW_COLUMN, SHADOW_TABLE } from '../shadow.js'

const TEMPORARY = `pg_temp."${SHADOW_TABLE}"`

/** Explicit DDL: LIKE and AS SELECT wait for the real table's lock, and LIKE shares its sequence. */
export async function shadow(session: Session, { history, journal, operation, snapshot, hidden }: ShadowRequest): Promise<ShadowSql> {
  const [own] = await session.rows<{ pid: string }>('SELECT pg_backend_pid()::text AS pid')
  const all = checks(history, journal, operation, own?.pid ?? '0')
  return {
    early: all.filter(({ reason }) => reason === 'pooler' || reason === 'read-only'),
    drop: `DROP TABLE IF EXISTS ${TEMPORARY}`,
    checks: all.filter(({ reason }) => reason !== 'pooler' && reason !== 'read-only'),
    make: [
      `SELECT set_config('application_name', 'migstate:${checked(operation)}', false)`,
      `CREATE TEMPORARY TABLE "${SHADOW_TABLE}" (id bigserial PRIMARY KEY, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied timestamptz, ${SHADOW_COLUMN} varchar(64) DEFAULT '${checked(operation)}')`,
      `INSERT INTO ${TEMPORARY} (id, app, name, applied) SELECT row_id::bigint, app, name, applied::timestamptz FROM ${journal.snapshotRow} WHERE snapshot = '${checked(snapshot)}'`,
      ...hideRows(TEMPORARY, operation, hidden),
      // A receiver of the project may set another role afterwards.
      `GRANT ALL ON TABLE ${TEMPORARY} TO PUBLIC`,
      `SELECT setval(pg_get_serial_sequence('${TEMPORARY}', 'id'), (SELECT greatest(coalesce(max(id), 1), 1) FROM ${TEMPORARY}))`,
    ],
    insertEvent: insertEvent(journal.event),
    role: 'SELECT quote_ident(current_user)',
  }
}

export function shadowGrants(journal: JournalTables, role: string): string[] {
  return [`GRANT SELECT ON ${journal.snapshotRow} TO ${role}`, `GRANT SELECT, INSERT ON ${journal.event} TO ${role}`]
}

function checks(history: HistoryTable, journal: JournalTables, operation: string, pid: string): ShadowSql['checks'] {
  const key = BigInt.asUintN(64, lockNumber([history.label]))
  const name = (sql: string) => `'${sql.replaceAll("'", "''")}'`
  const may = (table: string, right: string) => `has_table_privilege(${name(table)}, '${right}')`
  return [
    {
      reason: 'pooler',
      as: 'pid',
      want: 'same',
      text: 'a pooler stands between Django and the server, and a temporary table does not hold through it',
      sql: 'SELECT pg_backend_pid()',
    },
    {
      // The lock proves this server, at this moment, and the tool that holds it alive; both numbers of a bigint key are unsigned oids.
      reason: 'other-database',
      want: '1',
      text: 'the advisory lock of this rerun is not held in the database that manage.py uses',
      sql: `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid::bigint = ${key >> 32n} AND objid::bigint = ${key & 0xffffffffn} AND objsubid = 1 AND pid = ${BigInt(pid)} AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    },
    {
      reason: 'other-database',
      want: 'same',
      text: `the table that manage.py finds as ${SHADOW_TABLE} is not ${history.label}`,
      sql: `SELECT CASE WHEN to_regclass('"${SHADOW_TABLE}"')::oid = to_regclass(${name(history.sql)})::oid THEN 'same' ELSE 'other' END`,
    },
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
      sql: `SELECT CASE WHEN count(*) > 0 THEN 'same' ELSE 'other' END FROM ${journal.event} WHERE operation = '${checked(operation)}'`,
    },
    {
      reason: 'read-only',
      want: 'off',
      text: "Django's session is read-only",
      sql: "SELECT current_setting('transaction_read_only')",
    },
    {
      reason: 'temporary-tables',
      want: 'yes',
      text: "Django's role may not make temporary tables in this database (the right TEMPORARY)",
      sql: "SELECT CASE WHEN has_database_privilege(current_database(), 'TEMP') THEN 'yes' ELSE 'no' END",
    },
  ]
}
