import { closeSync, openSync, writeFileSync } from 'node:fs'
import type { Database } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { Journal } from './journal.js'
import { allOperations } from './questions.js'
import { newestSnapshots } from './snapshots.js'
import type { Operation, Snapshot } from './records.js'

/** Everything that the side tables hold of one history table, as one document. */
export interface ExportedJournal {
  format: 1
  database: { engine: string; name: string; table: string }
  /** Every history table that these side tables serve. */
  historyTables: string[]
  operations: Operation[]
  snapshots: (Omit<Snapshot, 'doubt' | 'pruned'> & { history: unknown[] })[]
}

/** Inside `reading`. */
export async function exportJournal(database: Database): Promise<ExportedJournal> {
  const journal = new Journal(database)
  const snapshots = []
  for (const { doubt: _doubt, pruned: _pruned, ...snapshot } of (await newestSnapshots(database)).snapshots)
    snapshots.push({ ...snapshot, history: await journal.snapshotRows(snapshot.id) })
  return {
    format: 1,
    database: { engine: database.facts.engine, name: database.facts.name, table: database.table.label },
    historyTables: await journal.historyTables(),
    operations: await allOperations(database),
    snapshots,
  }
}

/** Mode 0600, never over a file. @throws MigstateError `bad-file` */
export function writeExport(path: string, content: ExportedJournal): void {
  let file: number
  try {
    file = openSync(path, 'wx', 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'EEXIST' ? 'is there already, and no file is written over' : `cannot be written (${code})`
    throw new MigstateError('bad-file', `The file ${path} ${why}.`, { hint: 'Name another file with --export FILE.', cause: error })
  }
  try {
    writeFileSync(file, `${JSON.stringify(content, null, 1)}\n`)
  } finally {
    closeSync(file)
  }
}
