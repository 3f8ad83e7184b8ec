export type Painter = (text: string) => string

/** Colours for a terminal, or none. */
export interface Style {
  good: Painter
  bad: Painter
  weak: Painter
  strong: Painter
  note: Painter
}

const code =
  (open: number, close: number): Painter =>
  (text) =>
    `\u001b[${open}m${text}\u001b[${close}m`
const plain: Painter = (text) => text

export const PLAIN: Style = { good: plain, bad: plain, weak: plain, strong: plain, note: plain }
export const COLOUR: Style = { good: code(32, 39), bad: code(31, 39), weak: code(2, 22), strong: code(1, 22), note: code(33, 39) }

/** NO_COLOR and --no-color win, then FORCE_COLOR, then whether it is a terminal (no-color.org, force-color.org). */
export function chooseStyle(isTerminal: boolean, noColor: boolean, env: Readonly<Record<string, string | undefined>>): Style {
  if (noColor || (env.NO_COLOR !== undefined && env.NO_COLOR !== '')) return PLAIN
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== '') return COLOUR
  return isTerminal && env.TERM !== 'dumb' ? COLOUR : PLAIN
}
