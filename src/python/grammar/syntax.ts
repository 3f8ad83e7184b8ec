import type { SyntaxNode, Tree, TreeCursor } from '@lezer/common'
import { Exhausted, payLook, TOO_DEEP } from '../budget.js'
import { isGrammarGap, type Line } from './grammar-gaps.js'

/** Major and minor, or null where it is not known. */
export type PythonVersion = readonly [major: number, minor: number] | null

export interface Verdict {
  /** Where this Python refuses to compile; null: nowhere. */
  error: number | null
  /** Where only the grammar gives up: what stands there cannot be evaluated. */
  gaps: number[]
}

/**
 * The first place that this Python refuses to compile, as far as a tolerant grammar can tell. Said only where it is sure: a file
 * that is called broken although Django loads it would be a false refusal. One walk over the tree without making nodes of it.
 * @param forced the parser gave up on nesting: no error behind that is Python's for sure
 * @throws Exhausted below a depth from which on the tree is no longer whole
 */
export function findSyntaxError(tree: Tree, source: string, python: PythonVersion, forced = false): Verdict {
  const isPython2 = python?.[0] === 2
  const cursor = tree.cursor()
  // The column of each open block's statements, innermost last; null where no claim is made, undefined before its first one.
  const blocks: { indent: string | null | undefined; depth: number }[] = [{ indent: '', depth: 0 }]
  let depth = 0
  let found: number | null = null
  const gaps: number[] = []
  const lineAt = lineBounds(source)
  // The grammar often gives up twice in one line.
  let lineOfGap = -2
  const claim = (position: number) => {
    // Behind a gap the grammar may have lost its way in what is left of Python 2.
    if (forced) gaps.push(position)
    else if (!isPython2 || gaps.length === 0) found ??= position
  }
  const enter = (): void => {
    payLook(8)
    if (depth > MAX_DEPTH) throw new Exhausted(TOO_DEEP)
    if (found !== null) return
    const { type, from, to } = cursor
    if (type.isError) {
      // The grammar gives up on nesting that Python still compiles.
      const line = lineAt(from)
      if (depth >= MAX_SURE_DEPTH || line.start === lineOfGap || isGrammarGap(cursor, source, line, isPython2)) {
        lineOfGap = line.start
        gaps.push(from)
      } else claim(from)
      return
    }
    const block = blocks.at(-1)
    if (block && depth === block.depth + 1 && type.name !== ':' && type.name !== 'Comment') checkIndentation(block, from, source, lineAt(from).start, claim)
    if (type.name === 'Body') blocks.push({ indent: undefined, depth })
    if (CHECKED.has(type.name)) checkNode(cursor, source.slice(from, to), python, claim)
  }
  const leave = (): void => {
    if (blocks.at(-1)?.depth === depth && depth > 0) blocks.pop()
  }
  enter()
  for (;;) {
    if (cursor.firstChild()) {
      depth++
      enter()
      continue
    }
    for (;;) {
      leave()
      if (cursor.nextSibling()) {
        enter()
        break
      }
      if (!cursor.parent()) return { error: found, gaps }
      depth--
    }
  }
}

/** Positions that are asked one after another lie mostly in one line, which may be long. */
function lineBounds(source: string): (position: number) => Line {
  let line: Line = { start: 0, end: -1 }
  return (position) => {
    if (position >= line.start && position <= line.end) return line
    const end = source.indexOf('\n', position)
    line = { start: position === 0 ? 0 : source.lastIndexOf('\n', position - 1) + 1, end: end < 0 ? source.length : end }
    payLook((line.end - line.start) / 16)
    return line
  }
}

const CHECKED = new Set(['PrintStatement', 'TryStatement', 'RaiseStatement', 'CompareOp', 'Number', 'FormatString', 'AwaitExpression', 'String', 'ArgList'])
const MAX_SURE_DEPTH = 120
/** @lezer/common builds no more than 2,500 levels, and below them nodes without a type (`CutOff.Depth`). */
const MAX_DEPTH = 2000

function checkNode(node: TreeCursor, text: string, python: PythonVersion, claim: (position: number) => void): void {
  const isPython3 = python === null || python[0] >= 3
  switch (node.name) {
    case 'PrintStatement':
      // `print >> file` is an expression.
      if (isPython3 && !/^print\s*>>/.test(text)) claim(node.from)
      return
    case 'TryStatement':
      if (!node.node.getChild('except') && !node.node.getChild('finally')) claim(Math.max(node.from, node.to - 1))
      if (isPython3) checkExcept(node, python, claim)
      return
    case 'RaiseStatement':
      if (isPython3 && node.node.getChild(',') !== null) claim(node.from)
      return
    case 'CompareOp':
      if (isPython3 && text === '<>') claim(node.from)
      return
    case 'Number':
      if (isPython3 && /^0[0-9]*[1-9]/.test(text) && !/[.eEjJxXbBoO]/.test(text)) claim(node.from)
      return
    case 'FormatString':
    case 'AwaitExpression':
      if (!isPython3) claim(node.from)
      return
    case 'ArgList':
      checkArguments(node, claim)
      return
    default:
      if (isUnterminated(text)) claim(node.from)
  }
}

/** A positional argument after a named one; `*args` may follow. */
function checkArguments(node: TreeCursor, claim: (position: number) => void): void {
  let [named, start] = [false, true]
  let isNamed = false
  let first: SyntaxNode | null = null
  const end = () => {
    if (first && named && !isNamed && first.name !== '*' && first.name !== '**' && !first.type.isError) claim(first.from)
    if (isNamed || first?.name === '**') named = true
  }
  for (let child = node.node.firstChild; child; child = child.nextSibling) {
    if (child.name === '(' || child.name === 'Comment') continue
    if (child.name === ',' || child.name === ')') {
      end()
      ;[start, isNamed, first] = [true, false, null]
      continue
    }
    if (start) first = child
    // Not `:=`.
    if (child.name === 'AssignOp' && child.to - child.from === 1) isNamed = true
    start = false
  }
}

/** `except A, b:` is Python 2; since 3.14 (PEP 758) several classes need no parentheses. */
function checkExcept(node: TreeCursor, python: PythonVersion, claim: (position: number) => void): void {
  if (python !== null && (python[0] > 3 || python[1] >= 14)) return
  for (let child = node.node.firstChild; child; child = child.nextSibling) if (child.name === ',') claim(child.from)
}

/** A line break inside quotes that are not tripled. */
function isUnterminated(text: string): boolean {
  const quote = /^[a-zA-Z]*("""|'''|"|')/.exec(text)
  if (!quote) return false
  const mark = quote[1] as string
  const body = text.slice(quote[0].length)
  if (!body.endsWith(mark)) return true
  return mark.length === 1 && /(^|[^\\])(\\\\)*\n/.test(body)
}

/** Statements of one block start in one column; where tabs are mixed in, no claim is made. */
function checkIndentation(block: { indent: string | null | undefined }, from: number, source: string, start: number, claim: (position: number) => void): void {
  if (block.indent === null) return
  for (let at = start; at < from; at++)
    if (source.charCodeAt(at) !== 32) {
      if (source[at] === '\t') block.indent = null
      return
    }
  block.indent ??= source.slice(start, from)
  if (from - start !== block.indent.length) claim(from)
}
