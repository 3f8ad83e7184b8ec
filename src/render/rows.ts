import type { ShownChanges } from '../verbs/results.js'
import type { Style } from './style.js'
import { alignColumns } from './table.js'

/** The rows that go (-), come (+) and change (~), aligned, in order of id. */
export function renderRows(changes: ShownChanges, style: Style, indent = '  '): string[] {
  const lines: [mark: '-' | '+' | '~', cells: string[]][] = []
  for (const row of changes.removed) lines.push(['-', cells(row)])
  for (const row of changes.added) lines.push(['+', cells(row)])
  for (const { before, after } of changes.updated) {
    const renamed = before.app !== after.app || before.name !== after.name
    lines.push(['~', [...cells(before), '->', renamed ? `${after.app}.${after.name} ` : '', after.applied ?? '(now)'].filter(Boolean)])
  }
  const aligned = alignColumns(lines.map(([, row]) => row))
  const paint = { '-': style.bad, '+': style.good, '~': style.note }
  return lines.map(([mark], index) => `${indent}${paint[mark](`${mark} ${aligned[index]}`)}`)
}

function cells(row: { id: string | null; app: string; name: string; applied: string | null }): string[] {
  return [row.id ?? '(new)', row.app, row.name, row.applied ?? '(now)']
}

export function countRows(changes: ShownChanges): number {
  return changes.removed.length + changes.added.length + changes.updated.length
}
