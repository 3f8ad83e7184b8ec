import { failpoint } from '../config/index.js'
import { type Database, type History, isFailure, type Row } from '../database/index.js'
import { Journal, type OperationRecord } from '../journal/index.js'
import { type Patience, waitFor } from './begin-edit.js'
import { refuseOtherNodes } from './other-nodes.js'
import { proveUpdate } from './prove-return.js'
import { refuseUnfitTable, refuseUnnamedRows } from './refuse-unfit.js'
import { withJournaling } from './with-edit.js'

export interface OpenRequest {
  operation: OperationRecord
  patience: Patience
  /** Pure; called with the history as it is in the snapshot. Throws to open nothing. `update`: the row that will change in the end, if one does, and the time that it would get now. */
  begin(now: History): { event: string; detail: unknown; update: { row: Row; time: string } | null }
}

/**
 * Begins an operation that changes rows only at its end: snapshot and journal in one transaction, the table not locked.
 * That the row can be updated later is tried, and taken back.
 */
export async function openOperation(database: Database, request: OpenRequest): Promise<History> {
  const { operation, patience } = request
  database.effects.begin(operation.id)
  return waitFor(
    () =>
      openOnce(database, request).catch((error: unknown) => {
        if (isFailure(error, 'busy')) return null
        throw error
      }),
    patience,
    async () => (await database.dialect.tableLockHolder(database.edit, database.table)) ?? null,
    `the table ${database.table.label}`,
  )
}

async function openOnce(database: Database, { operation, patience, begin }: OpenRequest): Promise<History> {
  await database.dialect.proveTableLock(database.edit, database.journal)
  return withJournaling(database, patience, async () => {
    const { edit: session } = database
    await refuseOtherNodes(database, operation.id, true)
    refuseUnfitTable(database)
    const journal = new Journal(database)
    const at = new Date().toISOString()
    let history: History | undefined
    await journal.writeSnapshot(session, operation.snapshot, operation.id, async () => (history = await database.readHistory()), at)
    const { event, detail, update } = begin(history as History)
    refuseUnnamedRows(database, (history as History).rows)
    if (update) await proveUpdate(database, update.row, update.time)
    await journal.begin(session, operation)
    await journal.append(session, operation.id, event, detail, at)
    await failpoint('before-open')
    // The journal alone: no row of the history has changed.
    return { result: history as History, proof: { operation: operation.id, event, at }, consequence: 'nothing', finished: false }
  })
}
