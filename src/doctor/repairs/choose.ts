import type { RowEdit } from '../../migrations/index.js'
import type { Found, Proposal } from '../finding.js'

export interface RowRepair extends Proposal {
  edit: RowEdit
}

const isOfRows = (one: Proposal): one is RowRepair => one.edit !== null

/**
 * What `migstate repair` does for a finding: the recommended repair where it is one of rows, else a safe one of rows. null: rows alone do not
 * mend it, or the evidence does not say how.
 */
export function rowRepair({ repairs }: Found): RowRepair | null {
  const ofRows = repairs.filter(isOfRows)
  return ofRows.find(({ recommended }) => recommended) ?? ofRows.find(({ safe }) => safe) ?? null
}

/**
 * What `migstate repair ID` does where a person has named the finding: as above; else the way for which `doctor` prints this very command. Whoever
 * types it has chosen it. Where several are printed so, none is chosen.
 */
export function namedRepair(found: Found): RowRepair | null {
  const own = found.repairs.filter((one): one is RowRepair => isOfRows(one) && one.command === null)
  return rowRepair(found) ?? (own.length === 1 ? (own[0] as RowRepair) : null)
}

/** Repairs in the order in which they are tried; `add` says whether one more fits to those that are taken. A later one may make room for an earlier. */
export function takeAllThatFit<T>(candidates: readonly T[], fits: (taken: readonly T[]) => boolean): T[] {
  let taken: T[] = []
  for (let before = -1; before !== taken.length; ) {
    before = taken.length
    for (const one of candidates) if (!taken.includes(one) && fits([...taken, one])) taken = [...taken, one]
  }
  return taken
}
