import type { Row } from '../database/index.js'
import type { Change } from '../change/index.js'
import type { MigratePlan, Step } from '../migrations/index.js'
import type { RerunHazard, RowCounts } from '../rerun/index.js'
import type { Changes, OperationStatus, SnapshotInfo } from '../journal/index.js'
import { type Advice, gateAdvice } from './advice.js'

export type { Advice }

/** The JSON `result` types of cli.md; what the library returns is the same value. */
export interface PlanResult {
  steps: Step[]
  blockedBy: { gate: string; message: string; exception: string | null; migrations: [app: string, name: string][]; next: Advice[] }[]
  /** Entries of INSTALLED_APPS that were not found on disk: what their migrations would do is not known. */
  notFound: string[]
}

/** A row as shown before it exists: `id` and `applied` are null. */
export interface PreviewRow extends Omit<Row, 'id' | 'applied'> {
  id: string | null
  applied: string | null
}

export interface ShownChanges {
  removed: Row[]
  added: (Row | PreviewRow)[]
  updated: { before: Row; after: Row | PreviewRow }[]
}

export interface ChangeResult {
  operation: { id: string; kind: string; status: OperationStatus; snapshot: string } | null
  dryRun: boolean
  changes: ShownChanges
  /** What Django would do next; null without files. */
  next: PlanResult | null
  /** migstate's side tables, where this is the first write: they have been made, or would be. */
  creates: string[]
  /** `app.Model` of models whose making is recorded and did not run: their content types and permissions come with the next `manage.py migrate`. */
  modelsRecorded?: string[]
  /** The next id, where `repair --fix-table` has mended what gives it, or would; `before` is null where the column `id` filled itself no more. */
  counter?: { before: string | null; after: string }
}

/** An operation in a sentence: what, on what, who, when, why. */
export interface UndoneOperation {
  id: string
  kind: string
  target: string
  actor: string
  host: string
  startedAt: string
  reason: string | null
}

export interface RollbackResult extends ChangeResult {
  /** What this undoes or would undo, newest first. */
  undoes: UndoneOperation[]
  /** The operation that has undone it already; then nothing is to do. */
  undoneBy: UndoneOperation | null
}

export interface RerunInfo {
  /** `run`: it was not recorded before. */
  kind: 'rerun' | 'run'
  mode: 'shadow' | 'table'
  target: [app: string, name: string]
  reverseFirst: boolean
  /** null in a dry run. */
  operation: string | null
  durationMs: number | null
  exitCode: number | null
  hidden: [app: string, name: string][]
  /** What a person should weigh: from its code, from later migrations, from the database as it is. */
  hazards: RerunHazard[]
  /** Rows that its statements reported as changed, by table; null where nobody has counted. */
  rows: RowCounts | null
  /** The command that starts Django, and why it was chosen. */
  python: string | null
}

export interface RerunResult extends ChangeResult {
  rerun: RerunInfo
  reruns: RerunInfo[]
  /** Those of all of them. */
  hazards: RerunHazard[]
}

export interface OperationSummary {
  id: string
  kind: string
  /** `shop.0003_x, 4 more`; empty where no row was concerned. */
  target: string
  status: OperationStatus
  startedAt: string
  finishedAt: string | null
  actor: string
  host: string
  reason: string | null
  command: string
  /** Ids of the operations that a rollback has undone. */
  undoes: string[]
  /** The operation that has undone this one, while that holds. */
  undoneBy: string | null
  /** Whether what it changed can be told: not of an operation of a later version, nor of one whose end in the journal is damaged. */
  readable: boolean
  /** When the copy that it was to be compared with was pruned: since then what it changed can no longer be undone. null: it is kept. */
  copyPrunedAt: string | null
  changes: { removed: number; added: number; updated: number }
}

export interface HistoryListResult {
  operations: OperationSummary[]
}

export interface OperationResult {
  operation: Omit<OperationSummary, 'changes'> & {
    snapshot: string
    changes: Changes
    /** `problem`: why nothing follows from this event; `detail` is then what stands there, as text where it is no JSON. */
    events: { at: string; event: string; detail: unknown; problem?: string }[]
  }
}

export type SnapshotResult = { snapshot: SnapshotInfo }
export interface SnapshotPruneResult {
  dryRun: boolean
  /** Whose rows were given up, or would be; newest first. */
  pruned: SnapshotInfo[]
  /** How many snapshots are left. */
  kept: number
}
export type SnapshotListResult = { snapshots: SnapshotInfo[] }
export type SnapshotShowResult = { snapshot: SnapshotInfo & { sequence: string | null; history: Row[] } }

export function toPlanResult(plan: MigratePlan, notFound: readonly string[]): PlanResult {
  return { steps: plan.steps, blockedBy: plan.blockedBy.map((gate) => ({ ...gate, next: gateAdvice(gate) })), notFound: [...notFound] }
}

/** A change as it would be: rows without an id or a time yet have null there. */
export function preview(change: Change): ShownChanges {
  return {
    removed: change.remove,
    added: change.add.map((row) => ({
      id: row.id ?? null,
      app: row.app,
      name: row.name,
      applied: row.applied ?? null,
      ...(row.appliedType ? { appliedType: row.appliedType } : {}),
      ...(row.extra ? { extra: row.extra } : {}),
    })),
    updated: change.update,
  }
}
