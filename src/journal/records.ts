import type { Row } from '../database/index.js'

/** Side tables of this layout; a reader accepts every older one. */
export const JOURNAL_FORMAT = 1

/** A row of migstate_operation: written once, never changed. What became of it is told by its events. */
export interface OperationRecord {
  id: string
  /** The command: `mark applied`, `rerun`. */
  kind: string
  startedAt: string
  /** The OS user. */
  actor: string
  host: string
  pid: string
  /** Masked. */
  command: string
  reason: string | null
  /** The snapshot taken before the change. */
  snapshot: string
}

export interface EventRecord {
  at: string
  event: string
  detail: unknown
}

export type OperationStatus = 'planned' | 'running' | 'done' | 'failed' | 'aborted' | 'unknown'

/** The net effect of an operation on the table, rows exact. */
export interface Changes {
  removed: Row[]
  added: Row[]
  updated: { before: Row; after: Row }[]
}

export const NO_CHANGES: Changes = { removed: [], added: [], updated: [] }

export interface Operation extends OperationRecord {
  status: OperationStatus
  finishedAt: string | null
  changes: Changes
  /** The counter before and after, as it was left on purpose; null where the table has none. */
  sequence: { before: string | null; after: string | null }
  events: EventRecord[]
  /** The newest done operation that undid this one. */
  undoneBy: string | null
}

/** The events that end an operation, and what they make of it. */
export const TERMINAL: Readonly<Record<string, OperationStatus>> = { done: 'done', failed: 'failed', aborted: 'aborted' }

/** Detail of a terminal event. */
export interface Outcome {
  changes: Changes
  sequence: { before: string | null; after: string | null }
  /** The operation that this one undoes. */
  undoes?: string
}

export interface SnapshotInfo {
  id: string
  /** null: made by hand. */
  operation: string | null
  createdAt: string
  rows: number
  /** sha256 of the canonical rows. */
  digest: string
}

/** Detail of a `snapshot` event: the header of a snapshot. */
export interface SnapshotHeader {
  id: string
  rows: number
  digest: string
  sequence: string | null
  engine: string
  database: string
}
