import type { Row } from '../database/index.js'
import type { Changes } from '../journal/index.js'

/** Rows that statements of the migration reported as changed, by table. */
export type RowCounts = Record<string, { inserted?: number; updated?: number; deleted?: number }>

/** What a rerun has done, in either mode. */
export interface RerunOutcome {
  changes: Changes
  /** All rows afterwards. */
  rows: Row[]
  durationMs: number
  exitCode: number | null
  hidden: Row[]
  /** null where nobody has counted: table mode, and Django before 2.0. */
  rowCounts: RowCounts | null
}
