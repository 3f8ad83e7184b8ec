import { type Database, isFailure } from '../database/index.js'
import type { Settled } from './details.js'
import { Journal } from './journal.js'
import { unfinishedOperations } from './questions.js'
import { settledThrough } from './settled.js'
import { SideRows } from './side-rows.js'

/** So many operations are looked at one by one by each command, before it is written down that they have ended. */
const UNSETTLED = 100

/**
 * Writes down that all operations so far have ended, once that has been found under the advisory lock: later commands look at later
 * operations only. A journal without it is read as ever, so a failure here is none of the command.
 */
export async function settleJournal(database: Database): Promise<void> {
  try {
    if (!database.table.stranger) await settle(database)
  } catch (error) {
    if (!isFailure(error, 'missing-rights') && !isFailure(error, 'busy') && !isFailure(error, 'other')) throw error
  }
}

async function settle(database: Database): Promise<void> {
  const through = await database.reading(async () => {
    const rows = new SideRows(database)
    const settled = await settledThrough(rows)
    const { count, newest } = await rows.countAfter(settled)
    return count > UNSETTLED && (await unfinishedOperations(database)).length === 0 ? newest : null
  })
  if (through !== null) await new Journal(database).append(database.edit, null, 'settled', { through } satisfies Settled, new Date().toISOString())
}
