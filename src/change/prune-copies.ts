import { type Database, isFailure } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { Journal, type KeptCopy } from '../journal/index.js'
import { type Patience, waitFor } from './begin-edit.js'
import { hasChanges } from './plan-rollback.js'
import { withJournaling } from './with-edit.js'

export interface PruneRule {
  /** The copies of so many operations that changed rows, the newest. */
  keep: number
  /** ISO 8601 in UTC: what was made then or later stays. */
  before?: string | undefined
}

/** Copies that no undo needs any more; of those the rule says how many stay all the same. @param copies newest first */
export function planPrune(copies: readonly KeptCopy[], { keep, before }: PruneRule): KeptCopy[] {
  let undoable = 0
  return copies.filter(({ snapshot, operation }) => {
    // Made by hand, or of an operation that is not told whole: what it is needed for nobody knows.
    if (!operation || operation.finishedAt === null || !operation.readable || operation.problems.length > 0) return false
    if (snapshot.doubt || snapshot.id !== operation.snapshot) return false
    if (hasChanges(operation) && ++undoable <= keep) return false
    return before === undefined || snapshot.createdAt < before
  })
}

/** Under the advisory lock: gives the rows up and says so in the journal, all or nothing. The header stays. */
export async function pruneCopies(database: Database, copies: readonly KeptCopy[], actor: string, patience: Patience): Promise<void> {
  const pruned = copies.map(({ snapshot }) => ({ operation: snapshot.operation as string, id: snapshot.id }))
  const [first] = pruned
  if (!first) return
  const { dialect, edit, table, journal } = database
  const attempt = async () => {
    try {
      await withJournaling(database, patience, async (scope) => {
        const at = new Date().toISOString()
        scope.writes()
        await new Journal(database).dropCopies(database.edit, pruned, actor, at)
        const proof = { operation: first.operation, event: 'snapshot-pruned', at, endedBefore: true } as const
        return { result: null, proof, consequence: 'nothing', finished: true }
      })
      return true
    } catch (error) {
      if (isFailure(error, 'busy')) return null
      if (!isFailure(error, 'missing-rights')) throw error
      throw new MigstateError('missing-rights', `This role may not delete from ${journal.snapshotRow}.`, {
        hint: `Ask a DBA for: GRANT DELETE ON ${journal.snapshotRow} TO … (the role of this connection)`,
        cause: error,
      })
    }
  }
  await waitFor(attempt, patience, async () => (await dialect.tableLockHolder(edit, table)) ?? null, 'the journal')
}
