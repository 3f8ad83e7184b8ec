import type { Row } from '../database/index.js'

/** The newest format that is known; a reader accepts every older one. */
export const JOURNAL_FORMAT = 2

/** Of operations whose rows are four texts: older versions read them too. */
export const PLAIN_FORMAT = 1

/** What the tool writes as a row of migstate_operation: written once, never changed. What became of it is told by its events. */
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

/** A row of migstate_operation as it is found there. */
export interface FoundOperation extends OperationRecord {
  seq: string
  /** null: the column holds no number that a format can have. */
  format: number | null
}

export interface EventRecord {
  seq: string
  at: string
  event: string
  /** Of the shape that the event's name asks for, where `problem` is null. */
  detail: unknown
  /** Why nothing can follow from this event, as the end of a sentence. */
  problem: string | null
}

export type OperationStatus = 'planned' | 'running' | 'done' | 'failed' | 'aborted' | 'unknown'

/** The net effect of an operation on the table, rows exact. */
export interface Changes {
  removed: Row[]
  added: Row[]
  updated: { before: Row; after: Row }[]
}

export const NO_CHANGES: Changes = { removed: [], added: [], updated: [] }

export interface Operation extends FoundOperation {
  status: OperationStatus
  finishedAt: string | null
  changes: Changes
  /** The counter before and after, as it was left on purpose; null where the table has none. */
  sequence: { before: string | null; after: string | null }
  events: EventRecord[]
  /** Ids of the operations that a rollback has undone, newest first. */
  undoes: string[]
  /** The newest operation that has undone this one, while it is itself in force. */
  undoneBy: string | null
  /** Written by a later version of migstate: what it changed cannot be told. */
  newer: boolean
  /** What is wrong with its rows in the journal, a sentence without its end each. */
  problems: string[]
  /** Whether `changes` and `sequence` can be told. */
  readable: boolean
}

/** The events that end an operation, and what they make of it. */
export const TERMINAL: ReadonlyMap<string, OperationStatus> = new Map([
  ['done', 'done'],
  ['failed', 'failed'],
  ['aborted', 'aborted'],
])

/** Detail of a terminal event. */
export interface Outcome {
  changes: Changes
  sequence: { before: string | null; after: string | null }
  /** The operation that this one undoes; of several the newest. */
  undoes?: string
  /** All that it undoes, newest first, where they are several. */
  undoesAll?: string[]
}

export interface SnapshotInfo {
  id: string
  /** null: made by hand. */
  operation: string | null
  createdAt: string
  rows: number
  /** sha256 of the canonical rows. */
  digest: string
  /** Why it was made: the operation that it was made for, or the reason that a person gave. */
  label: string
}

/** Detail of a `snapshot` event: the header of a snapshot. */
export interface SnapshotHeader {
  id: string
  rows: number
  digest: string
  sequence: string | null
  engine: string
  database: string
  /** Of a snapshot made by hand. */
  reason?: string
  actor?: string
}

export interface Snapshot extends SnapshotInfo, SnapshotHeader {
  /** Why it cannot be restored: the error, and the fact as a sentence without its end. */
  doubt: { code: 'damaged-journal' | 'newer-format'; what: string } | null
  /** When its rows were given up, and by whom. */
  pruned: { at: string; actor: string } | null
}
