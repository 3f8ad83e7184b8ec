import { byId, type NewRow, type Row, sameRow } from '../database/row.js'
import type { History } from '../database/index.js'
import type { Changes } from '../journal/index.js'

/** A row to insert: without `applied` it gets the time of the edit, without `id` the database's next one. */
export interface PlannedRow {
  app: string
  name: string
  id?: string
  applied?: string
  appliedType?: NewRow['appliedType']
  /** Without: what the database gives a new row. */
  extra?: NewRow['extra']
  nulls?: NewRow['nulls']
}

/** A planned set of row changes, as a value: printable, comparable, invertible. */
export interface Change {
  /** Full rows, as the plan saw them. */
  remove: Row[]
  add: PlannedRow[]
  update: { before: Row; after: Row }[]
}

export const EMPTY: Change = { remove: [], add: [], update: [] }

export function isEmpty(change: Change): boolean {
  return change.remove.length + change.add.length + change.update.length === 0
}

/** The change that takes `changes` back: ids, times and all. */
export function invert(changes: Changes): Change {
  return { remove: changes.added, add: changes.removed, update: changes.updated.map(({ before, after }) => ({ before: after, after: before })) }
}

/** The same rows in, out and over; the times that new rows will get do not count. */
export function sameChange(left: Change, right: Change): boolean {
  const key = (change: Change) =>
    JSON.stringify([
      [...change.remove].sort(byId),
      change.add.map((row) => [row.id ?? null, row.app, row.name, row.applied ?? null, row.extra ?? null]),
      [...change.update].sort((a, b) => byId(a.before, b.before)),
    ])
  return key(left) === key(right)
}

/** All rows and the counter are as they were. */
export function sameHistory(left: History, right: History): boolean {
  const { rows } = right
  return left.sequence === right.sequence && left.rows.length === rows.length && left.rows.every((row, index) => sameRow(row, rows[index] as Row))
}

/** What lies between two states of the table: rows that are just the same in both are no difference, the others go by their ids. */
export function difference(before: readonly Row[], after: readonly Row[]): Changes {
  const { left, right } = unlike(before, after)
  const old = new Map(left.map((row) => [row.id, row]))
  const now = new Map(right.map((row) => [row.id, row]))
  return {
    removed: left.filter((row) => !now.has(row.id)).sort(byId),
    added: right.filter((row) => !old.has(row.id)).sort(byId),
    updated: right
      .flatMap((row) => {
        const earlier = old.get(row.id)
        return earlier ? [{ before: earlier, after: row }] : []
      })
      .sort((a, b) => byId(a.before, b.before)),
  }
}

/** Two lists of rows without those that stand in both, each as often as in the other: an id need not name one row only. */
export function unlike(left: readonly Row[], right: readonly Row[]): { left: Row[]; right: Row[] } {
  const rest = new Map<string, Row[]>()
  for (const row of right) rest.set(row.id, [...(rest.get(row.id) ?? []), row])
  const only = left.filter((row) => {
    const twins = rest.get(row.id) ?? []
    const at = twins.findIndex((twin) => sameRow(row, twin))
    if (at >= 0) twins.splice(at, 1)
    return at < 0
  })
  const other = new Set([...rest.values()].flat())
  return { left: only, right: right.filter((row) => other.has(row)) }
}

/** The rows that the table must hold after the change, new ones without an id left out. */
export function expectedRows(before: readonly Row[], change: Change): Row[] {
  const gone = new Set(change.remove.map((row) => row.id))
  const changed = new Map(change.update.map(({ before: old, after }) => [old.id, after]))
  return before.filter((row) => !gone.has(row.id)).map((row) => changed.get(row.id) ?? row)
}
