import type { Patience } from '../change/index.js'
import type { Database, Row } from '../database/index.js'
import type { Warnings } from '../errors/index.js'
import { type Changes, type Details, detailOf, type EventRecord, type Operation } from '../journal/index.js'
import type { Verdict } from '../rerun/index.js'

export interface RecoverRequest {
  operation: Operation
  /** What a person says; only heard where the facts cannot tell. */
  assume: 'applied' | 'not-applied' | undefined
  /** For the first lock only; once this operation's lock is held, rows are put back whatever it takes. */
  patience: Patience
  /** `applied` for new rows: now, or at an ISO time. */
  stamp(timeZone: string | null): (at?: string | null) => string
  warnings: Warnings
  say(line: string): void
}

export interface Recovery {
  changes: Changes
  status: 'done' | 'failed' | 'aborted'
  /** All rows afterwards. */
  rows: Row[]
}

/** One kind of interruption, judged from what the journal and the table say: how it ends. */
export interface Interruption {
  /** What `finish` would change in the rows as they are now; writes nothing, takes no lock. */
  preview(): Promise<Changes>
  /** Finishes or undoes the operation; under the advisory lock. */
  finish(patience: Patience): Promise<Recovery>
}

/** A person's word that the facts contradict is not followed. */
export function ignoreAssume({ assume, warnings }: RecoverRequest, verdict: Verdict, saw: string): void {
  if (assume && (assume === 'applied') !== (verdict === 'ran')) warnings.add('assume-ignored', `--assume ${assume} was not needed and not followed: ${saw}`)
}

/** How the last child ended; null while it may be running. */
export function exitOf(database: Database, operation: Operation): Details['child-exited'] | null {
  const { events } = operation
  const since: EventRecord[] = events.slice(events.findLastIndex(({ event }) => event === 'child-started'))
  return detailOf(database, operation, 'child-exited', since)
}

export async function rowsNow(database: Database): Promise<Row[]> {
  return (await database.reading(() => database.readHistory())).rows
}
