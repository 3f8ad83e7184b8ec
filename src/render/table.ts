import { cleanLine } from './clean.js'
import { cut, widthOf } from './wrap.js'

/** No column gets narrower than this to make room for the others. */
const NARROWEST = 8

/**
 * Columns aligned by their longest cell, two blanks between, no blanks at the end. Cells are cleaned.
 * @param width where the lines would be longer, the widest columns are cut
 * @param cuttable the columns that may be, by their place: half a time or half an id is of no use
 */
export function alignColumns(
  rows: readonly (readonly string[])[],
  indent = '',
  { width = Number.POSITIVE_INFINITY, cuttable = [] }: { width?: number; cuttable?: readonly number[] } = {},
): string[] {
  const cells = rows.map((row) => row.map(cleanLine))
  const widths: number[] = []
  for (const row of cells) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, widthOf(cell))))
  fit(widths, width - indent.length, cuttable)
  return cells.map((row) =>
    (
      indent +
      row
        .map((cell, column) => {
          const shown = cut(cell, widths[column] as number)
          return shown + ' '.repeat((widths[column] as number) - widthOf(shown))
        })
        .join('  ')
    ).trimEnd(),
  )
}

/** Takes from the widest column that may be cut until all fit, or none can give any more. */
function fit(widths: number[], width: number, cuttable: readonly number[]): void {
  const total = () => widths.reduce((sum, one) => sum + one, 0) + 2 * (widths.length - 1)
  while (total() > width) {
    const widest = [...cuttable].sort((one, other) => (widths[other] ?? 0) - (widths[one] ?? 0))[0]
    if (widest === undefined || (widths[widest] ?? 0) <= NARROWEST) return
    widths[widest] = (widths[widest] as number) - 1
  }
}
