import { failpoint } from '../config/index.js'
import { type Database, type History, isFailure, withConsequence } from '../database/index.js'
import { Journal, type OperationRecord } from '../journal/index.js'
import { type Patience, waitFor } from './begin-edit.js'

export interface OpenRequest {
  operation: OperationRecord
  patience: Patience
  /** Pure; called with the history as it is in the snapshot. Throws to open nothing. `update`: the row that will change in the end, if one does. */
  begin(now: History): { event: string; detail: unknown; update: History['rows'][number] | null }
}

/**
 * Begins an operation that changes rows only at its end: snapshot and journal in one transaction, the table not locked.
 * That the row can be updated later is tried, and taken back.
 */
export async function openOperation(database: Database, { operation, patience, begin }: OpenRequest): Promise<History> {
  const { dialect, edit: session, table } = database
  const attempt = () =>
    dialect.journaling(session, table, async () => {
      const journal = new Journal(database)
      const at = new Date().toISOString()
      let history: History | undefined
      await journal.writeSnapshot(session, operation.snapshot, operation.id, async () => (history = await database.readHistory()), at)
      const { event, detail, update } = begin(history as History)
      if (update) await dialect.probeUpdate(session, table, update)
      await journal.begin(session, operation)
      await journal.append(session, operation.id, event, detail, at)
      await failpoint('before-open')
      return history as History
    })
  return waitFor(
    async () => {
      try {
        return await attempt()
      } catch (error) {
        if (isFailure(error, 'busy')) return null
        throw withConsequence(error, 'Nothing was changed.')
      }
    },
    patience,
    () => dialect.tableLockHolder(session, table),
    `the table ${table.label}`,
  )
}
