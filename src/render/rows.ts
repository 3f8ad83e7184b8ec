import type { ShownChanges } from '../api/results.js'
import type { Page } from './page.js'
import { alignColumns } from './table.js'
import { appliedTime } from './time.js'

type Mark = '-' | '+' | '~'

/** The rows that go (-), come (+) and change (~), aligned, in order of id. */
export function renderRows(changes: ShownChanges, page: Page, indent = '  '): string[] {
  const lines: [mark: Mark, cells: string[]][] = []
  for (const row of changes.removed) lines.push(['-', cells(row)])
  for (const row of changes.added) lines.push(['+', cells(row)])
  for (const { before, after } of changes.updated) {
    const renamed = before.app !== after.app || before.name !== after.name
    lines.push(['~', cells(before)], ['~', ['', renamed ? after.app : '', renamed ? after.name : '', `-> ${timeOf(after)}`]])
  }
  const aligned = alignColumns(
    lines.map(([, row]) => row),
    '',
    { width: page.width - indent.length - 2, cuttable: [1, 2] },
  )
  const paint = { '-': page.bad, '+': page.good, '~': page.note }
  return lines.map(([mark], index) => `${indent}${paint[mark](`${mark} ${aligned[index]}`)}`)
}

function cells(row: { id: string | null; app: string; name: string; applied: string | null }): string[] {
  return [row.id ?? '(new)', row.app, row.name, timeOf(row)]
}

function timeOf({ applied }: { applied: string | null }): string {
  return applied === null ? '(now)' : appliedTime(applied)
}

export function countRows(changes: ShownChanges): number {
  return changes.removed.length + changes.added.length + changes.updated.length
}
