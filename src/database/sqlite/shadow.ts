import { statSync } from 'node:fs'
import type { ShadowRequest, ShadowSql } from '../dialect.js'
import { checked, hideRowsPlainly, insertEvent, livePlainly, SHADOW_COLUMN, SHADOW_TABLE } from '../shadow.js'
import type { ShadowCheck } from '../shadow-check.js'

const TEMPORARY = `temp."${SHADOW_TABLE}"`

/** The file itself, whatever path leads to it. */
export function fileCheck(file: string): ShadowCheck {
  const want = String(statSync(file, { bigint: true }).ino)
  return { reason: 'other-database', as: 'inode', want, text: 'manage.py uses another file', sql: 'PRAGMA database_list' }
}

/** The file is proven by its inode, which a bind mount keeps (its device it does not), and by the operation in its journal. */
export function shadow(file: string, { journal, operation, snapshot, hidden }: ShadowRequest): ShadowSql {
  return {
    early: [],
    drop: `DROP TABLE IF EXISTS ${TEMPORARY}`,
    checks: [
      fileCheck(file),
      {
        reason: 'other-database',
        want: 'same',
        text: 'this rerun is not in the journal of the file that manage.py uses',
        sql: `SELECT CASE WHEN count(*) > 0 THEN 'same' ELSE 'other' END FROM ${journal.event} WHERE operation = '${checked(operation)}'`,
      },
    ],
    make: [
      `CREATE TEMPORARY TABLE "${SHADOW_TABLE}" (id integer PRIMARY KEY AUTOINCREMENT, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied datetime, ${SHADOW_COLUMN} varchar(64) DEFAULT '${checked(operation)}')`,
      `INSERT INTO ${TEMPORARY} (id, app, name, applied) SELECT CAST(row_id AS INTEGER), app, name, applied FROM ${journal.snapshotRow} WHERE snapshot = '${checked(snapshot)}'`,
      ...hideRowsPlainly(TEMPORARY, operation, hidden),
    ],
    insertEvent: insertEvent(journal.event),
    role: "SELECT ''",
    live: livePlainly(operation),
  }
}
