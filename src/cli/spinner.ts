import { clean } from '../render/clean.js'
import { cut } from '../render/wrap.js'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

export interface Spinner {
  /** Draws the line in place of the last one; null ends it. */
  show(line: string | null): void
  /** Writes other output in its place; the next `show` draws the line again, once the output has ended a line. */
  around(text: string): void
  /** Ends an unfinished line of other output before a line of our own. */
  freshLine(): void
}

/** One line on stderr that changes in place; does nothing where nobody looks at a terminal. */
export function openSpinner(visible: boolean): Spinner {
  let drawn = false
  let frame = 0
  let atLineStart = true
  const hide = () => {
    if (drawn) process.stderr.write('\r\x1b[K')
    drawn = false
  }
  return {
    show(line) {
      if (!visible) return
      hide()
      if (line === null || !atLineStart) return
      const width = Math.max(10, (process.stderr.columns ?? 80) - 3)
      process.stderr.write(`${FRAMES[frame++ % FRAMES.length]} ${cut(clean(line), width)}`)
      drawn = true
    },
    freshLine() {
      hide()
      if (!atLineStart) process.stderr.write('\n')
      atLineStart = true
    },
    around(text) {
      hide()
      process.stderr.write(text)
      if (text !== '') atLineStart = text.endsWith('\n')
    },
  }
}
