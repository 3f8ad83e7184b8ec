import type { History, Row } from '../database/index.js'
import { type Change, unlike } from './change.js'

/** Makes the table equal to a snapshot: later rows go, lost ones come back with their ids and times, changed ones are put back. */
export function planRestore(snapshot: readonly Row[], now: History): Change {
  const { left, right } = unlike(snapshot, now.rows)
  const wanted = new Map(left.map((row) => [row.id, row]))
  const found = new Map(right.map((row) => [row.id, row]))
  return {
    remove: right.filter((row) => !wanted.has(row.id)),
    add: left.filter((row) => !found.has(row.id)),
    update: right.flatMap((row) => {
      const after = wanted.get(row.id)
      return after ? [{ before: row, after }] : []
    }),
  }
}
