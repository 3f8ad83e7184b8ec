import type { HistoryTable, JournalTables } from '../history-table.js'
import type { ShadowRequest, ShadowSql } from '../dialect.js'
import { lockName } from '../lock-key.js'
import { accountSql } from './rights.js'
import type { Session } from '../session.js'
import { checked, hideRowsPlainly, insertEvent, livePlainly, SHADOW_COLUMN, SHADOW_TABLE } from '../shadow.js'
import type { ShadowCheck } from '../shadow-check.js'

const TABLE = `\`${SHADOW_TABLE}\``

/** GET_LOCK's names are the server's, not the database's, and at most 64 characters. */
export function lockNameOf({ database, name }: HistoryTable): string {
  return lockName([database as string, name])
}

/** A session with a shadow holds a lock named after the operation, so that others can see whether it lives. */
export async function shadow(session: Session, { history, journal, operation, snapshot, hidden }: ShadowRequest, logged: string): Promise<ShadowSql> {
  const here = await hereOf(session, history)
  return {
    early: [],
    drop: `DROP TEMPORARY TABLE IF EXISTS ${TABLE}`,
    checks: checks({ here, journal, operation, logged }),
    make: [
      `SELECT GET_LOCK('migstate:${checked(operation)}', 0)`,
      `CREATE TEMPORARY TABLE ${TABLE} (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied datetime(6), ${SHADOW_COLUMN} varchar(64) DEFAULT '${checked(operation)}') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
      `INSERT INTO ${TABLE} (id, app, name, applied) SELECT CAST(row_id AS SIGNED), app, name, applied FROM ${journal.snapshotRow} WHERE snapshot = '${checked(snapshot)}'`,
      ...hideRowsPlainly(TABLE, operation, hidden),
    ],
    insertEvent: insertEvent(journal.event),
    role: 'SELECT CURRENT_USER()',
    live: livePlainly(operation),
  }
}

export function shadowGrants(journal: JournalTables, account: string): string[] {
  const role = accountSql(account)
  return [`GRANT SELECT ON ${journal.snapshotRow} TO ${role}`, `GRANT SELECT, INSERT ON ${journal.event} TO ${role}`]
}

/** The one that this session is in, while it holds its lock. */
interface Here {
  lock: string
  connection: string
  database: string
}

/** That a session is in this database, of this server, while this tool holds its lock. */
export async function identity(session: Session, history: HistoryTable): Promise<ShadowCheck[]> {
  return identityChecks(await hereOf(session, history))
}

async function hereOf(session: Session, history: HistoryTable): Promise<Here> {
  const [own] = await session.rows<{ id: unknown; name: string }>('SELECT CONNECTION_ID() AS id, DATABASE() AS name')
  return { lock: lockNameOf(history), connection: String(own?.id), database: own?.name ?? '' }
}

function identityChecks({ lock, connection, database }: Here): ShadowCheck[] {
  return [
    {
      reason: 'other-database',
      want: connection,
      text: 'the lock of this rerun is not held on the server that manage.py uses',
      sql: `SELECT IS_USED_LOCK('${lock}')`,
    },
    {
      // The lock is the server's; the name tells its databases apart.
      reason: 'other-database',
      want: 'same',
      text: 'manage.py uses another database of this server',
      sql: `SELECT IF(DATABASE() = CONVERT(X'${Buffer.from(database, 'utf8').toString('hex')}' USING utf8mb4), 'same', 'other')`,
    },
  ]
}

interface Facts {
  here: Here
  journal: JournalTables
  operation: string
  logged: string
}

function checks({ here, journal, operation, logged }: Facts): ShadowCheck[] {
  // MySQL keeps temporary tables out of the binary log but with STATEMENT, MariaDB only with ROW.
  return [
    ...identityChecks(here),
    {
      reason: 'rights',
      want: 'yes',
      text: "Django's role may not read migstate's side tables",
      sql: `SELECT 'yes' FROM (SELECT (SELECT count(*) FROM (SELECT 1 FROM ${journal.snapshotRow} LIMIT 1) s) AS a) t`,
    },
    {
      reason: 'rights',
      want: 'yes',
      text: "Django's role may not read migstate's side tables",
      sql: `SELECT 'yes' FROM (SELECT (SELECT count(*) FROM (SELECT 1 FROM ${journal.event} LIMIT 1) s) AS a) t`,
    },
    {
      reason: 'rights',
      want: 'yes',
      text: "Django's role may not write migstate's journal",
      // It needs the right to INSERT and inserts nothing.
      tries: [
        `INSERT INTO ${journal.event} (operation, history_table, at, event, detail) SELECT operation, history_table, at, event, detail FROM ${journal.event} WHERE 1 = 0`,
      ],
      sql: "SELECT 'yes'",
    },
    {
      reason: 'temporary-tables',
      want: 'yes',
      text: "Django's role may not make temporary tables in this database (the right CREATE TEMPORARY TABLES)",
      tries: ['CREATE TEMPORARY TABLE migstate_probe (id integer PRIMARY KEY) ENGINE=InnoDB', 'DROP TEMPORARY TABLE migstate_probe'],
      sql: "SELECT 'yes'",
    },
    {
      reason: 'other-database',
      want: 'same',
      text: 'this rerun is not in the journal of the database that manage.py uses',
      sql: `SELECT IF(count(*) > 0, 'same', 'other') FROM ${journal.event} WHERE operation = '${checked(operation)}'`,
    },
    {
      reason: 'binary-log',
      want: 'fine',
      text: 'the binary log of this server would carry the shadow table to its replicas (binlog_format), and this role may not change the format',
      sql: `SELECT IF(@@global.log_bin = 1 AND ${logged}, 'logged', 'fine')`,
      otherwise: ["SET SESSION binlog_format = 'ROW'"],
    },
  ]
}
