import type { SyntaxNode, Tree } from '@lezer/common'
import { parser } from '@lezer/python'
import { Exhausted, payLook, payParse, payScan, TOO_DEEP } from '../budget.js'
import { forGrammar } from './grammar-gaps.js'
import { findSyntaxError, type PythonVersion } from './syntax.js'

/** One Python file as a syntax tree. Lezer recovers from errors, and then its values may be wrong: `syntaxError` says so. */
export interface ParsedFile {
  file: string
  source: string
  tree: Tree
  /** Line of the first place that this Python cannot compile, or null. */
  syntaxError: number | null
  /** Where only the grammar gives up, in ascending order. */
  gaps: readonly number[]
  /** From 1. */
  lineAt(position: number): number
}

/**
 * @param python the Python that would compile it
 * @throws RangeError an expression is nested too deeply
 * @throws Exhausted
 */
export function parsePython(file: string, text: string, python: PythonVersion = null): ParsedFile {
  payScan(4 * text.length)
  const whole = (text.startsWith('\uFEFF') ? text.slice(1) : text).replace(/\r\n?/g, '\n').replaceAll('\f', '')
  // The grammar takes blanks at the end of the file for the indentation of one more statement.
  const source = /[ \t]$/.test(whole.slice(-1)) ? whole.replace(/\n[ \t]+$/, '\n') : whole
  const { text: readable, gaps: odd } = forGrammar(source, python?.[0] === 2)
  const { tree, forced } = parseWhole(readable)
  const lineAt = lineFinder(source)
  const { error, gaps } = findSyntaxError(tree, source, python, forced)
  return {
    file,
    source,
    tree,
    syntaxError: error === null ? null : lineAt(error),
    gaps: [...odd, ...gaps].sort((a, b) => a - b),
    lineAt,
  }
}

interface Parse {
  readonly parsedPos: number
  readonly lastBigReductionStart: number
  bigReductionCount: number
  /** More than 0 behind an error. */
  readonly recovering: number
  readonly stacks: readonly { stack: readonly number[] }[]
}

/**
 * Against trees that are too deep, the parser forces an end, and with it an error, after 300 large reductions from one start (@lezer/lr,
 * `Rec.MaxLeftAssociativeReductionCount`). It counts one statement after another as well where comments stand between them.
 */
function parseWhole(text: string): { tree: Tree; forced: boolean } {
  const parse = parser.startParse(text) as ReturnType<typeof parser.startParse> & Parse
  const lineOf = lineStarts(text)
  for (let forced = 0; ; forced += parse.bigReductionCount > 300 ? 1 : 0) {
    // Each one costs a search for a way on.
    if (forced > 20) throw new Exhausted(TOO_DEEP)
    payParse(parse.stacks.length, parse.recovering > 0 ? 1 + (parse.stacks[0]?.stack.length ?? 0) : 0)
    const tree = parse.advance()
    if (tree) return { tree, forced: forced > 0 }
    if (parse.bigReductionCount > 100 && isAnotherStatement(text, parse.lastBigReductionStart, lineOf(parse.parsedPos))) parse.bigReductionCount = 0
  }
}

/** Do the lines of both positions begin in one column, and is the first position that beginning? */
function isAnotherStatement(text: string, first: number, otherLine: number): boolean {
  let line = first
  while (line > 0 && (text[line - 1] === ' ' || text[line - 1] === '\t')) line--
  const indent = text.slice(line, first)
  if (line > 0 && text[line - 1] !== '\n') return false
  return line !== otherLine && text.startsWith(indent, otherLine) && /\S/.test(text[otherLine + indent.length] ?? '')
}

/** Where the line of a position begins. Positions are asked in ascending order. */
function lineStarts(text: string): (position: number) => number {
  let [start, next] = [0, text.indexOf('\n')]
  return (position) => {
    while (next >= 0 && next < position) {
      start = next + 1
      next = text.indexOf('\n', start)
    }
    return start
  }
}

function lineFinder(source: string): (position: number) => number {
  let starts: number[] | undefined
  return (position) => {
    if (!starts) {
      starts = [0]
      for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1)
    }
    let [low, high] = [0, starts.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] as number) <= position) low = middle
      else high = middle - 1
    }
    return low + 1
  }
}

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = []
  for (let child = node.firstChild; child; child = child.nextSibling) if (child.name !== 'Comment') children.push(child)
  payLook(8 * children.length)
  return children
}
