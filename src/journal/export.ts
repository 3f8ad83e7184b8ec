import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { failpoint } from '../config/index.js'
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

/** Mode 0600, never over a file, and whole or not at all: what is exported is dropped next. @throws MigstateError `bad-file` */
export async function writeExport(path: string, content: ExportedJournal): Promise<void> {
  const part = `${path}.${process.pid}.part`
  try {
    const file = openSync(part, 'wx', 0o600)
    try {
      writeFileSync(file, `${JSON.stringify(content, null, 1)}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    await failpoint('export-written')
    nameIt(part, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'EEXIST' ? 'is there already, and no file is written over' : `cannot be written (${code})`
    throw new MigstateError('bad-file', `The file ${path} ${why}.`, { hint: 'Name another file with --export FILE.', cause: error })
  } finally {
    rmSync(part, { force: true })
  }
}

/** link(2) refuses where the name is taken, rename(2) would write over it; not every file system has links. */
function nameIt(part: string, path: string): void {
  try {
    linkSync(part, path)
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    if (existsSync(path)) throw Object.assign(new Error(`${path} is there`), { code: 'EEXIST' })
    renameSync(part, path)
  }
}
