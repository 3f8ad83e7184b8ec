import type { SyntaxNode } from '@lezer/common'
import { equal } from './equality.js'
import type { Interpreter } from './interpreter.js'
import { childrenOf } from '../grammar/parse.js'
import { binary } from './operators.js'
import { type Scope, truth, type Value } from './value.js'

/**
 * The body of the `case` that is taken (language reference 8.6), its names bound.
 * @returns null: none is; undefined: that cannot be known
 */
export function chosenCase(py: Interpreter, node: SyntaxNode, scope: Scope): SyntaxNode | null | undefined {
  const [, written] = childrenOf(node)
  const clauses = node.getChild('MatchBody')?.getChildren('MatchClause')
  if (!written || !clauses || written.name === 'MatchBody') return undefined
  const subject = py.value(written, scope)
  for (const clause of clauses) {
    const [, pattern, ...rest] = childrenOf(clause)
    const body = clause.getChild('Body')
    // `case 1, 2:` is a sequence without brackets.
    if (!pattern || !body || (rest[0]?.name !== 'Guard' && rest[0]?.name !== 'Body')) return undefined
    const names = new Map<string, Value>()
    const fits = matches(py, pattern, subject, scope, names)
    if (fits === undefined) return undefined
    if (!fits) continue
    for (const [name, value] of names) scope.set(name, value)
    const condition = clause.getChild('Guard')
    const holds = condition ? truth(py.value(childrenOf(condition)[1] as SyntaxNode, scope)) : true
    if (holds === undefined) return undefined
    if (holds) return body
  }
  return null
}

/** Literals, dotted names, names that take anything, and choices of these; undefined for any other pattern, and for what is not known. */
function matches(py: Interpreter, pattern: SyntaxNode, subject: Value, scope: Scope, names: Map<string, Value>): boolean | undefined {
  switch (pattern.name) {
    case 'LiteralPattern':
      return isLiteral(py, pattern, subject, scope)
    case 'AttributePattern':
      return equal(subject, py.resolve(dotted(py, pattern, scope)))
    case 'CapturePattern':
      if (py.text(pattern) !== '_') names.set(py.text(pattern), subject)
      return true
    case 'OrPattern': {
      const options = childrenOf(pattern).filter((part) => part.name !== 'LogicOp')
      for (const option of options) {
        const fits = matches(py, option, subject, scope, names)
        if (fits !== false) return fits
      }
      return false
    }
    case 'AsPattern': {
      const [inner, , name] = childrenOf(pattern)
      const fits = inner && matches(py, inner, subject, scope, names)
      if (fits && name) names.set(py.text(name), subject)
      return fits
    }
    default:
      return undefined
  }
}

/** Singletons are compared by what they are, others by what they are worth. */
function isLiteral(py: Interpreter, pattern: SyntaxNode, subject: Value, scope: Scope): boolean | undefined {
  const [literal, ...more] = childrenOf(pattern)
  if (!literal || more.length > 0) return undefined
  const value = py.value(literal, scope)
  if (value.kind !== 'none' && value.kind !== 'boolean') return equal(subject, value)
  const same = binary(subject, 'is', value)
  return same && truth(same)
}

function dotted(py: Interpreter, pattern: SyntaxNode, scope: Scope): Value {
  const [first, ...rest] = childrenOf(pattern)
  let value = first ? py.expression(first, scope) : py.unknown(pattern, 'it cannot be read')
  for (const part of rest) if (part.name === 'PropertyName') value = py.attribute(value, py.text(part), pattern)
  return value
}
