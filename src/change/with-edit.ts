import { failpoint } from '../config/index.js'
import { type Database, isFailure } from '../database/index.js'
import { type Consequence, MigstateError } from '../errors/index.js'
import { beginEdit, type Patience, waitFor } from './begin-edit.js'
import { awaitCommit } from './commit.js'
import { EndedMeanwhile } from './ended-meanwhile.js'
import { type Proof, wasCommitted } from './lost-commit.js'

/** What an edit has done when its COMMIT is due. */
export interface Written<T> {
  result: T
  /** The journal's event of this transaction, by which a COMMIT whose answer is lost is found again. */
  proof: Proof
  /** What holds once it is committed. */
  consequence: Consequence
  /** The operation ends with it. */
  finished: boolean
}

/** What `work` is given. */
export interface OpenEdit {
  /** Called before the first statement that writes. */
  writes(): void
}

/**
 * The scope of an edit: the table is taken, `work` writes, and then everything is committed or nothing. Here and nowhere else a change becomes
 * permanent, and here it is known what a failure means for the history.
 * @returns null when `work` found nothing to do
 */
export async function withEdit<T>(database: Database, patience: Patience, work: (edit: OpenEdit) => Promise<Written<T> | null>): Promise<T | null> {
  const { dialect, edit, table } = database
  // What fails as `busy` was rolled back whole: a deadlock, or another node's write that was certified first.
  const attempt = async () => {
    const found = await beginEdit(database, patience)
    const look = async () => database.seen(found)
    try {
      return { written: await inScope(database, patience, look, work) }
    } catch (error) {
      if (isFailure(error, 'busy')) return null
      throw error
    }
  }
  const holder = async () => (await dialect.tableLockHolder(edit, table)) ?? null
  const { written } = await waitFor(attempt, patience, holder, `the table ${table.label}`)
  if (!written) return null
  await failpoint('after-commit')
  // The server gives the table of a session that is gone back by itself.
  await database.dialect.endEdit(database.edit).catch((error: unknown) => {
    if (!isFailure(error, 'lost')) throw error
  })
  return written.result
}

/**
 * The scope of rows of the journal alone: the history is read as of one moment, and the table is not taken.
 * @throws DatabaseFailure `busy` when somebody has the table to himself
 */
export async function withJournaling<T>(database: Database, patience: Patience, work: (edit: OpenEdit) => Promise<Written<T>>): Promise<T> {
  await database.dialect.beginJournaling(database.edit, database.table, database.journal)
  return ((await inScope(database, patience, () => database.lookAtTable(), work)) as Written<T>).result
}

/** @param look at the table as it is made now */
async function inScope<T>(
  database: Database,
  patience: Patience,
  look: () => Promise<void>,
  work: (edit: OpenEdit) => Promise<Written<T> | null>,
): Promise<Written<T> | null> {
  const { dialect, effects } = database
  const before = effects.consequence
  let wrote = false
  // A session that is lost is rolled back by its server.
  const rollBack = async () => {
    await dialect.rollbackEdit(database.edit).catch(() => {})
    if (wrote && before === 'nothing') effects.settle('rolled-back')
    else effects.settle(before)
  }
  let written: Written<T> | null = null
  let ended: EndedMeanwhile | undefined
  try {
    await look()
    written = await work({ writes: () => (wrote = true) })
  } catch (error) {
    if (error instanceof EndedMeanwhile) ended = error
    throw error
  } finally {
    if (!written) await rollBack()
    // What holds now is what somebody else has made of it.
    if (ended) effects.settle(ended.consequenceThen, true)
  }
  if (!written) return null
  effects.settle('unknown')
  try {
    await awaitCommit(database, dialect.commitEdit(database.edit), patience, written.proof)
  } catch (error) {
    // Sent and not answered: there is nothing that could be taken back.
    if (error instanceof MigstateError && error.code === 'outcome-unknown') throw error
    if (!isFailure(error, 'lost') || !(await wasCommitted(database, written.proof, patience, error))) {
      await rollBack()
      throw error
    }
  }
  effects.settle(written.consequence, written.finished)
  return written
}
