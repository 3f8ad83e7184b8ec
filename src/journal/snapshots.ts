import type { Database } from '../database/index.js'
import { findByPrefix } from './by-prefix.js'
import { inShort, nameEvent } from './events.js'
import { Journal } from './journal.js'
import { complete } from './questions.js'
import { prunedOf } from './pruned.js'
import type { Operation, Snapshot, SnapshotHeader } from './records.js'
import { type FoundEvent, SideRows } from './side-rows.js'
import { targetOf } from './target-of.js'

/** `problems`: headers that cannot be read, a sentence without its end each. */
interface Snapshots {
  /** Newest first. */
  snapshots: Snapshot[]
  problems: string[]
}

/** Copies that are kept, with the operations that they were made for. */
export interface KeptCopy {
  snapshot: Snapshot
  /** null: made by hand. */
  operation: Operation | null
}

/** Those that are kept. Inside a transaction. @param limit so many, the newest */
export async function newestSnapshots(database: Database, limit?: number): Promise<Snapshots> {
  if (!(await new Journal(database).exists())) return { snapshots: [], problems: [] }
  const rows = new SideRows(database)
  const { copies, problems } = await toCopies(rows, await rows.headers({ newest: limit }))
  return { snapshots: copies.map(({ snapshot }) => snapshot), problems }
}

/** Newest first. Inside a transaction, with the side tables there. */
export async function keptCopies(database: Database): Promise<KeptCopy[]> {
  const rows = new SideRows(database)
  return (await toCopies(rows, await rows.headers())).copies
}

/** Inside a transaction. @throws MigstateError `unknown-snapshot` when the prefix fits none or several */
export async function findSnapshot(database: Database, prefix: string): Promise<Snapshot> {
  if (prefix === '' || !(await new Journal(database).exists())) return findByPrefix([], prefix, 'unknown-snapshot', 'snapshot')
  const rows = new SideRows(database)
  const { copies } = await toCopies(rows, await rows.headersNamed(prefix))
  return findByPrefix(
    copies.map(({ snapshot }) => snapshot),
    prefix,
    'unknown-snapshot',
    'snapshot',
  )
}

async function toCopies(rows: SideRows, headers: readonly FoundEvent[]): Promise<{ copies: KeptCopy[]; problems: string[] }> {
  const ids = new Set(headers.flatMap(({ operation }) => (operation === null ? [] : [operation])))
  const operations = new Map((await complete(rows, await rows.operationsOf([...ids]))).map((operation) => [operation.id, operation]))
  const byId = new Map<string, KeptCopy>()
  const problems: string[] = []
  for (const event of headers) {
    if (event.problem !== null) {
      problems.push(`${nameEvent(event)} ${event.problem}`)
      continue
    }
    const header = event.detail as SnapshotHeader
    const operation = event.operation === null ? undefined : operations.get(event.operation)
    const first = byId.get(header.id)?.snapshot
    if (first) {
      first.doubt = { code: 'damaged-journal', what: `${nameEvent(event)} is another header of it` }
      problems.push(`the snapshot ${inShort(header.id)} has several headers`)
    } else byId.set(header.id, { snapshot: toSnapshot(header, event, operation), operation: operation ?? null })
  }
  return { copies: [...byId.values()].reverse(), problems }
}

function toSnapshot(header: SnapshotHeader, event: FoundEvent, operation: Operation | undefined): Snapshot {
  return {
    ...header,
    operation: event.operation,
    createdAt: event.at,
    label: labelOf(header, operation),
    doubt: doubtOf(event.operation, operation),
    pruned: operation && operation.snapshot === header.id ? prunedOf(operation) : null,
  }
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
