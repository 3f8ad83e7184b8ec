import { payLook, payScan } from '../python/budget.js'

const STATEMENT = /(?:create|alter|drop|truncate|rename)\s+/iy
const WORD = /\w/
const BLANK = /\s/

/** Whether one of the statements in a text of SQL changes the schema, by its first word; one about a temporary table does not. */
export function changesSchema(text: string): boolean {
  payScan(8 * text.length)
  const [nextTemporary, nextBreak] = [finder(text, /\btemp/gi), finder(text, /[\n\r\u2028\u2029]/g)]
  const skip = skipper(text)
  for (let at = 0; at < text.length; at = text.indexOf(';', at) + 1 || text.length) {
    payLook(20)
    at = STATEMENT.lastIndex = skip(at)
    const found = STATEMENT.test(text)
    const behind = STATEMENT.lastIndex
    if (found && WORD.test(text.charAt(behind)) && nextTemporary(behind) >= nextBreak(behind)) return true
  }
  return false
}

/** Behind blanks and comments; a comment that does not end is none. */
function skipper(text: string): (from: number) => number {
  const [nextBreak, nextEnd] = [finder(text, /\n/g), finder(text, /\*\//g)]
  return (from) => {
    let at = from
    for (;;) {
      while (at < text.length && BLANK.test(text[at] as string)) at++
      const end = text.startsWith('--', at) ? nextBreak(at) + 1 : text.startsWith('/*', at) ? nextEnd(at + 2) + 2 : at
      if (end <= at || end > text.length) return at
      at = end
    }
  }
}

/** Where a pattern is found next; the length of the text where it is not. Positions are asked in ascending order, and each place is looked at once. */
function finder(text: string, pattern: RegExp): (from: number) => number {
  let found = -1
  return (from) => {
    if (found < from) {
      pattern.lastIndex = from
      found = pattern.exec(text)?.index ?? text.length
    }
    return found
  }
}
