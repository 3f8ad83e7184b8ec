import type { SyntaxNode, Tree } from '@lezer/common'
import { parser } from '@lezer/python'

/** One Python file as a syntax tree. Lezer recovers from errors, and then its values may be wrong: `syntaxError` says so. */
export interface ParsedFile {
  file: string
  source: string
  tree: Tree
  /** Line of the first place that is not Python, or null. */
  syntaxError: number | null
}

/** More than the largest migration known (291 kB) by far; a larger file is refused, not read half. */
export const MAX_BYTES = 4_000_000

export function parsePython(file: string, text: string): ParsedFile {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text
  const tree = parser.parse(source)
  let syntaxError: number | null = null
  tree.iterate({
    enter(node) {
      if (syntaxError === null && node.type.isError) syntaxError = lineAt(source, node.from)
      return syntaxError === null
    },
  })
  return { file, source, tree, syntaxError }
}

export function lineAt(source: string, position: number): number {
  let line = 1
  for (let at = source.indexOf('\n'); at >= 0 && at < position; at = source.indexOf('\n', at + 1)) line++
  return line
}

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = []
  for (let child = node.firstChild; child; child = child.nextSibling) if (child.name !== 'Comment') children.push(child)
  return children
}
