import type { Database } from '../database/index.js'
import { Journal, NO_CHANGES } from '../journal/index.js'
import { type Interruption, type RecoverRequest, rowsNow } from './interruption.js'

/** Opened, and then nothing: no row has changed, nothing was started. */
export function unchanged(database: Database, { operation }: RecoverRequest): Interruption {
  return {
    preview: async () => NO_CHANGES,
    finish: async () => {
      const outcome = { changes: NO_CHANGES, sequence: operation.sequence, saw: 'the operation changed no row' }
      await new Journal(database).append(database.edit, operation.id, 'aborted', outcome, new Date().toISOString())
      return { changes: NO_CHANGES, status: 'aborted', rows: await rowsNow(database) }
    },
  }
}
