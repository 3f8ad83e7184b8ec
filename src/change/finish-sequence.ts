import { failpoint } from '../config/index.js'
import { type Database, highestId, isFailure } from '../database/index.js'
import { MigstateError, type Warnings } from '../errors/index.js'
import { Journal, type SequenceStep } from '../journal/index.js'
import { beginEdit, type Patience } from './begin-edit.js'

/**
 * Puts the counter back where that cannot be part of the transaction (MySQL's ALTER TABLE commits by itself, PostgreSQL's
 * setval does not roll back). Under the table lock, and only if nobody moved it since; `recover` repeats it.
 */
export async function finishSequence(database: Database, step: SequenceStep, patience: Patience, warnings: Warnings): Promise<void> {
  const { dialect, edit: session, table } = database
  await failpoint('before-sequence')
  try {
    await beginEdit(database, { ...patience, deadline: Number.POSITIVE_INFINITY })
  } catch (error) {
    throw new MigstateError(
      'unfinished-operation',
      `The rows of operation ${step.operation} are changed, but the id counter is not put back yet: ${(error as Error).message.replace(/ Nothing was changed\.$/, '')}`,
      {
        details: { operation: step.operation },
        cause: error,
      },
    )
  }
  try {
    const now = await database.readHistory()
    let moved = now.sequence === step.wanted
    if (now.sequence === step.expected && BigInt(step.wanted) > highestId(now.rows)) {
      try {
        await dialect.setSequence(session, table, step.wanted)
        moved = true
      } catch (error) {
        if (!isFailure(error, 'missing-rights')) throw error
        warnings.add('sequence-not-restored', 'this role may not move the id counter of the table; it stays higher')
      }
    } else if (!moved) warnings.add('sequence-not-restored', 'somebody else has moved the id counter meanwhile; it stays where it is')
    await failpoint('sequence-set')
    const outcome = moved ? step.outcome : { ...step.outcome, sequence: { ...step.outcome.sequence, after: now.sequence } }
    await new Journal(database).append(session, step.operation, step.then, outcome, new Date().toISOString())
    await dialect.commitEdit(session)
    await dialect.endEdit(session)
  } catch (error) {
    await dialect.rollbackEdit(session).catch(() => {})
    throw error
  }
}
