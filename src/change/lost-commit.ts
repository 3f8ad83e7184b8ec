import { type Database, isFailure } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { failpoint } from '../config/index.js'
import { Journal, TERMINAL } from '../journal/index.js'
import { beginEdit, type Patience } from './begin-edit.js'
import { consequenceOf, EndedMeanwhile } from './ended-meanwhile.js'
import { retakeLock } from './operation-lock.js'

/** An event that one transaction has written and no other. */
export interface Proof {
  /** null: a snapshot made by hand. */
  operation: string | null
  event: string
  at: string
  /** The event is only about the operation, which had ended before. */
  endedBefore?: true
}

/** Milliseconds in which the server has to come back: as long as `--lock-timeout` says, but not for ever. */
const [LEAST, MOST] = [2_000, 20_000]
const PAUSE = 250

/**
 * Whether a COMMIT whose answer is lost took place: asked over a new connection, which replaces the lost one and has its lock. An event that is
 * there proves it at once; one that is not there proves the contrary only when the lost session can no longer write it, which the table lock shows.
 * @throws MigstateError `outcome-unknown` where the server does not come back in time, {@link EndedMeanwhile} where `recover` had the lock meanwhile
 */
export async function wasCommitted(database: Database, proof: Proof, patience: Patience, lost: unknown): Promise<boolean> {
  const deadline = Date.now() + Math.min(MOST, Math.max(LEAST, patience.deadline - Date.now()))
  await failpoint('commit-lost')
  for (;;) {
    try {
      await database.reconnect()
      await retakeLock(database, { ...patience, deadline })
      return await isThere(database, proof, { ...patience, deadline })
    } catch (error) {
      if (error instanceof EndedMeanwhile) throw error
      if (Date.now() > deadline || patience.signal?.aborted || !isAway(error)) throw unknown(proof, lost)
      await new Promise((resolve) => setTimeout(resolve, PAUSE))
    }
  }
}

async function isThere(database: Database, proof: Proof, patience: Patience): Promise<boolean> {
  const journal = new Journal(database)
  await beginEdit(database, patience)
  try {
    const there = await journal.holds(proof)
    if (!(there && isLast(proof))) await refuseEnded(database, proof)
    return there
  } finally {
    await database.dialect.rollbackEdit(database.edit)
  }
}

/** Nothing but the counter's step comes after it, which looks for itself. */
function isLast({ event, endedBefore }: Proof): boolean {
  return TERMINAL.has(event) || event === 'sequence-pending' || endedBefore === true
}

/** Between the loss of the lock and its return `recover` may have had it, and what it had to put in order is in order then. */
async function refuseEnded(database: Database, { operation, endedBefore }: Proof): Promise<void> {
  if (operation === null || endedBefore) return
  const end = await new Journal(database).endOf(operation)
  if (end === null) return
  database.effects.settle(consequenceOf(end), true)
  throw new EndedMeanwhile(operation, end, `The connection was lost, and meanwhile somebody else has ended the operation ${operation} with "migstate recover".`)
}

/** A server that is starting or stopping, a network that is down. */
function isAway(error: unknown): boolean {
  return isFailure(error, 'lost') || (error instanceof MigstateError && error.code === 'cannot-connect')
}

function unknown({ operation }: Proof, cause: unknown): MigstateError {
  const what = operation === null ? 'the snapshot' : `operation ${operation}`
  return new MigstateError(
    'outcome-unknown',
    `The connection was lost while ${what} was being committed, and the server did not come back. It is there completely or not at all.`,
    {
      hint: operation === null ? 'See "migstate snapshot list".' : `Run "migstate history ${operation}": if it is listed, the change is there.`,
      details: operation === null ? {} : { operation },
      cause,
    },
  )
}
