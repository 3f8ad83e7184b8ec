import { type Database, isFailure } from '../database/index.js'
import { MigstateError } from '../errors/index.js'

/** Drops the side tables, under the advisory lock. A connection that is lost meanwhile leaves it open whether they are there. */
export async function dropJournal(database: Database): Promise<void> {
  const { dialect, edit, journal, effects } = database
  try {
    await dialect.dropJournal(edit, journal)
  } catch (error) {
    if (!isFailure(error, 'lost')) throw error
    effects.settle('unknown')
    throw new MigstateError('outcome-unknown', 'The connection was lost while the side tables were being dropped.', {
      hint: 'Run "migstate uninstall" again: it drops what is still there, and does nothing where nothing is.',
      cause: error,
    })
  }
}
