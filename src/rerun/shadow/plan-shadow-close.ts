import { EMPTY, type Edit } from '../../change/index.js'
import { type History, type Row, sameRow } from '../../database/index.js'
import type { Warnings } from '../../errors/index.js'
import type { Shadowed } from '../../journal/index.js'

/** Whether the row that gets the new time is still as it was when the rerun began; a first run has none. */
export function targetIsUntouched({ target }: Shadowed, now: readonly Row[]): boolean {
  const kept = target.at(-1)
  if (!kept) return true
  const found = now.find((row) => row.id === kept.id)
  return found !== undefined && sameRow(found, kept)
}

/** The one change of a run in shadow mode: the kept row of the target gets its new time, or a first run its row. Somebody else's row stays theirs. */
export function planShadowClose(shadowed: Shadowed, now: History, applied: string): Edit {
  return { change: closingChange(shadowed, now, applied), event: 'done', sequence: () => null, sequenceBefore: shadowed.sequence }
}

function closingChange(shadowed: Shadowed, now: History, applied: string): Edit['change'] {
  const kept = shadowed.target.at(-1)
  if (!kept) {
    const isThere = ([app, name]: [string, string]) => now.rows.some((row) => row.app === app && row.name === name)
    return { ...EMPTY, add: (shadowed.records ?? []).filter((one) => !isThere(one)).map(([app, name]) => ({ app, name, applied })) }
  }
  const { appliedType: _type, ...row } = kept
  return targetIsUntouched(shadowed, now.rows) ? { ...EMPTY, update: [{ before: kept, after: { ...row, applied } }] } : EMPTY
}

/** What others did to the table while the child ran; all of it stays. */
export function reportInterleaved(shadowed: Shadowed, before: readonly Row[], now: readonly Row[], warnings: Warnings): void {
  const old = new Map(before.map((row) => [row.id, row]))
  const there = new Map(now.map((row) => [row.id, row]))
  const say = (row: Row, what: string) => warnings.add('interleaved', `somebody else ${what} ${row.app}.${row.name} (id ${row.id}) meanwhile`)
  const kept = shadowed.target.at(-1)?.id
  for (const row of now) {
    const earlier = old.get(row.id)
    if (!earlier) say(row, 'recorded')
    else if (!sameRow(earlier, row) && row.id !== kept) say(row, 'changed')
  }
  for (const row of before) if (!there.has(row.id) && row.id !== kept) say(row, 'deleted')
}
