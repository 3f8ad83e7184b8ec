import type { Row } from '../database/row.js'
import { MigstateError } from '../errors/index.js'
import type { Change, PlannedRow } from './change.js'

export interface ThreeWay {
  /** The rows that the plan was made from. */
  expected: Row[]
  /** Those rows as they are now, and rows in the way of what the plan inserts. */
  found: Row[]
  /** What the change would have left. */
  wanted: (Row | PlannedRow)[]
}

/** Exit 6 with the three-way difference: the rows concerned are not what the plan was made from. */
export function tableChanged(change: Change, rows: readonly Row[], why: string): MigstateError {
  return new MigstateError('table-changed', `${why}`, { details: { ...threeWay(change, rows) } })
}

function threeWay(change: Change, rows: readonly Row[]): ThreeWay {
  const expected = [...change.remove, ...change.update.map(({ before }) => before)]
  const wanted: (Row | PlannedRow)[] = [...change.add, ...change.update.map(({ after }) => after)]
  const ids = new Set([...expected, ...wanted].flatMap((row) => (row.id === undefined ? [] : [row.id])))
  const names = new Set([...expected, ...wanted].map((row) => `${row.app}\0${row.name}`))
  return { expected, found: rows.filter((row) => ids.has(row.id) || names.has(`${row.app}\0${row.name}`)), wanted }
}
