import type { JournalTables } from '../history-table.js'

/** InnoDB by name: the server's default engine may not be transactional. utf8mb4_bin: names differ where Python says so. */
const OPTIONS = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin'

export function journalDdl(journal: JournalTables): string[] {
  return [
    `CREATE TABLE IF NOT EXISTS ${journal.operation} (
  seq bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
  id varchar(64) NOT NULL UNIQUE,
  format integer NOT NULL,
  history_table varchar(255) NOT NULL,
  kind varchar(64) NOT NULL,
  started_at varchar(64) NOT NULL,
  actor varchar(255) NOT NULL,
  host varchar(255) NOT NULL,
  pid varchar(32) NOT NULL,
  command longtext NOT NULL,
  reason longtext,
  snapshot varchar(64) NOT NULL,
  KEY migstate_operation_newest (history_table, seq, id)
) ${OPTIONS}`,
    `CREATE TABLE IF NOT EXISTS ${journal.event} (
  seq bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
  operation varchar(64),
  history_table varchar(255) NOT NULL,
  at varchar(64) NOT NULL,
  event varchar(64) NOT NULL,
  detail longtext NOT NULL,
  KEY migstate_event_operation (operation),
  KEY migstate_event_newest (history_table, event, seq, operation)
) ${OPTIONS}`,
    `CREATE TABLE IF NOT EXISTS ${journal.snapshotRow} (
  seq bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
  snapshot varchar(64) NOT NULL,
  row_id varchar(64) NOT NULL,
  app longtext NOT NULL,
  name longtext NOT NULL,
  applied varchar(64),
  applied_type varchar(16),
  extra longtext,
  KEY migstate_snapshot_row_snapshot (snapshot)
) ${OPTIONS}`,
  ]
}

/** Those that older versions have not made, by name. */
export function laterIndexes(journal: JournalTables): Record<string, string> {
  return {
    migstate_operation_newest: `CREATE INDEX migstate_operation_newest ON ${journal.operation} (history_table, seq, id)`,
    migstate_event_newest: `CREATE INDEX migstate_event_newest ON ${journal.event} (history_table, event, seq, operation)`,
  }
}
