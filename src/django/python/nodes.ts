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

/** The names that a block assigns, changes by a method, or imports, wherever in it. */
export function assignedIn(block: SyntaxNode, source: string): { names: { name: string; onlyChanged: boolean }[]; imports: string[] } {
  const names: { name: string; onlyChanged: boolean }[] = []
  const imports: string[] = []
  // A detached tree counts its positions from its own start.
  const textOf = (node: { from: number; to: number }) => source.slice(block.from + node.from, block.from + node.to)
  block.toTree().iterate({
    enter: ({ name: type, node }) => {
      if (type === 'ImportStatement')
        for (let child = node.firstChild; child; child = child.nextSibling) if (child.name === '*' || child.name === 'VariableName') imports.push(textOf(child))
      if (type !== 'AssignStatement' && type !== 'UpdateStatement' && type !== 'ExpressionStatement') return
      let target = node.firstChild
      while (target && target.name !== 'VariableName') target = target.firstChild
      if (target) names.push({ name: textOf(target), onlyChanged: type === 'ExpressionStatement' })
    },
  })
  return { names, imports }
}
