import type { JournalTables } from '../dialect.js'

export function journalDdl(journal: JournalTables): string[] {
  return [
    `CREATE TABLE IF NOT EXISTS ${journal.operation} (
  seq integer PRIMARY KEY AUTOINCREMENT,
  id text NOT NULL UNIQUE,
  format integer NOT NULL,
  history_table text NOT NULL,
  kind text NOT NULL,
  started_at text NOT NULL,
  actor text NOT NULL,
  host text NOT NULL,
  pid text NOT NULL,
  command text NOT NULL,
  reason text,
  snapshot text NOT NULL
)`,
    `CREATE TABLE IF NOT EXISTS ${journal.event} (
  seq integer PRIMARY KEY AUTOINCREMENT,
  operation text,
  history_table text NOT NULL,
  at text NOT NULL,
  event text NOT NULL,
  detail text NOT NULL
)`,
    // "applied" has no type on purpose: a column without one keeps each value's own storage class.
    `CREATE TABLE IF NOT EXISTS ${journal.snapshotRow} (
  snapshot text NOT NULL,
  row_id text NOT NULL,
  app text NOT NULL,
  name text NOT NULL,
  applied
)`,
    `CREATE INDEX IF NOT EXISTS migstate_event_operation ON ${journal.event.replace(/^.*\./, '')} (operation)`,
    `CREATE INDEX IF NOT EXISTS migstate_snapshot_row_snapshot ON ${journal.snapshotRow.replace(/^.*\./, '')} (snapshot)`,
  ]
}
