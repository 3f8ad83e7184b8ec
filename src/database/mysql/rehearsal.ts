import type { HistoryTable } from '../history-table.js'
import type { RehearsalSql } from '../rehearsal.js'
import type { Session } from '../session.js'
import { identity } from './shadow.js'

export async function rehearsal(session: Session, history: HistoryTable, lockTimeout: number): Promise<RehearsalSql> {
  const seconds = Math.max(1, Math.ceil(lockTimeout))
  return {
    checks: await identity(session, history),
    before: [
      // Others' commits in between would look like changes of the second run.
      'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
      `SET SESSION innodb_lock_wait_timeout = ${seconds}`,
      `SET SESSION lock_wait_timeout = ${seconds}`,
    ],
    inside: [],
    deferred: [],
    touched: null,
    resolve: null,
    tables: "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'",
    related:
      "SELECT REFERENCED_TABLE_NAME, TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE() AND (DELETE_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT') OR UPDATE_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT')) UNION ALL SELECT EVENT_OBJECT_TABLE, ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
    primaryKey:
      "SELECT COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND CONSTRAINT_NAME = 'PRIMARY' ORDER BY ORDINAL_POSITION",
    reading: [],
    rowDigest: {
      // MD5() is no longer a part of the server since MySQL 9.6.
      probe: "SELECT SHA2('', 256)",
      row: "SHA2(CONCAT_WS(',', {columns}), 256)",
      // A `float` has six digits as text, and all of them as a double.
      columns:
        "SELECT CONCAT('IFNULL(SHA2(t.`', REPLACE(COLUMN_NAME, '`', '``'), '`', IF(DATA_TYPE = 'float', ' + 0e0', ''), ', 256), ''-'')') FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION",
      total: 'COALESCE(SUM(CAST(CONV(LEFT(d, 16), 16, 10) AS UNSIGNED)), 0)',
    },
    temporary: null,
    wholeSeconds:
      "SELECT count(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND DATA_TYPE IN ('datetime', 'timestamp', 'time')",
    // information_schema shows a value of AUTO_INCREMENT that the server has kept for a day (information_schema_stats_expiry).
    counters: null,
    loose:
      "SELECT t.TABLE_NAME FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' AND coalesce(e.TRANSACTIONS, 'NO') <> 'YES'",
    ddlCommits: true,
    failureAborts: false,
    // MySQL, server error reference: ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK.
    busyCodes: [1205, 1213],
    apartTexts: [
      "can't be used in atomic",
      'Executing DDL statements while in a transaction',
      'atomic block. Use',
      'while in a transaction on databases that can',
    ],
  }
}
