import type { JournalTables } from '../history-table.js'

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
  applied,
  extra text
)`,
    ...Object.values(journalIndexes(journal)),
  ]
}

/** By name. */
export function journalIndexes(journal: JournalTables): Record<string, string> {
  const index = (name: string, table: string, columns: string) => ({
    [name]: `CREATE INDEX IF NOT EXISTS ${name} ON ${table.replace(/^.*\./, '')} (${columns})`,
  })
  return {
    ...index('migstate_event_operation', journal.event, 'operation'),
    ...index('migstate_snapshot_row_snapshot', journal.snapshotRow, 'snapshot'),
    ...index('migstate_operation_newest', journal.operation, 'history_table, seq, id'),
    ...index('migstate_event_newest', journal.event, 'history_table, event, seq, operation'),
  }
}
