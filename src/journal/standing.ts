import type { Database, Question } from '../database/index.js'
import { Journal } from './journal.js'
import { complete } from './questions.js'
import type { Operation } from './records.js'
import { settledBefore, settledThrough } from './settled.js'
import { SideRows, type Unended } from './side-rows.js'

/** How the journal stands. */
export interface Standing {
  hasJournal: boolean
  /** Operations without an ending, newest first: lifted rows may be missing from the table, or the counter is not put back. */
  running: Operation[]
  /** Operations of which it is not written down that they have ended … */
  unsettled: number
  /** … and the newest of them. */
  newest: string | null
}

const NONE: Standing = { hasJournal: false, running: [], unsettled: 0, newest: null }

/**
 * Inside a transaction; without side tables the answer is empty.
 * @param everywhere also among those that have been found to have ended, which somebody may have changed since
 * @param ask sends the one question that takes time, perhaps with others in one message
 */
export async function standingOf(
  database: Database,
  {
    everywhere = false,
    ask = (question) => database.edit.ask(question),
  }: { everywhere?: boolean; ask?: (question: Question<Unended>) => Promise<Unended> } = {},
): Promise<Standing> {
  if (!(await new Journal(database).exists())) return NONE
  const rows = new SideRows(database)
  const { seqs, count, newest } = await ask(rows.unended(everywhere ? null : await database.edit.ask(settledThrough(database, rows))))
  const operations = await complete(rows, await rows.operationsAt(seqs))
  return { hasJournal: true, running: operations.filter(({ finishedAt }) => finishedAt === null), unsettled: count, newest }
}

/** Those that have no ending, newest first. Inside a transaction. @param everywhere as above */
export async function unfinishedOperations(database: Database, { everywhere = false } = {}): Promise<Operation[]> {
  return (await standingOf(database, { everywhere })).running
}

/** The same in a transaction of its own, of two messages where all is as it was when it was looked at before. */
export async function standingAgain(database: Database): Promise<Standing> {
  const quick = await database.reading(async () => {
    if (!(await new Journal(database).exists())) return NONE
    const rows = new SideRows(database)
    const before = settledBefore(database)
    const [settled, { seqs, count, newest }] = await database.last(() => database.edit.askAll([settledThrough(database, rows), rows.unended(before)]))
    return settled === before && seqs.length === 0 ? { hasJournal: true, running: [], unsettled: count, newest } : null
  })
  return quick ?? database.reading(() => standingOf(database))
}
