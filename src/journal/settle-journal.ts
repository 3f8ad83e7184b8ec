import { type Database, isFailure } from '../database/index.js'
import type { Settled } from './details.js'
import { Journal } from './journal.js'
import type { Standing } from './standing.js'

/** So many operations are looked at one by one by each command, before it is written down that they have ended. */
const UNSETTLED = 100

/** The newest operation, where it and all before it have ended and it is time to write that down: seen under the advisory lock. */
export function settleable({ table }: Database, { running, unsettled, newest }: Standing): string | null {
  return !table.stranger && unsettled > UNSETTLED && running.length === 0 ? newest : null
}

/**
 * Writes down that all operations up to this one have ended: later commands look at later operations only. A journal without it is read as ever,
 * so a failure here is none of the command.
 */
export async function writeSettled(database: Database, through: string): Promise<void> {
  try {
    await new Journal(database).append(database.edit, null, 'settled', { through } satisfies Settled, new Date().toISOString())
  } catch (error) {
    if (!isFailure(error, 'missing-rights') && !isFailure(error, 'busy') && !isFailure(error, 'other')) throw error
  }
}
