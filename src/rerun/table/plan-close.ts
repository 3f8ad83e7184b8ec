import type { Edit } from '../../change/index.js'
import { type Change, type PlannedRow } from '../../change/index.js'
import { byId, highestId, type History, type Row, sameRow } from '../../database/index.js'
import type { Warnings } from '../../errors/index.js'
import type { Changes, Lifted } from '../../journal/index.js'

/** Whether the target ran: decided by its row where that proves it, else by what a person says. */
export type Verdict = 'ran' | 'not-run'

/** A present target row means that the migration ran; but for the old one, which is there for the way back. */
export function targetIsRecorded(lifted: Lifted, rows: readonly Row[]): boolean {
  return newTargetRows(lifted, rows).some((row) => !isOld(lifted, row))
}

/** The old row of the target is there: the way back has not been recorded. */
export function targetIsBack(lifted: Lifted, rows: readonly Row[]): boolean {
  return rows.some((row) => isOld(lifted, row))
}

function isOld({ target }: Lifted, row: Row): boolean {
  return target.some((old) => sameRow(old, row))
}

/**
 * Puts everything back in one change: lifted rows exact, the kept target row with its id and, if it ran, the new time.
 * Rows of others stay; a lifted row that somebody recorded meanwhile is reported, not doubled.
 */
export function planClose(lifted: Lifted, now: History, verdict: Verdict, event: string, stamp: () => string, warnings: Warnings): Edit {
  const fresh = newTargetRows(lifted, now.rows).sort(byId)
  const kept = lifted.target.at(-1) as Row
  const newest = fresh.filter((row) => !isOld(lifted, row)).at(-1)
  const after: Row = verdict === 'ran' ? withTime(kept, newest, stamp) : kept
  const change: Change = { remove: fresh, update: [], add: [] }
  const taken = new Set(now.rows.filter((row) => !fresh.includes(row)).map((row) => row.id))
  for (const row of [...lifted.target.slice(0, -1), after, ...lifted.hidden].sort(byId)) {
    const twin =
      lifted.target.includes(row) || row === after
        ? undefined
        : now.rows.find((other) => other.app === row.app && other.name === row.name && !lifted.rest.includes(other.id))
    if (twin) warnings.add('interleaved', `somebody else recorded ${row.app}.${row.name} meanwhile (id ${twin.id}); row ${row.id} was not put back beside it`)
    else change.add.push(taken.has(row.id) ? withoutId(row, warnings) : row)
  }
  const squashes = new Set(lifted.unrecordedSquashes.map(([app, name]) => `${app}\0${name}`))
  const strangers = now.rows.filter((row) => !lifted.rest.includes(row.id) && !fresh.includes(row))
  const added = strangers.filter((row) => squashes.has(`${row.app}\0${row.name}`))
  for (const row of strangers)
    if (!added.includes(row) && !lifted.hidden.some((hidden) => hidden.app === row.app && hidden.name === row.name))
      warnings.add('interleaved', `somebody else recorded ${row.app}.${row.name} (id ${row.id}) meanwhile; it stays`)
  const gone = lifted.rest.filter((id) => !now.rows.some((row) => row.id === id))
  if (gone.length > 0)
    warnings.add('interleaved', `somebody else deleted ${gone.length} other rows meanwhile (ids ${gone.slice(0, 5).join(', ')}); they stay deleted`)
  return {
    change,
    event,
    netChanges: (): Changes => ({ removed: [], added, updated: verdict === 'ran' ? [{ before: kept, after }] : [] }),
    // Under the table lock no insert can be under way, so the counter may go back to just above the rows.
    sequence: (then) => (lifted.sequence === null ? null : higher(lifted.sequence, highestId(then.rows) + 1n)),
    sequenceBefore: lifted.sequence,
  }
}

function newTargetRows(lifted: Lifted, rows: readonly Row[]): Row[] {
  return rows.filter((row) => row.app === lifted.app && row.name === lifted.name && !lifted.rest.includes(row.id))
}

function withTime(kept: Row, newest: Row | undefined, stamp: () => string): Row {
  const { appliedType: _type, ...row } = kept
  return newest ? { ...row, applied: newest.applied, ...(newest.appliedType ? { appliedType: newest.appliedType } : {}) } : { ...row, applied: stamp() }
}

/** A table without AUTOINCREMENT may give a free id to somebody else. */
function withoutId(row: Row, warnings: Warnings): PlannedRow {
  warnings.add('interleaved', `somebody else's row has taken the id ${row.id} of ${row.app}.${row.name} meanwhile; it was put back with a new id`)
  const { id: _id, ...rest } = row
  return rest
}

function higher(left: string, right: bigint): string {
  return BigInt(left) > right ? left : right.toString()
}
