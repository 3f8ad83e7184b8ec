import type { SyntaxNode } from '@lezer/common'
import { payStep } from '../budget.js'
import type { Interpreter } from './interpreter.js'
import { either } from './operators.js'
import { childrenOf } from '../grammar/parse.js'
import { boolean, type Scope, truth, type Value } from './value.js'

/** A part of an expression that may not be evaluated: what it changes is not certain. */
export function inDoubt(py: Interpreter, evaluate_: () => Value): Value {
  const [doubtful, uncopied] = [py.isDoubtful, py.isUncopied]
  py.isDoubtful = py.isUncopied = true
  try {
    return evaluate_()
  } finally {
    py.isDoubtful = doubtful
    py.isUncopied = uncopied
  }
}

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
  const any: Words<Operand[]> = { word: 'or', evaluate: (parts) => chain(py, all, parts, node), say: (parts) => parts.map(all.say).join(' and ') }
  return chain(py, any, alternatives, node)
}

interface Words<T> {
  word: 'and' | 'or'
  evaluate(part: T): Value
  say(part: T): string
}

/** Goes on as long as nothing is decided; what follows something that is not known may not be evaluated. */
function chain<T>(py: Interpreter, words: Words<T>, [first, ...rest]: readonly T[], node: SyntaxNode): Value {
  const left = words.evaluate(first as T)
  if (rest.length === 0) return left
  const decided = truth(left)
  if (decided !== undefined) return decided === (words.word === 'or') ? left : chain(py, words, rest, node)
  const dependsOn = words.say(first as T)
  return inDoubt(py, () => either(dependsOn, [left, chain(py, words, rest, node)], py.unknown(node, `depends on ${dependsOn}`)))
}

function operand(py: Interpreter, { node, nots }: Operand, scope: Scope): Value {
  const value = py.value(node, scope)
  if (nots === 0) return value
  const decided = truth(value)
  return decided === undefined ? py.unknown(node, `depends on ${py.brief(node)}`) : boolean(nots % 2 === 0 ? decided : !decided)
}
