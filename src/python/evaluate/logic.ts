import type { SyntaxNode } from '@lezer/common'
import { payStep } from '../budget.js'
import { follow, valueOfEither } from './branches.js'
import { type Interpreter, Raised } from './interpreter.js'
import { childrenOf } from '../grammar/parse.js'
import { boolean, type Scope, truth, type Value } from './value.js'

/** `not`, `and`, `or` without parentheses around them. */
export function isLogic(py: Interpreter, node: SyntaxNode): boolean {
  if (node.name === 'UnaryExpression') return node.firstChild?.name === 'not'
  return node.name === 'BinaryExpression' && wordOf(py, node) !== undefined
}

function wordOf(py: Interpreter, node: SyntaxNode): 'and' | 'or' | undefined {
  const word = childrenOf(node)[1]
  const text = word === undefined || word.to - word.from > 3 ? undefined : py.text(word)
  return text === 'and' || text === 'or' ? text : undefined
}

interface Operand {
  node: SyntaxNode
  /** How many `not` stand before it. */
  nots: number
}

/**
 * In Python `not` binds tighter than `and`, and that tighter than `or` (language reference 6.17). The grammar lets `not` reach as far as it can:
 * `not a and b` comes as `not (a and b)`. So the words are taken in the order in which they are written.
 */
export function logic(py: Interpreter, node: SyntaxNode, scope: Scope): Value {
  const alternatives: Operand[][] = [[]]
  let nots = 0
  const walk = (one: SyntaxNode): void => {
    payStep()
    const word = one.name === 'BinaryExpression' ? wordOf(py, one) : undefined
    if (word !== undefined) {
      walk(one.firstChild as SyntaxNode)
      if (word === 'or') alternatives.push([])
      walk(one.lastChild as SyntaxNode)
    } else if (one.name === 'UnaryExpression' && one.firstChild?.name === 'not') {
      nots++
      walk(one.lastChild as SyntaxNode)
    } else {
      alternatives.at(-1)?.push({ node: one, nots })
      nots = 0
    }
  }
  walk(node)
  const all: Words<Operand> = { word: 'and', evaluate: (one) => operand(py, one, scope), say: (one) => `${'not '.repeat(one.nots)}${py.brief(one.node)}` }
  const any: Words<Operand[]> = { word: 'or', evaluate: (parts) => chain(py, all, parts, { node, scope }), say: (parts) => parts.map(all.say).join(' and ') }
  return chain(py, any, alternatives, { node, scope })
}

interface Words<T> {
  word: 'and' | 'or'
  evaluate(part: T): Value
  say(part: T): string
}

/** Goes on as long as nothing is decided; what follows something that is not known may not be evaluated. */
function chain<T>(py: Interpreter, words: Words<T>, [first, ...rest]: readonly T[], at: { node: SyntaxNode; scope: Scope }): Value {
  const value = words.evaluate(first as T)
  if (rest.length === 0) return value
  const decided = truth(value)
  if (decided !== undefined) return decided === (words.word === 'or') ? value : chain(py, words, rest, at)
  const right = follow(py, () => chain(py, words, rest, at))
  const made = valueOfEither(py, { ...at, left: { ending: value, after: new Map() }, right, dependsOn: words.say(first as T) })
  // `x or y` is x only where x is true.
  const isTold = made.kind === 'either' && !(right.ending instanceof Raised) && truth(right.ending as Value) === (words.word === 'or')
  return isTold ? { ...made, truth: words.word === 'or' } : made
}

function operand(py: Interpreter, { node, nots }: Operand, scope: Scope): Value {
  const value = py.value(node, scope)
  if (nots === 0) return value
  const decided = truth(value)
  return decided === undefined ? py.unknown(node, `depends on ${py.brief(node)}`) : boolean(nots % 2 === 0 ? decided : !decided)
}
