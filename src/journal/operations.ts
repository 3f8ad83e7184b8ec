import type { Database } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { isTime } from './decode.js'
import { inShort, nameEvent, surplusOf } from './events.js'
import { Journal } from './journal.js'
import { targetOf } from './target-of.js'
import {
  type EventRecord,
  type FoundOperation,
  JOURNAL_FORMAT,
  NO_CHANGES,
  type Operation,
  type Outcome,
  type Snapshot,
  type SnapshotHeader,
  type SnapshotInfo,
  TERMINAL,
} from './records.js'

/** What the journal says, newest operation first. Inside a transaction; empty when there are no side tables. */
export async function readOperations(database: Database): Promise<Operation[]> {
  const journal = new Journal(database)
  if (!(await journal.exists())) return []
  const byOperation = new Map<string, EventRecord[]>()
  for (const { operation, ...event } of await journal.events()) {
    if (operation === null) continue
    const events = byOperation.get(operation)
    if (events) events.push(event)
    else byOperation.set(operation, [event])
  }
  const operations = (await journal.operationRecords()).map((record) => toOperation(record, byOperation.get(record.id) ?? []))
  markUndone(operations)
  return operations
}

/** Newest first: whoever could undo an undo has been looked at before. An undo that is undone leaves its operation in force. */
function markUndone(operations: readonly Operation[]): void {
  const undoer = new Map<string, string>()
  for (const operation of operations) {
    operation.undoneBy = undoer.get(operation.id) ?? null
    if (operation.status !== 'done' || operation.undoneBy !== null) continue
    for (const id of operation.undoes) if (!undoer.has(id)) undoer.set(id, operation.id)
  }
}

/** Newest first. `problems`: headers that cannot be read, a sentence without its end each. Inside a transaction. */
export async function readSnapshots(database: Database): Promise<{ snapshots: Snapshot[]; problems: string[] }> {
  const journal = new Journal(database)
  if (!(await journal.exists())) return { snapshots: [], problems: [] }
  const operations = new Map((await readOperations(database)).map((operation) => [operation.id, operation]))
  const headers = (await journal.events()).filter((event) => event.event === 'snapshot')
  const byId = new Map<string, Snapshot>()
  const problems: string[] = []
  for (const event of headers) {
    if (event.problem !== null) {
      problems.push(`${nameEvent(event)} ${event.problem}`)
      continue
    }
    const header = event.detail as SnapshotHeader
    const operation = event.operation === null ? undefined : operations.get(event.operation)
    const first = byId.get(header.id)
    if (first) {
      first.doubt = { code: 'damaged-journal', what: `${nameEvent(event)} is another header of it` }
      problems.push(`the snapshot ${inShort(header.id)} has several headers`)
    } else
      byId.set(header.id, {
        ...header,
        operation: event.operation,
        createdAt: event.at,
        label: labelOf(header, operation),
        doubt: doubtOf(event.operation, operation),
      })
  }
  return { snapshots: [...byId.values()].reverse(), problems }
}

function doubtOf(id: string | null, operation: Operation | undefined): Snapshot['doubt'] {
  if (id === null) return null
  if (!operation) return { code: 'damaged-journal', what: `there is no operation ${inShort(id)} that it would be of` }
  return operation.newer ? { code: 'newer-format', what: `it is of an operation of format ${operation.format}` } : null
}

/** `before mark applied shop.0003_x`, or `by hand: before the move`. */
export function labelOf({ reason }: Pick<SnapshotHeader, 'reason'>, operation: Operation | undefined): string {
  if (operation) return `before ${operation.kind} ${targetOf(operation)}`.trim()
  return reason === undefined ? 'by hand' : `by hand: ${reason}`
}

/** Operations without an ending: lifted rows may be missing from the table, or its counter is not put back. */
export function unfinished(operations: readonly Operation[]): Operation[] {
  return operations.filter((operation) => operation.finishedAt === null)
}

/** @throws MigstateError `unknown-operation` when the prefix fits none or several */
export function findOperation(operations: readonly Operation[], prefix: string): Operation {
  return findByPrefix(operations, prefix, 'unknown-operation', 'operation')
}

/** @throws MigstateError `unknown-snapshot` when the prefix fits none or several */
export function findSnapshot<T extends SnapshotInfo>(snapshots: readonly T[], prefix: string): T {
  return findByPrefix(snapshots, prefix, 'unknown-snapshot', 'snapshot')
}

function findByPrefix<T extends { id: string }>(list: readonly T[], prefix: string, code: 'unknown-operation' | 'unknown-snapshot', what: string): T {
  const found = list.filter((one) => prefix !== '' && one.id.startsWith(prefix))
  const [only] = found.filter((one) => one.id === prefix).concat(found)
  if (only && (found.length === 1 || only.id === prefix)) return only
  const candidates = found.map((one) => one.id)
  throw new MigstateError(code, found.length === 0 ? `There is no ${what} "${prefix}".` : `"${prefix}" fits several ${what}s: ${candidates.join(', ')}.`, {
    details: { candidates },
  })
}

function toOperation(record: FoundOperation, events: EventRecord[]): Operation {
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
