import type { Database } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { Journal } from './journal.js'
import { targetOf } from './target-of.js'
import {
  type EventRecord,
  NO_CHANGES,
  type Operation,
  type OperationRecord,
  type Outcome,
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

export async function readSnapshots(database: Database): Promise<(SnapshotInfo & SnapshotHeader)[]> {
  const journal = new Journal(database)
  if (!(await journal.exists())) return []
  const operations = new Map((await readOperations(database)).map((operation) => [operation.id, operation]))
  return (await journal.events())
    .filter((event) => event.event === 'snapshot')
    .map((event) => {
      const header = event.detail as SnapshotHeader
      const operation = event.operation === null ? undefined : operations.get(event.operation)
      return { ...header, operation: event.operation, createdAt: event.at, label: labelOf(header, operation) }
    })
    .reverse()
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

function toOperation(record: OperationRecord, events: EventRecord[]): Operation {
  const end = events.findLast((event) => TERMINAL.has(event.event))
  const outcome = (end?.detail ?? null) as Outcome | null
  return {
    ...record,
    status: end ? (TERMINAL.get(end.event) as Operation['status']) : events.some((event) => event.event === 'outcome-unknown') ? 'unknown' : 'running',
    finishedAt: end?.at ?? null,
    changes: outcome?.changes ?? NO_CHANGES,
    sequence: outcome?.sequence ?? { before: null, after: null },
    events,
    undoes: outcome?.undoesAll ?? (outcome?.undoes === undefined ? [] : [outcome.undoes]),
    undoneBy: null,
  }
}
