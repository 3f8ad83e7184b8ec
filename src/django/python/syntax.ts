import type { SyntaxNode, Tree, TreeCursor } from '@lezer/common'

/** Major and minor, or null where it is not known. */
export type PythonVersion = readonly [major: number, minor: number] | null

/**
 * The first place that this Python refuses to compile, as far as a tolerant grammar can tell. Said only where it is sure: a file
 * that is called broken although Django loads it would be a false refusal. One walk over the tree without making nodes of it.
 */
export function findSyntaxError(tree: Tree, source: string, python: PythonVersion): number | null {
  const isPython2 = python?.[0] === 2
  const cursor = tree.cursor()
  // The column of each open block's statements, innermost last; null where no claim is made, undefined before its first one.
  const blocks: { indent: string | null | undefined; depth: number }[] = [{ indent: '', depth: 0 }]
  let depth = 0
  let found: number | null = null
  const claim = (position: number) => {
    found ??= position
  }
  const enter = (): void => {
    const { type, from, to } = cursor
    if (type.isError) {
      // The grammar gives up on nesting that Python still compiles.
      if (depth < MAX_SURE_DEPTH && !isTolerated(cursor, source, isPython2)) claim(from)
      return
    }
    const block = blocks.at(-1)
    if (block && depth === block.depth + 1 && type.name !== ':' && type.name !== 'Comment') checkIndentation(block, from, source, claim)
    if (type.name === 'Body') blocks.push({ indent: undefined, depth })
    if (CHECKED.has(type.name)) checkNode(cursor, source.slice(from, Math.min(to, from + MAX_LITERAL)), python, claim)
  }
  const leave = (): void => {
    if (blocks.at(-1)?.depth === depth && depth > 0) blocks.pop()
  }
  enter()
  for (;;) {
    if (found !== null) return found
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
      if (!cursor.parent()) return found
      depth--
    }
  }
}

const CHECKED = new Set(['PrintStatement', 'TryStatement', 'RaiseStatement', 'CompareOp', 'Number', 'FormatString', 'AwaitExpression', 'String', 'ArgList'])
const MAX_LITERAL = 1_000_000
const MAX_SURE_DEPTH = 120

/** Errors of the grammar that are none of Python's. */
function isTolerated(node: TreeCursor, source: string, isPython2: boolean): boolean {
  const start = source.lastIndexOf('\n', node.from - 1) + 1
  const end = source.indexOf('\n', node.from)
  const line = source.slice(start, end < 0 ? undefined : end)
  // `x = yield`, `with (open(a) as b, open(c) as d):` (3.10) and template strings (3.14).
  if (/\byield\b/.test(line) || /\b[tT][rR]?["']/.test(line)) return true
  for (let parent = node.node.parent; parent; parent = parent.parent) if (parent.name === 'WithStatement') return true
  // Python 2 only: print with a comma or >>, exec, 10L, ur'', backticks.
  return (
    isPython2 &&
    (/^\s*(print|exec|raise)\b/.test(line) ||
      /\b(def\s+\w+\s*|lambda\s*)\(.*\(/.test(line) ||
      /\blambda\s*\(/.test(line) ||
      /\d[lL]\b/.test(line) ||
      /\b[uU][rR]["']/.test(line) ||
      line.includes('`'))
  )
}

function checkNode(node: TreeCursor, text: string, python: PythonVersion, claim: (position: number) => void): void {
  const isPython3 = python === null || python[0] >= 3
  switch (node.name) {
    case 'PrintStatement':
      if (isPython3) claim(node.from)
      return
    case 'TryStatement':
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
    if (child.name === 'AssignOp') isNamed = true
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
function checkIndentation(block: { indent: string | null | undefined }, from: number, source: string, claim: (position: number) => void): void {
  if (block.indent === null) return
  const start = source.lastIndexOf('\n', from - 1) + 1
  for (let at = start; at < from; at++)
    if (source.charCodeAt(at) !== 32) {
      if (source[at] === '\t') block.indent = null
      return
    }
  block.indent ??= source.slice(start, from)
  if (from - start !== block.indent.length) claim(from)
}
