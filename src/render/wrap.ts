import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'

/** Columns that a text takes on a terminal, colours left out; East Asian wide characters take two. */
export function widthOf(text: string): number {
  return stringWidth(text)
}

/**
 * Prose at a width: broken at blanks only, so that names and commands stay whole. Line breaks that are there stay.
 * @param indent before each line but the first
 */
export function wrap(text: string, width: number, indent = ''): string {
  return text
    .split('\n')
    .map((line) => wrapAnsi(line, Math.max(20, width - indent.length), { hard: false, trim: true }))
    .join('\n')
    .replaceAll('\n', `\n${indent}`)
}

/** A text cut to a width, with an ellipsis where something is left out. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  for (const letter of text) {
    if (widthOf(kept + letter) > width - 1) break
    kept += letter
  }
  return `${kept}…`
}
