import type { SyntaxNode } from '@lezer/common'
import { childrenOf, type ParsedFile } from '../grammar/parse.js'
import { splitByComma } from './nodes.js'
import type { Call, Value } from './value.js'

/** Objects that were made of nothing that anybody else holds. */
const FRESH = new WeakSet<Call>()

/** What nobody can change. */
const FIXED: ReadonlySet<Value['kind']> = new Set(['string', 'number', 'boolean', 'none', 'reference', 'class', 'function'])

/**
 * Whether nobody but this call holds what it is given: lists and objects that are written as its arguments. Then only the object that it makes can
 * tell what was done to them, and nothing has to be done before somebody asks it. The blocks of a StreamField of Wagtail are thousands of them.
 * @param node of the call
 */
export function isGivenFresh(args: readonly Value[], keywords: ReadonlyMap<string, Value>, node: SyntaxNode, file: ParsedFile): boolean {
  const list = node.getChild('ArgList')
  if (!list || list.getChild('for')) return args.length + keywords.size === 0
  const [placed, named] = [[] as SyntaxNode[], new Map<string, SyntaxNode>()]
  for (const [first, second, third] of splitByComma(childrenOf(list).slice(1, -1))) {
    if (first && !second) placed.push(first)
    else if (first && second?.name === 'AssignOp' && third) named.set(file.source.slice(first.from, first.to), third)
    else return false
  }
  if (placed.length !== args.length || named.size !== keywords.size) return false
  return (
    args.every((value, at) => isFresh(value, placed[at] as SyntaxNode, file)) &&
    [...keywords].every(([name, value]) => {
      const written = named.get(name)
      return written !== undefined && isFresh(value, written, file)
    })
  )
}

export function nowFresh(made: Call): void {
  FRESH.add(made)
}

/** @param node where the value is written */
function isFresh(value: Value, node: SyntaxNode, file: ParsedFile): boolean {
  // Through what is unknown nothing that is known changes, unless it may be something that is.
  if (FIXED.has(value.kind) || (value.kind === 'unknown' && !value.mayBe?.some(({ kind }) => !FIXED.has(kind)))) return true
  if (node.name === 'ParenthesizedExpression') {
    const inner = node.firstChild?.nextSibling
    return inner ? isFresh(value, inner, file) : false
  }
  if (value.kind === 'call') return FRESH.has(value) && value.file === file && value.node.from === node.from && value.node.to === node.to
  const written = DISPLAYS.get(value.kind) === node.name ? splitByComma(childrenOf(node).slice(1, -1)) : null
  if (written === null) return false
  if ('items' in value)
    return written.length === value.items.length && written.every(([one, more], at) => one && !more && isFresh(value.items[at] as Value, one, file))
  if (value.kind !== 'dict') return false
  return written.length === value.entries.length && written.every(([, colon, one], at) => colon?.name === ':' && one && isEntry(value.entries[at], one, file))
}

function isEntry(entry: readonly [Value, Value] | undefined, node: SyntaxNode, file: ParsedFile): boolean {
  return entry !== undefined && FIXED.has(entry[0].kind) && isFresh(entry[1], node, file)
}

const DISPLAYS: ReadonlyMap<Value['kind'], string> = new Map([
  ['list', 'ArrayExpression'],
  ['tuple', 'TupleExpression'],
  ['set', 'SetExpression'],
  ['dict', 'DictionaryExpression'],
])
