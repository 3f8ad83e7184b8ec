import { finishSequence } from '../change/index.js'
import type { Database } from '../database/index.js'
import type { SequenceStep } from '../journal/index.js'
import { type Interruption, type RecoverRequest, type Recovery, rowsNow } from './interruption.js'

/** The rows are committed; the counter, which no transaction covers there, is not put back yet. */
export function counterPending(database: Database, { warnings }: RecoverRequest, step: SequenceStep): Interruption {
  return {
    preview: async () => step.outcome.changes,
    finish: async (patience) => {
      await finishSequence(database, step, patience, warnings)
      return { changes: step.outcome.changes, status: step.then as Recovery['status'], rows: await rowsNow(database) }
    },
  }
}
