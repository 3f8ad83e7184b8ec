import type { SyntaxNodeRef, Tree } from '@lezer/common'

/** Major and minor, or null where it is not known. */
export type PythonVersion = readonly [major: number, minor: number] | null

/**
 * The first place that this Python refuses to compile, as far as a tolerant grammar can tell. Said only where it is sure: a file
 * that is called broken although Django loads it would be a false refusal.
 */
export function findSyntaxError(tree: Tree, source: string, python: PythonVersion): number | null {
  const isPython2 = python?.[0] === 2
  let found: number | null = null
  const claim = (position: number) => {
    found ??= position
  }
  tree.iterate({
    enter(node) {
      if (found !== null) return false
      if (node.type.isError) {
        if (!isTolerated(node, source, isPython2)) claim(node.from)
        return true
      }
      checkNode(node, source, python, claim)
      return found === null
    },
  })
  return found
}

/** Errors of the grammar that are none of Python's. */
function isTolerated(node: SyntaxNodeRef, source: string, isPython2: boolean): boolean {
  const start = source.lastIndexOf('\n', node.from - 1) + 1
  const end = source.indexOf('\n', node.from)
  const line = source.slice(start, end < 0 ? undefined : end)
  // `x = yield`, `with (open(a) as b, open(c) as d):` (3.10) and template strings (3.14).
  if (/\byield\b/.test(line) || /\b[tT][rR]?["']/.test(line)) return true
  for (let parent = node.node.parent; parent; parent = parent.parent) if (parent.name === 'WithStatement') return true
  // Python 2 only: print with a comma or >>, exec, 10L, ur'', backticks.
  return isPython2 && (/^\s*(print|exec|raise)\b/.test(line) || /\d[lL]\b/.test(line) || /\b[uU][rR]["']/.test(line) || line.includes('`'))
}

function checkNode(node: SyntaxNodeRef, source: string, python: PythonVersion, claim: (position: number) => void): void {
  const isPython3 = python === null || python[0] >= 3
  switch (node.name) {
    case 'PrintStatement':
      if (isPython3) claim(node.from)
      return
    case 'TryStatement':
      if (isPython3) checkExcept(node, python, claim)
      return
    case 'RaiseStatement':
      if (isPython3 && hasChild(node, ',')) claim(node.from)
      return
    case 'CompareOp':
      if (isPython3 && source.slice(node.from, node.to) === '<>') claim(node.from)
      return
    case 'Number':
      if (isPython3 && /^0[0-9]*[1-9]/.test(source.slice(node.from, node.to)) && !/[.eEjJxXbBoO]/.test(source.slice(node.from, node.to))) claim(node.from)
      return
    case 'FormatString':
    case 'AwaitExpression':
      if (!isPython3) claim(node.from)
      return
    case 'String':
      if (isUnterminated(source.slice(node.from, node.to))) claim(node.from)
      return
    case 'Script':
    case 'Body':
      checkIndentation(node, source, claim)
      return
    default:
  }
}

/** `except A, b:` is Python 2; since 3.14 (PEP 758) several classes need no parentheses. */
function checkExcept(node: SyntaxNodeRef, python: PythonVersion, claim: (position: number) => void): void {
  if (python !== null && (python[0] > 3 || python[1] >= 14)) return
  for (let child = node.node.firstChild; child; child = child.nextSibling) if (child.name === ',') claim(child.from)
}

function hasChild(node: SyntaxNodeRef, name: string): boolean {
  return node.node.getChild(name) !== null
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
function checkIndentation(node: SyntaxNodeRef, source: string, claim: (position: number) => void): void {
  let expected: string | undefined = node.name === 'Script' ? '' : undefined
  for (let child = node.node.firstChild; child; child = child.nextSibling) {
    if (child.name === ':' || child.name === 'Comment') continue
    const indent = source.slice(source.lastIndexOf('\n', child.from - 1) + 1, child.from)
    if (!/^ *$/.test(indent)) continue
    expected ??= indent
    if (indent !== expected) claim(child.from)
  }
}
