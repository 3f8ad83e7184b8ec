import type { SyntaxNode } from '@lezer/common'
import { payCopy } from '../budget.js'
import { childrenOf } from '../grammar/parse.js'
import { hasEffects } from './generators.js'
import { loseSight } from './handing-over.js'
import { type Interpreter, type Ending, Jump, MaybeReturned } from './interpreter.js'
import { bodyOf, splitByComma } from './nodes.js'
import { either } from './operators.js'
import { type FunctionValue, NONE, Scope, string, type Value } from './value.js'

/** Decorators that leave the result of a call as it is. */
const HARMLESS = /(^|\.)(property|cached_property|staticmethod|classmethod|lru_cache|cache|memoize|wraps|no_type_check|override)$/

/** The body of a function that was read, with its parameters bound; `py` is at home in the function's own file. */
export function callFunction(
  py: Interpreter,
  callee: FunctionValue,
  { args, keywords, isSpent }: { args: readonly Value[]; keywords: ReadonlyMap<string, Value>; isSpent: () => boolean },
  frames: Scope[],
): Value {
  // What it is given it may change all the same.
  const unknown = (reason: string) => {
    for (const one of [...args, ...keywords.values()]) loseSight(py, one, { callee: callee.name, node: callee.node, scope: callee.scope })
    return py.unknown(callee.node, reason)
  }
  if (callee.decorators.some((decorator) => !HARMLESS.test(decorator))) return unknown(`the function ${callee.name} is decorated`)
  const parts = childrenOf(callee.node)
  const isLambda = callee.node.name === 'LambdaExpression'
  const parameters = parts.find((part) => part.name === 'ParamList')
  const body = isLambda ? parts.at(-1) : parts.find((part) => part.name === 'Body')
  if (!body || (!isLambda && parts[0]?.name !== 'def')) return unknown(`the function ${callee.name} is not evaluated`)
  const inner = new Scope(callee.scope)
  bindParameters(py, parameters, { args, keywords, inner, outer: callee.scope, isLambda, defaults: callee.defaults })
  if (isLambda) return py.expression(body, inner)
  const given: Value[] | undefined = /\byield\b/.test(py.text(body)) ? [] : undefined
  // Which of its values are certain could not be told, nor when it does what it does besides.
  if (given && (py.isDoubtful || (hasEffects(py.text(body)) && !isSpent()))) return unknown(`${callee.name} is a generator`)
  frames.push(inner)
  let ending: Ending
  if (given) py.generators.push(given)
  try {
    ending = py.block(bodyOf(body), inner)
  } finally {
    frames.pop()
    if (given) py.generators.pop()
  }
  // It is taken as the list of what it gives.
  if (given) return ending instanceof Jump ? unknown(`${callee.name} cannot be followed`) : { kind: 'list', items: given }
  if (ending instanceof Jump) return unknown(`${callee.name} cannot be followed`)
  if (ending instanceof MaybeReturned) return either(ending.dependsOn, [ending.value, NONE], py.unknown(callee.node, `depends on ${ending.dependsOn}`))
  return ending ?? NONE
}

interface Binding {
  args: readonly Value[]
  keywords: ReadonlyMap<string, Value>
  inner: Scope
  outer: Scope
  isLambda: boolean
  defaults: ReadonlyMap<string, Value> | undefined
}

/** What the parameters of a function that is being defined have when nothing is given. */
export function defaultsOf(py: Interpreter, node: SyntaxNode, scope: Scope): Map<string, Value> {
  const found = new Map<string, Value>()
  const parameters = childrenOf(node).find((part) => part.name === 'ParamList')
  for (const parameter of splitByComma(parameters ? childrenOf(parameters).slice(1, -1) : [])) {
    const [first, second, third] = parameter.filter((part) => part.name !== 'TypeDef')
    if (first && second?.name === 'AssignOp' && third) found.set(py.text(first), py.expression(third, scope))
  }
  return found
}

function bindParameters(py: Interpreter, parameters: SyntaxNode | undefined, { args, keywords, inner, outer, isLambda, defaults }: Binding): void {
  if (!parameters) return
  const nodes = childrenOf(parameters)
  payCopy(args.length + 4 * keywords.size)
  let next = 0
  const named = new Map(keywords)
  for (const parameter of splitByComma(isLambda ? nodes : nodes.slice(1, -1))) {
    const plain = parameter.filter((part) => part.name !== 'TypeDef')
    const [first, second, third] = plain
    if (!first || first.name === '/') continue
    if (first.name === '*') {
      if (!second) continue
      inner.set(py.text(second), { kind: 'tuple', items: args.slice(next) })
      next = args.length
      continue
    }
    if (first.name === '**') {
      if (second) inner.set(py.text(second), { kind: 'dict', entries: [...named].map(([name, value]) => [string(name), value]) })
      continue
    }
    const name = py.text(first)
    const given = args[next++] ?? named.get(name) ?? named.get('**')
    named.delete(name)
    const fallback = defaults?.get(name) ?? (second?.name === 'AssignOp' && third ? py.expression(third, outer) : undefined)
    inner.set(name, given ?? fallback ?? py.unknown(first, `${name} was not given`))
  }
}
