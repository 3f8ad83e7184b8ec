import { highestId, type History, type Row, sameRow } from '../database/index.js'
import type { Operation } from '../journal/index.js'
import { type Change, difference, expectedRows, invert } from './change.js'
import { tableChanged } from './table-changed.js'

/** The rows before an operation, as its own snapshot has them. */
export type Snapshots = ReadonlyMap<Operation, readonly Row[]>

/**
 * Takes back exactly what an operation changed; everyone else's rows stay.
 * @param before the rows of its snapshot
 * @throws MigstateError `table-changed` when a row that it wrote is no longer as it left it, or one that it deleted is there again
 */
function planRollback(operation: Operation, now: History, before: readonly Row[]): Change {
  const change = invert(operation.changes)
  for (const row of [...change.remove, ...change.update.map(({ before }) => before)]) {
    if (!now.rows.some((found) => sameRow(found, row)))
      throw tableChanged(
        change,
        now.rows,
        `Row ${row.id} (${row.app}.${row.name}) is no longer as operation ${operation.id} left it${operation.undoneBy ? ` (${operation.undoneBy} has undone it)` : ''}.`,
      )
  }
  // A twin that stood beside it then, or comes back with it, is no obstacle; one that has come since is. Times and ids do not tell: clocks go back.
  const stood = new Set(before.map(keyOf))
  for (const row of change.add) {
    const there = now.rows.find((found) => found.id === row.id || (found.app === row.app && found.name === row.name && !stood.has(keyOf(found))))
    if (there && !change.remove.some((gone) => gone.id === there.id))
      throw tableChanged(change, now.rows, `Row ${row.id} (${row.app}.${row.name}), which operation ${operation.id} deleted, is there again.`)
  }
  return change
}

const keyOf = ({ id, app, name }: Row) => JSON.stringify([id, app, name])

/**
 * Takes back several operations, the newest first, as one change: each is undone on the rows that undoing the ones after it leaves.
 * @throws MigstateError `table-changed` as for one
 */
export function planRollbackOf(operations: readonly Operation[], now: History, snapshots: Snapshots): Change {
  let rows = [...now.rows]
  for (const operation of operations) rows = after(rows, planRollback(operation, { rows, sequence: now.sequence }, snapshots.get(operation) ?? []))
  const { removed, added, updated } = difference(now.rows, rows)
  return { remove: removed, add: added, update: updated }
}

/** Rows that come back have their ids, so what the table holds afterwards can be told. */
function after(rows: readonly Row[], change: Change): Row[] {
  return [...expectedRows(rows, change), ...(change.add as Row[])]
}

/** Where the counter goes: back to where it was, if nobody moved it since; never below the highest id + 1. @param operations newest first */
export function rollbackSequence(operations: readonly Operation[], before: History): (after: History) => string | null {
  const [newest, oldest] = [operations[0], operations.at(-1)]
  const untouched = newest !== undefined && newest.sequence.after !== null && before.sequence === newest.sequence.after
  return (now) => {
    if (now.sequence === null || before.sequence === null) return null
    const floor = highestId(now.rows) + 1n
    const wanted = untouched && oldest?.sequence.before ? BigInt(oldest.sequence.before) : BigInt(before.sequence)
    return (wanted > floor ? wanted : floor).toString()
  }
}

/** What a rollback takes that is not told which operation: a done one that changed a row, or of which nobody can tell; rollbacks included. */
export function isUndoable(operation: Operation): boolean {
  return operation.status === 'done' && (hasChanges(operation) || !operation.readable)
}

export function hasChanges({ changes }: Operation): boolean {
  return changes.removed.length + changes.added.length + changes.updated.length > 0
}
