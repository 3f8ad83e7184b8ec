import type { SyntaxNode } from '@lezer/common'
import { payLook } from '../budget.js'
import { childrenOf } from '../grammar/parse.js'

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

const APART = new Set(['FunctionDefinition', 'ClassDefinition', 'LambdaExpression'])

/** Whether this block itself has a `return`; that of a function inside is the function's own. */
export function has(block: SyntaxNode, kind: 'ReturnStatement'): boolean {
  const cursor = block.cursor()
  let depth = 0
  for (;;) {
    payLook(8)
    if (cursor.name === kind) return true
    if ((depth === 0 || !APART.has(cursor.name)) && cursor.firstChild()) {
      depth++
      continue
    }
    while (!cursor.nextSibling()) {
      if (depth === 0 || !cursor.parent()) return false
      depth--
      if (depth === 0) return false
    }
    if (depth === 0) return false
  }
}

const BINDS = new Set(
  `ImportStatement AssignStatement UpdateStatement ForStatement WithStatement NamedExpression FunctionDefinition ClassDefinition CallExpression
   DeleteStatement`.split(/\s+/),
)

/** The names that a block assigns, those whose values it may change in place, and what it imports, wherever in it. */
export function assignedIn(block: SyntaxNode, source: string): { assigned: Set<string>; changed: Set<string>; imports: string[] } {
  const assigned = new Set<string>()
  const changed = new Set<string>()
  const imports: string[] = []
  const end = block.to
  const cursor = block.cursor()
  do {
    payLook(8)
    if (cursor.from >= end) break
    // Making a node of where the cursor is takes time by its depth.
    if (!BINDS.has(cursor.name)) continue
    payLook(400)
    const { node } = cursor
    const text = (one: SyntaxNode) => source.slice(one.from, one.to)
    switch (node.name) {
      case 'ImportStatement':
        for (let child = node.firstChild; child; child = child.nextSibling) if (child.name === '*' || child.name === 'VariableName') imports.push(text(child))
        break
      case 'AssignStatement':
      case 'UpdateStatement': {
        const last = node.getChildren('AssignOp').at(-1) ?? node.getChild('UpdateOp')
        for (let child = node.firstChild; child && (!last || child.from < last.from); child = child.nextSibling) addTargets(child, text, assigned, changed)
        break
      }
      case 'ForStatement':
      case 'WithStatement':
        for (let child = node.firstChild; child && child.name !== 'Body'; child = child.nextSibling)
          if (child.name !== 'in') addTargets(child, text, assigned, changed)
        break
      case 'NamedExpression':
      case 'FunctionDefinition':
      case 'ClassDefinition': {
        const name = node.getChild('VariableName')
        if (name) assigned.add(text(name))
        break
      }
      case 'CallExpression':
      case 'DeleteStatement':
        for (let child = node.firstChild; child; child = child.nextSibling) addRoots(child, text, changed)
        break
      default:
    }
  } while (cursor.next())
  return { assigned, changed, imports }
}

/** `a, (b, c)` are names; `a.b` and `a["b"]` change what a holds. */
function addTargets(node: SyntaxNode, text: (node: SyntaxNode) => string, assigned: Set<string>, changed: Set<string>): void {
  if (node.name === 'VariableName') assigned.add(text(node))
  else if (node.name === 'MemberExpression') addRoots(node, text, changed)
  else if (/^(Tuple|Array|Parenthesized)Expression$/.test(node.name))
    for (let child = node.firstChild; child; child = child.nextSibling) addTargets(child, text, assigned, changed)
}

/** The names at the roots of what is called or passed on: any of them may be changed by it. */
function addRoots(node: SyntaxNode, text: (node: SyntaxNode) => string, changed: Set<string>): void {
  if (node.name === 'VariableName') changed.add(text(node))
  else if (node.name === 'MemberExpression' || node.name === 'ArgList' || node.name === 'SubscriptExpression')
    for (let child = node.firstChild; child; child = child.nextSibling) addRoots(child, text, changed)
}
