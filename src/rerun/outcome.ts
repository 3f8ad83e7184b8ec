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

/** Said wherever only one half is done. */
export function sayReversed({ app, name }: { app: string; name: string }): string {
  return `Its reverse code has run and its forward code has not: the data is as before ${app}.${name}, and its row still says that it is applied.`
}

/** The two ways on. */
export function hintReversed({ app, name }: { app: string; name: string }): string {
  return `Run "migstate rerun ${app} ${name}" for the missing half, or "migstate mark unapplied ${app} ${name}" to record what is.`
}
