import { pageOf, type Page } from '../render/page.js'
import { chooseStyle } from '../render/style.js'

interface Wants {
  noColor?: boolean | undefined
  verbose?: boolean | undefined
  quiet?: boolean | undefined
}

/** The page that a stream is: its colours and its width. */
export function pageOn(stream: NodeJS.WriteStream, wants: Wants): Page {
  const style = chooseStyle(stream.isTTY === true, wants.noColor ?? false, process.env)
  const columns = stream.isTTY ? stream.columns : Number(process.env.COLUMNS) || undefined
  return pageOf(style, columns, { verbose: wants.verbose ?? false, quiet: wants.quiet ?? false })
}

/** What terminals obey and JSON allows in a string as it is: control characters of eight bits, marks that turn the direction or are not seen. */
const OBEYED = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** One line: the same value for every reader, and nothing that a terminal obeys. */
export function jsonLine(value: unknown): string {
  const escaped = JSON.stringify(value).replace(OBEYED, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `${escaped}\n`
}

/** A report that cannot be written (a full disk, a reader that is gone) changes nothing about what was done. */
export function put(stream: NodeJS.WriteStream, text: string): void {
  try {
    stream.write(text)
  } catch {
    // The exit status tells the outcome all the same.
  }
}
