import type { SyntaxNode } from '@lezer/common'
import { childrenOf } from './parse.js'

export function bodyOf(node: SyntaxNode): SyntaxNode[] {
  return childrenOf(node).filter((child) => child.name !== ':')
}

export function splitByComma(nodes: SyntaxNode[]): SyntaxNode[][] {
  const groups: SyntaxNode[][] = [[]]
  for (const node of nodes) {
    if (node.name === ',') groups.push([])
    else groups.at(-1)?.push(node)
  }
  return groups.filter((group) => group.length > 0)
}

/** ["a", ".", "b", "as", "c"] to [["a", ".", "b"], "c"]. */
export function splitAlias(words: string[]): [path: string[], alias: string | undefined] {
  const at = words.indexOf('as')
  return at < 0 ? [words, undefined] : [words.slice(0, at), words[at + 1]]
}
