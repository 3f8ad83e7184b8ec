import type { SyntaxNode, Tree } from '@lezer/common'
import { parser } from '@lezer/python'
import { findSyntaxError, type PythonVersion } from './syntax.js'

/** One Python file as a syntax tree. Lezer recovers from errors, and then its values may be wrong: `syntaxError` says so. */
export interface ParsedFile {
  file: string
  source: string
  tree: Tree
  /** Line of the first place that this Python cannot compile, or null. */
  syntaxError: number | null
  /** From 1. */
  lineAt(position: number): number
}

/** More than the largest migration known (291 kB) by far; a larger file is refused, not read half. */
export const MAX_BYTES = 4_000_000

/** @param python the Python that would compile it */
export function parsePython(file: string, text: string, python: PythonVersion = null): ParsedFile {
  const source = (text.startsWith('\uFEFF') ? text.slice(1) : text).replace(/\r\n?/g, '\n').replaceAll('\f', '')
  const tree = parser.parse(source)
  const lineAt = lineFinder(source)
  const position = findSyntaxError(tree, source, python)
  return { file, source, tree, syntaxError: position === null ? null : lineAt(position), lineAt }
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
  return children
}
