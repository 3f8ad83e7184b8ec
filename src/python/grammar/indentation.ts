/** What CPython's tokenizer and parser say of a line that begins in the wrong column (Python: Lexical analysis, 2.1.8). */
export interface IndentationFault {
  /** From 1. */
  line: number
  message: string
}

const UNINDENT = 'unindent does not match any outer indentation level'

/**
 * The first wrongly indented line, up to the one where a syntax error is known to be: the same error then has the name IndentationError.
 * @param until line, from 1
 */
export function findIndentationFault(source: string, until: number): IndentationFault | null {
  const open = [0]
  let [afterColon, last] = [false, 1]
  for (const { line, indent, endsInColon } of logicalLines(source)) {
    if (line > until) return null
    // Tabs and spaces together are a TabError, or none: no claim.
    if (indent === null) return null
    const current = open.at(-1) as number
    if (afterColon) {
      if (indent < current && !open.includes(indent)) return { line, message: UNINDENT }
      if (indent <= current) return { line, message: 'expected an indented block' }
      open.push(indent)
    } else if (indent > current) return { line, message: 'unexpected indent' }
    else {
      while ((open.at(-1) as number) > indent) open.pop()
      if (open.at(-1) !== indent) return { line, message: UNINDENT }
    }
    ;[afterColon, last] = [endsInColon, line]
  }
  return afterColon ? { line: last, message: 'expected an indented block' } : null
}

interface LogicalLine {
  line: number
  /** Spaces before it; null where there are tabs. */
  indent: number | null
  endsInColon: boolean
}

const TOKEN = /"""|'''|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?|#[^\n]*|\\\n|[([{]|[)\]}]|\n|[^\S\n]+|[^\s"'#\\()[\]{}]+|\\/g

/** Lines as Python joins them: brackets, long strings and a backslash go on, empty lines and comments count for nothing. */
function* logicalLines(source: string): Generator<LogicalLine> {
  let [line, depth] = [1, 0]
  let start: { line: number; indent: number | null } | undefined
  let blank = ''
  let last = ''
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(source); match; match = TOKEN.exec(source)) {
    let [token] = match
    if (token === '"""' || token === "'''") token = restOfLongString(source, token)
    const begins = line
    line += countLineBreaks(token)
    if (token === '\n') {
      if (depth > 0) continue
      if (start) yield { ...start, endsInColon: depth === 0 && last === ':' }
      ;[start, blank, last] = [undefined, '', '']
    } else if (/^[^\S\n]+$/.test(token)) {
      if (!start) blank += token
    } else if (token[0] !== '#' && token !== '\\\n') {
      start ??= { line: begins, indent: /^ *$/.test(blank) ? blank.length : null }
      if (/^[([{]$/.test(token)) depth++
      else if (/^[)\]}]$/.test(token)) depth = Math.max(0, depth - 1)
      last = token.at(-1) as string
    }
  }
  if (start) yield { ...start, endsInColon: depth === 0 && last === ':' }
}

/** Moves the scan behind the closing quotes. */
function restOfLongString(source: string, quotes: string): string {
  const from = TOKEN.lastIndex
  let end = source.indexOf(quotes, from)
  while (end >= 0 && source[end - 1] === '\\' && source[end - 2] !== '\\') end = source.indexOf(quotes, end + 1)
  TOKEN.lastIndex = end < 0 ? source.length : end + 3
  return source.slice(from, TOKEN.lastIndex)
}

function countLineBreaks(token: string): number {
  let count = 0
  for (let at = token.indexOf('\n'); at >= 0; at = token.indexOf('\n', at + 1)) count++
  return count
}
