import type { Style } from './style.js'

/** Where text is drawn: colours, width in columns, and how much a person wants to see. */
export interface Page extends Style {
  width: number
  /** `-v`: times, ids and reasons that are mostly noise. */
  verbose: boolean
  /** `-q`: data without headings, totals and advice. */
  quiet: boolean
}

/** Columns where nothing tells how wide the terminal is. */
export const USUAL_WIDTH = 80

/** Narrower than this nothing can be laid out; wider lines of prose are hard to read. */
const [NARROWEST, WIDEST_PROSE] = [40, 110]

/** @param columns what the stream or COLUMNS says; undefined where nobody looks at a terminal */
export function pageOf(style: Style, columns: number | undefined, wants: { verbose?: boolean; quiet?: boolean } = {}): Page {
  const width = columns !== undefined && columns > 0 ? Math.max(NARROWEST, columns) : USUAL_WIDTH
  return { ...style, width, verbose: wants.verbose ?? false, quiet: wants.quiet ?? false }
}

/** The width of prose: as wide as the page, but no wider than eyes follow. */
export function proseWidth({ width }: Pick<Page, 'width'>): number {
  return Math.min(width, WIDEST_PROSE)
}
