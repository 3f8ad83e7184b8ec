import { type Database, isFailure } from '../database/index.js'
import type { Warnings } from '../errors/index.js'
import { Journal } from '../journal/index.js'

/**
 * Asks the journal as far as this role may read it: reading commands and dry runs work with SELECT on the history alone.
 * @returns null where it may not be read, with a warning, and where there is no history
 */
export async function askJournal<T>(database: Database, warnings: Warnings, question: () => Promise<T>): Promise<T | null> {
  if (!database.hasTable) return null
  try {
    return await database.reading(question)
  } catch (error) {
    if (!isFailure(error, 'missing-rights')) throw error
    warnings.add(
      'missing-rights',
      `this role may not read migstate's journal (${database.journalLabels('all').join(', ')}), so whether an operation is unfinished is not known; SELECT on these tables is enough`,
    )
    return null
  }
}

/** The side tables that the next change would make; empty where they are there, or where this role cannot see whether they are. */
export async function missingSideTables(database: Database): Promise<string[]> {
  try {
    await database.reading(() => new Journal(database).exists())
    return database.journalLabels('missing')
  } catch (error) {
    if (!isFailure(error, 'missing-rights')) throw error
    return []
  }
}

/** A dry run by a role that could not write says so, with what it lacks. */
export async function warnMissingGrants(database: Database, warnings: Warnings, purpose: 'change' | 'shadow' = 'change'): Promise<void> {
  if (database.facts.readOnly) {
    warnings.add('read-only', `the change could not be made here: ${database.facts.readOnly}`)
    return
  }
  const grants = await database.missingGrants(purpose)
  if (grants.length > 0) warnings.add('missing-rights', `this role could not make the change; ask a DBA for: ${grants.map((grant) => `${grant};`).join(' ')}`)
}
