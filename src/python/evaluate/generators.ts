import type { SyntaxNode } from '@lezer/common'
import { anyOf } from './alternatives.js'
import { payCopy, payScan } from '../budget.js'
import { commaList, itemsOf } from './collections.js'
import { anyNumber } from './floors.js'
import type { Interpreter } from './interpreter.js'
import { childrenOf } from '../grammar/parse.js'
import { NONE, type Scope, type Value } from './value.js'

/** More than these are not written out. */
const MOST = 10_000

/** `yield x`, `yield from x`: what a generator gives is collected as it is met. @returns what the expression is worth: nothing is sent in */
export function yields(py: Interpreter, node: SyntaxNode, scope: Scope): Value {
  const parts = childrenOf(node).slice(1)
  const given = py.generators.at(-1)
  const isFrom = parts[0]?.name === 'from'
  const value = commaList(
    py,
    (isFrom ? parts.slice(1) : parts).filter((part) => part.to > part.from),
    scope,
  )
  const isOver = given !== undefined && given.length > MOST
  if (py.isDoubtful || isOver) giveUnknown(py, node, isOver ? 'it gives too many' : 'a branch that may not be taken gives it')
  else if (!isFrom) given?.push(value)
  else {
    const known = py.resolve(value)
    const items = itemsOf(known)
    payCopy(items?.length ?? 0)
    if (items) for (const one of items) given?.push(one)
    else if (known.kind === 'unknown' || known.kind === 'call' || known.kind === 'reference') given?.push(anyOf(py, known, node))
    else giveUnknown(py, node, 'it gives something that cannot be read')
  }
  return NONE
}

/** Any number of values come from a block that is not followed. */
export function giveUnknown(py: Interpreter, node: SyntaxNode, reason: string): void {
  py.generators.at(-1)?.push(anyNumber(py.unknown(node, reason)))
}

/** Anything that is done besides giving values. */
const EFFECTS =
  /\.(?:append|extend|insert|add|update|setdefault|pop|popitem|remove|discard|clear|sort|reverse|__\w+__)\(|\b(?:global|nonlocal|environ|del|exec)\b|\b(?:setattr|delattr)\(|(?:\]|\.\w+)\s*[-+|*&]?=(?!=)/

/** A generator runs when something goes through it. Where it only gives values it makes no difference when that is. */
export function hasEffects(body: string): boolean {
  payScan(8 * body.length)
  return EFFECTS.test(body)
}

const GOES_THROUGH = /(?:^|\.)(?:list|tuple|set|frozenset|dict|OrderedDict|sorted|sum|extend|update|join)$/

/** Whether all of what a call gives is gone through at once: `list(f())`, `for x in f()`, `X += f()`. */
export function isGoneThrough(py: Interpreter, call: SyntaxNode): boolean {
  const around = call.parent
  if (around?.name === 'ForStatement' || around?.name === 'UpdateStatement') return true
  const callee = around?.name === 'ArgList' ? around.parent?.firstChild : null
  return callee !== null && callee !== undefined && GOES_THROUGH.test(py.text(callee))
}
