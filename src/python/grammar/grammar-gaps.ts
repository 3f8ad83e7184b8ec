import type { SyntaxNode, TreeCursor } from '@lezer/common'
import { payLook } from '../budget.js'

/** What Python reads and the grammar (@lezer/python 1.1) does not. A file must never be called broken for the grammar's sake. */

/**
 * A string or a comment; a number that the grammar would cut in two (`1.`, `1.e-5`, in Python 2 `10L`, `0xffL`); several targets after `as`;
 * or what lies between.
 */
const PIECE =
  /"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?|#[^\n]*|(?<![\w.])\d[\d_]*\.(?![\d_])|(?<![\w.])0?[xX]?[\da-fA-F]+[lL]\b|\bas\s*[([][^()[\]]*[)\]](?=\s*[:,])|\bas\s+\w+\.[\w.]+(?=\s*[:,])|\w+|[^\w"'#]+?(?=[\w"'#]|$)/g

const ODD = /\d\.(?![\d_])|\d[lL]\b|0[xX][\da-fA-F]+[lL]\b|\bas\s*[([]|\bas\s+\w+\./

/**
 * The text for the grammar, each character where it was; values are read from the source itself.
 * @returns also where something was written over that has a meaning
 */
export function forGrammar(source: string, isPython2: boolean): { text: string; gaps: number[] } {
  if (!ODD.test(source)) return { text: source, gaps: [] }
  const gaps: number[] = []
  const text = source.replace(PIECE, (piece: string, at: number) => {
    if (/^\d[\d_]*\.$/.test(piece) || (isPython2 && /^\d\w*[lL]$/.test(piece))) return `${piece.slice(0, -1)}0`
    if (!/^as\s*(?:[([]|\w+\.)/.test(piece)) return piece
    gaps.push(at)
    const targets = piece.slice(2)
    return `as${targets
      .slice(0, -1)
      .replace(/\S(?=\n)/g, '\r')
      .replace(/[^\s\r]/g, ' ')
      .replaceAll('\r', '\\')}_`
  })
  return { text, gaps }
}

/** A line of the source: where it begins, and where its line break is. */
export interface Line {
  start: number
  end: number
}

/** So much of a long line or statement is looked at on each side: the patterns take more time than its length. */
const MAX_LINE = 2000

/** An error of the grammar that is none of Python's, or may be none. */
export function isGrammarGap(error: TreeCursor, source: string, { start, end }: Line, isPython2: boolean): boolean {
  payLook(1000)
  const from = Math.max(start, error.from - MAX_LINE)
  // How a long line begins counts as well.
  const line = (from > start ? source.slice(start, Math.min(from, start + 80)) : '') + source.slice(from, Math.min(end, error.from + MAX_LINE))
  const here = source.slice(error.from, Math.max(error.to, error.from + 2)).trimStart()
  return (
    // `x = yield`, template strings (3.14), raw strings with doubled braces, decorators of any kind (3.9), `match`, `lambda a,: a`.
    /\byield\b|\b[tT][rR]?["']|\b(?:[rR][fF]|[fF][rR])["']|^\s*@|^\s*(?:case|match)\b|^\s*print\s*>>|\blambda\b[^:]*,\s*:/.test(line) ||
    // `a[*b]`, `for x in *a, *b`, `*args: *Ts`, `for a, *b in c`.
    here.startsWith('*') ||
    isInWith(error, source) ||
    (isPython2 && (isOfPython2(line) || /^[ \t]*(print|exec|raise)\b/m.test(lastLines(source, start))))
  )
}

/** `print` with a comma or `>>`, `exec`, arguments that are tuples, ur'', backticks. */
function isOfPython2(line: string): boolean {
  return (
    /^\s*(print|exec|raise)\b|:\s*(print|exec|raise)\b/.test(line) ||
    /\b(def\s+\w+\s*|lambda\s*)\(.*\(/.test(line) ||
    /\blambda\s*\(/.test(line) ||
    /\b[uU][rR]["']/.test(line) ||
    /^\s*except\b.*,\s*\(|\basync\b/.test(line) ||
    line.includes('`')
  )
}

/** The statement may have begun some lines above. */
function lastLines(source: string, at: number): string {
  let from = at
  for (let count = 0; count < 12 && from > 0 && at - from < 4 * MAX_LINE; count++) from = source.lastIndexOf('\n', from - 2) + 1
  return source.slice(Math.max(from, at - 4 * MAX_LINE), at)
}

/** `with (open(a) as b, open(c) as d):` (3.10) and `with a() as (b, c):`. */
function isInWith(error: TreeCursor, source: string): boolean {
  for (let parent: SyntaxNode | null = error.node.parent; parent; parent = parent.parent) {
    payLook(8)
    if (parent.name !== 'WithStatement') continue
    const body = parent.getChild('Body')
    if (body && error.from > body.from) return false
    const header = source.slice(parent.from, body?.from ?? parent.to)
    return header.length > MAX_LINE || /^(?:async\s+)?with\s*\(|\bas\s*[([]/.test(header)
  }
  return false
}
