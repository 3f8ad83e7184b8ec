import { isTime } from './decode.js'
import { nameEvent, surplusOf } from './events.js'
import { type EventRecord, type FoundOperation, JOURNAL_FORMAT, NO_CHANGES, type Operation, type Outcome, TERMINAL } from './records.js'

/** A row of migstate_operation with its events: what they make of it. Whether it is undone is asked of later ones. */
export function toOperation(record: FoundOperation, events: EventRecord[]): Operation {
  const ends = events.filter((event) => TERMINAL.has(event.event))
  const [end] = ends
  const newer = record.format !== null && record.format > JOURNAL_FORMAT
  const readable = !newer && record.format !== null && ends.length <= 1 && (end?.problem ?? null) === null
  const outcome = (readable ? (end?.detail ?? null) : null) as Outcome | null
  return {
    ...record,
    // In every format these three events end an operation.
    status: end ? (TERMINAL.get(end.event) as Operation['status']) : events.some((event) => event.event === 'outcome-unknown') ? 'unknown' : 'running',
    finishedAt: end?.at ?? null,
    changes: outcome?.changes ?? NO_CHANGES,
    sequence: outcome?.sequence ?? { before: null, after: null },
    events,
    undoes: outcome?.undoesAll ?? (outcome?.undoes === undefined ? [] : [outcome.undoes]),
    undoneBy: null,
    newer,
    problems: newer ? [] : problemsOf(record, events),
    readable,
  }
}

/** Of a later format nothing is said: its events may have other shapes. */
function problemsOf(record: FoundOperation, events: readonly EventRecord[]): string[] {
  return [
    ...(record.format === null ? ['its format is no number'] : []),
    ...(isTime(record.startedAt) ? [] : ['the time of its beginning is none']),
    ...events.flatMap((event) => (event.problem === null ? [] : [`${nameEvent(event)} ${event.problem}`])),
    ...surplusOf(events).map((event) => `${nameEvent(event)} is one too many`),
  ]
}

/** Newest first, from the newest of all on: whoever could undo an undo has been looked at before. An undo that is undone leaves its operation in force. */
export function markUndone(operations: readonly Operation[]): void {
  const undoer = new Map<string, string>()
  for (const operation of operations) {
    operation.undoneBy = undoer.get(operation.id) ?? null
    if (operation.status !== 'done' || operation.undoneBy !== null) continue
    for (const id of operation.undoes) if (!undoer.has(id)) undoer.set(id, operation.id)
  }
}
