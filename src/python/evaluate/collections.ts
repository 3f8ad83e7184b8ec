import type { SyntaxNode } from '@lezer/common'
import { payCopy, payLook, payValues } from '../budget.js'
import { anyOf } from './alternatives.js'
import { follow, join } from './branches.js'
import { anyNumber } from './floors.js'
import type { Interpreter } from './interpreter.js'
import { lookedAt } from './names.js'
import { splitByComma } from './nodes.js'
import { childrenOf } from '../grammar/parse.js'
import { distinct, merged } from './keys.js'
import { NONE, Scope, string, truth, type Value } from './value.js'

type Kind = 'list' | 'tuple' | 'set'

/** The elements between brackets, stars spread. */
export function collect(py: Interpreter, kind: Kind, parts: readonly SyntaxNode[], scope: Scope): Value {
  const items: Value[] = []
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] as SyntaxNode
    if (part.name === ',') continue
    if (part.name !== '*') {
      items.push(py.expression(part, scope))
      continue
    }
    const spread = py.value(parts[++index] as SyntaxNode, scope)
    const members = itemsOf(spread)
    if (members && items.length + members.length > 50_000) return py.unknown(part, 'it is too long')
    payCopy(members?.length ?? 0)
    if (members) for (const one of members) items.push(one)
    else if (spread.kind === 'either') items.push({ ...spread })
    else if (spread.kind === 'unknown' || spread.kind === 'call' || spread.kind === 'reference') items.push(anyOf(py, spread, part))
    else return py.unknown(part, 'it spreads something that cannot be read')
  }
  return { kind, items: kind === 'set' ? distinct(items) : items }
}

/** A longer text is not gone through. */
const LONGEST = 2000

/** What a `for` goes through, where it is known. */
export function itemsOf(written: Value): Value[] | undefined {
  const value = lookedAt(written)
  if ('items' in value) return value.items
  if (value.kind === 'string' && value.value.length <= LONGEST) {
    payValues(value.value.length)
    return [...value.value].map(string)
  }
  if (value.kind !== 'dict') return undefined
  payCopy(value.entries.length)
  return value.entries.map(([key]) => key)
}

/** `1, 2` without parentheses is a tuple. */
export function commaList(py: Interpreter, parts: readonly SyntaxNode[], scope: Scope): Value {
  if (parts.length === 1) return py.expression(parts[0] as SyntaxNode, scope)
  return parts.length === 0 ? NONE : collect(py, 'tuple', parts, scope)
}

export function dictionary(py: Interpreter, node: SyntaxNode, scope: Scope): Value {
  const entries: [Value, Value][] = []
  for (const [first, second, third] of splitByComma(childrenOf(node).slice(1, -1))) {
    if (first?.name === '**' && second) {
      const spread = lookedAt(py.value(second, scope))
      if (spread.kind !== 'dict') return py.unknown(first, 'it spreads something that cannot be read')
      payCopy(spread.entries.length)
      for (const entry of spread.entries) entries.push(entry)
    } else if (first && second?.name === ':' && third) entries.push([py.value(first, scope), py.expression(third, scope)])
    else return py.unknown(node, 'it is not a plain dict')
  }
  return { kind: 'dict', entries: merged([], entries) }
}

const RESULT = new Map<string, Kind | 'dict'>([
  ['ArrayComprehensionExpression', 'list'],
  ['ComprehensionExpression', 'list'],
  ['SetComprehensionExpression', 'set'],
  ['DictionaryComprehensionExpression', 'dict'],
])

/** `[x for a in b if c for x in a]` and its kin over known values; a generator is taken as the list of what it gives. */
export function comprehension(py: Interpreter, node: SyntaxNode, scope: Scope): Value {
  // The brackets, or those of a call whose only argument it is.
  const parts = childrenOf(node).slice(1, -1)
  const start = parts.findIndex((part) => part.name === 'for')
  const kind = RESULT.get(node.name) ?? 'list'
  const items: Value[] = []
  const entries: [Value, Value][] = []
  let doubt: string | undefined
  const produce = (inner: Scope) => {
    const [first, , third] = parts
    if (kind === 'dict' && first && third) entries.push([py.value(first, inner), py.expression(third, inner)])
    else if (first) items.push(py.expression(first, inner))
  }
  const go = (from: number, current: Scope): void => {
    const clause = parts[from]
    if (doubt !== undefined || items.length > MOST || entries.length > MOST) return
    payLook(parts.length)
    if (!clause) return produce(current)
    const next = parts.findIndex((part, index) => index > from && (part.name === 'for' || part.name === 'if'))
    const end = next < 0 ? parts.length : next
    if (clause.name === 'if') {
      const condition = parts[from + 1] as SyntaxNode
      const keep = truth(py.value(condition, current))
      if (keep) return go(end, current)
      if (keep === false) return
      // What the element itself changes may be changed.
      const { length } = items
      const left = follow(py, () => void go(end, current))
      items.length = length
      items.push(anyNumber(py.unknown(condition, 'a filter of it is not known')))
      join(py, { scope: current, left, right: { ending: undefined, after: new Map() }, dependsOn: py.brief(condition), node: condition })
      if (kind === 'dict') doubt = 'this comprehension depends on something unknown'
      return
    }
    const inAt = parts.findIndex((part, index) => index > from && part.name === 'in')
    // Only what it goes through first is evaluated among the names of a class body (language reference 4.2.2, Python 3).
    const members = parts[inAt + 1] && itemsOf(py.value(parts[inAt + 1] as SyntaxNode, from === start ? scope : current))
    if (!members) {
      doubt = 'this comprehension is not evaluated'
      return
    }
    for (const item of members) {
      if (kind !== 'dict' && item.kind === 'unknown' && item.isSpread) {
        items.push(item)
        continue
      }
      const inner = new Scope(current)
      py.bind(parts.slice(from + 1, inAt), item, inner)
      go(end, inner)
    }
  }
  if (start < 0) return py.unknown(node, 'this comprehension is not evaluated')
  go(start, scope.isClass && scope.parent && py.host.python?.[0] !== 2 ? new Scope(scope.parent) : scope)
  if (doubt !== undefined) return py.unknown(node, doubt)
  if (items.length > MOST || entries.length > MOST) return py.unknown(node, 'this comprehension is too long')
  if (kind === 'dict') return { kind, entries: merged([], entries) }
  return { kind, items: kind === 'set' ? distinct(items) : items }
}

const MOST = 10_000
