import { cleanLine } from './clean.js'

/** Columns aligned by their longest cell, two blanks between, no blanks at the end. Cells are cleaned. */
export function alignColumns(rows: readonly (readonly string[])[], indent = ''): string[] {
  const cells = rows.map((row) => row.map(cleanLine))
  const widths: number[] = []
  for (const row of cells) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)))
  return cells.map((row) => (indent + row.map((cell, column) => cell.padEnd(widths[column] as number)).join('  ')).trimEnd())
}
