import { type History, type Row, sameRow } from '../database/index.js'
import type { Change } from './change.js'

/** Makes the table equal to a snapshot: later rows go, lost ones come back with their ids and times, changed ones are put back. */
export function planRestore(snapshot: readonly Row[], now: History): Change {
  const wanted = new Map(snapshot.map((row) => [row.id, row]))
  const found = new Map(now.rows.map((row) => [row.id, row]))
  return {
    remove: now.rows.filter((row) => !wanted.has(row.id)),
    add: snapshot.filter((row) => !found.has(row.id)),
    update: now.rows.flatMap((row) => {
      const after = wanted.get(row.id)
      return after && !sameRow(row, after) ? [{ before: row, after }] : []
    }),
  }
}
