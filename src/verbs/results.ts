import type { Row } from '../database/index.js'
import type { Change } from '../change/index.js'
import type { MigratePlan, Step } from '../history/index.js'
import type { RerunHazard, RowCounts } from '../rerun/index.js'
import type { Changes, OperationStatus, SnapshotInfo } from '../journal/index.js'

/** The JSON `result` types of cli.md; what the library returns is the same value. */
export interface PlanResult {
  steps: Step[]
  blockedBy: { gate: string; message: string; exception: string | null; migrations: [app: string, name: string][] }[]
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
}

export interface RerunInfo {
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
  status: OperationStatus
  startedAt: string
  finishedAt: string | null
  actor: string
  host: string
  reason: string | null
  command: string
  changes: { removed: number; added: number; updated: number }
}

export interface HistoryResult {
  operations: OperationSummary[]
}

export interface OperationResult {
  operation: Omit<OperationSummary, 'changes'> & {
    snapshot: string
    changes: Changes
    events: { at: string; event: string; detail: unknown }[]
    undoneBy: string | null
  }
}

export type SnapshotResult = { snapshot: SnapshotInfo }
export type SnapshotListResult = { snapshots: SnapshotInfo[] }
export type SnapshotShowResult = { snapshot: SnapshotInfo & { sequence: string | null; history: Row[] } }

export function toPlanResult(plan: MigratePlan): PlanResult {
  return { steps: plan.steps, blockedBy: plan.blockedBy }
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
    })),
    updated: change.update,
  }
}
