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

/** A report that cannot be written (a full disk, a reader that is gone) changes nothing about what was done. */
export function put(stream: NodeJS.WriteStream, text: string): void {
  try {
    stream.write(text)
  } catch {
    // The exit status tells the outcome all the same.
  }
}
