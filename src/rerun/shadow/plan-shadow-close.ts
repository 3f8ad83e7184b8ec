import { EMPTY, type Edit } from '../../change/index.js'
import { type History, type Row, sameRow } from '../../database/index.js'
import type { Warnings } from '../../errors/index.js'
import type { Shadowed } from './shadowed.js'

/** Whether the row that gets the new time is still as it was when the rerun began. */
export function targetIsUntouched({ target }: Shadowed, now: readonly Row[]): boolean {
  const kept = target.at(-1) as Row
  const found = now.find((row) => row.id === kept.id)
  return found !== undefined && sameRow(found, kept)
}

/** The one change of a rerun in shadow mode: the kept row of the target gets its new time. Somebody else's row stays theirs. */
export function planShadowClose(shadowed: Shadowed, now: History, applied: string): Edit {
  const kept = shadowed.target.at(-1) as Row
  const { appliedType: _type, ...row } = kept
  const change = targetIsUntouched(shadowed, now.rows) ? { ...EMPTY, update: [{ before: kept, after: { ...row, applied } }] } : EMPTY
  return { change, event: 'done', sequence: () => null, sequenceBefore: shadowed.sequence }
}

/** What others did to the table while the child ran; all of it stays. */
export function reportInterleaved(shadowed: Shadowed, before: readonly Row[], now: readonly Row[], warnings: Warnings): void {
  const old = new Map(before.map((row) => [row.id, row]))
  const there = new Map(now.map((row) => [row.id, row]))
  const say = (row: Row, what: string) => warnings.add('interleaved', `somebody else ${what} ${row.app}.${row.name} (id ${row.id}) meanwhile`)
  const kept = shadowed.target.at(-1) as Row
  for (const row of now) {
    const earlier = old.get(row.id)
    if (!earlier) say(row, 'recorded')
    else if (!sameRow(earlier, row) && row.id !== kept.id) say(row, 'changed')
  }
  for (const row of before) if (!there.has(row.id) && row.id !== kept.id) say(row, 'deleted')
}
