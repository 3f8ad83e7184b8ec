import type { Database } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import type { Details } from './details.js'
import { idToType, inShort, nameEvent, surplusOf } from './events.js'
import { type EventRecord, JOURNAL_FORMAT, type Operation, TERMINAL } from './records.js'

/** What an error says of an operation. */
type Named = Pick<Operation, 'id' | 'kind' | 'snapshot'> & Partial<Pick<Operation, 'seq' | 'finishedAt'>>

/**
 * An operation whose rows in the journal contradict each other, or say nothing that can be understood; nothing follows from it.
 * @param what a sentence without its end
 * @param event the one that a DBA has to look at; without: the operation's own row
 */
export function damagedOperation(database: Database, operation: Named, what: string, event?: EventRecord): MigstateError {
  const { journal } = database
  const [table, seq] = event ? [journal.event, event.seq] : [journal.operation, operation.seq]
  const again = (operation.finishedAt ?? null) === null ? ', then run "migstate recover" again' : ''
  return new MigstateError('damaged-journal', `The journal of operation ${inShort(operation.id)} (${inShort(operation.kind)}) cannot be believed: ${what}.`, {
    hint: `See "migstate history${idToType(operation.id)}". If migstate did not write this, have a DBA take it out${again}:\n  DELETE FROM ${table} WHERE seq = ${seq};\nRows that are missing from the history are in its snapshot: "migstate snapshot ${idToType(operation.snapshot) === '' ? 'list' : `show${idToType(operation.snapshot)}`}".`,
    details: { operation: operation.id, event: event?.event ?? null, seq, found: [what] },
  })
}

export function newerFormat(operation: Pick<Operation, 'id' | 'format'>): MigstateError {
  return new MigstateError(
    'newer-format',
    `The operation ${inShort(operation.id)} was written in format ${operation.format} of the journal, and this version knows ${JOURNAL_FORMAT}.`,
    { details: { operation: operation.id, format: operation.format } },
  )
}

/** Before anything that an operation has left is undone or finished. @throws MigstateError `newer-format` `damaged-journal` */
export function refuseUnreadable(database: Database, operation: Operation): void {
  if (operation.newer) throw newerFormat(operation)
  if (operation.format === null) throw damagedOperation(database, operation, 'its format is no number')
  const [surplus] = surplusOf(operation.events)
  if (surplus) throw damagedOperation(database, operation, `${nameEvent(surplus)} is one too many`, surplus)
  const end = operation.events.find(({ event, problem }) => TERMINAL.has(event) && problem !== null)
  if (end) throw damagedOperation(database, operation, `${nameEvent(end)} ${end.problem}`, end)
}

/**
 * The detail of the last event of this name, or null where there is none.
 * @param events of this operation; by default all that were read with it
 * @throws MigstateError `damaged-journal` when it is not of the shape that its name asks for
 */
export function detailOf<Name extends keyof Details>(
  database: Database,
  operation: Operation,
  name: Name,
  events: readonly EventRecord[] = operation.events,
): Details[Name] | null {
  const event = events.findLast((one) => one.event === name)
  if (!event) return null
  if (event.problem !== null) throw damagedOperation(database, operation, `${nameEvent(event)} ${event.problem}`, event)
  return event.detail as Details[Name]
}
