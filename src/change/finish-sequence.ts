import { failpoint } from '../config/index.js'
import { type Database, highestId, type History, isFailure } from '../database/index.js'
import { factOf, MigstateError, type Warnings } from '../errors/index.js'
import { Journal, type SequenceStep } from '../journal/index.js'
import type { Patience } from './begin-edit.js'
import { EndedMeanwhile } from './ended-meanwhile.js'
import { retakeLock } from './operation-lock.js'
import { withEdit } from './with-edit.js'

/**
 * Puts the counter back where that cannot be part of the transaction (MySQL's ALTER TABLE commits by itself, PostgreSQL's
 * setval does not roll back). Under the table lock, and only if nobody moved it since; `recover` repeats it.
 * @throws MigstateError `unfinished-operation`
 */
export async function finishSequence(database: Database, step: SequenceStep, patience: Patience, warnings: Warnings): Promise<void> {
  const untilDone = { ...patience, deadline: Number.POSITIVE_INFINITY }
  try {
    await failpoint('before-sequence')
    await moveOnce(database, step, untilDone, warnings).catch(async (error: unknown) => {
      if (!isFailure(error, 'lost')) throw error
      await database.reconnect()
      await retakeLock(database, untilDone)
      await moveOnce(database, step, untilDone, warnings)
    })
  } catch (error) {
    if (error instanceof EndedMeanwhile) return
    throw new MigstateError(
      'unfinished-operation',
      `The rows of operation ${step.operation} are changed, but the id counter is not put back yet: ${factOf(error)}.`,
      { details: { operation: step.operation }, cause: error },
    )
  }
}

async function moveOnce(database: Database, step: SequenceStep, patience: Patience, warnings: Warnings): Promise<void> {
  await withEdit(database, patience, async (scope) => {
    const journal = new Journal(database)
    // While nobody held the lock, `recover` has done the step.
    if ((await journal.endOf(step.operation)) !== null) return null
    const now = await database.readHistory()
    scope.writes()
    const moved = await move(database, step, now, warnings)
    await failpoint('sequence-set')
    const outcome = moved ? step.outcome : { ...step.outcome, sequence: { ...step.outcome.sequence, after: now.sequence } }
    const proof = { operation: step.operation, event: step.then, at: new Date().toISOString() }
    await journal.append(database.edit, step.operation, step.then, outcome, proof.at)
    return { result: null, proof, consequence: 'committed', finished: true }
  })
}

/** @returns whether the counter stands where it was wanted */
async function move({ dialect, edit, table }: Database, step: SequenceStep, now: History, warnings: Warnings): Promise<boolean> {
  if (now.sequence === step.wanted) return true
  if (now.sequence !== step.expected || BigInt(step.wanted) <= highestId(now.rows)) {
    warnings.add('sequence-not-restored', 'somebody else has moved the id counter meanwhile; it stays where it is')
    return false
  }
  try {
    await dialect.setSequence(edit, table, step.wanted)
    return true
  } catch (error) {
    if (!isFailure(error, 'missing-rights')) throw error
    warnings.add('sequence-not-restored', 'this role may not move the id counter of the table; it stays higher')
    return false
  }
}
