import type { SyntaxNode } from '@lezer/common'
import { itemsOf } from './collections.js'
import { hasGap } from './floors.js'
import { type Ending, type Interpreter, Jump, MaybeReturned, UnknownJump } from './interpreter.js'
import { lost } from './lost-blocks.js'
import { bodyOf } from './nodes.js'
import { isOpenFile, linesIn } from './open-files.js'
import { childrenOf } from '../grammar/parse.js'
import { type Scope, truth, type Value } from './value.js'

export function runFor(py: Interpreter, node: SyntaxNode, scope: Scope): Ending {
  const parts = childrenOf(node)
  const inAt = parts.findIndex((part) => part.name === 'in')
  const body = parts.find((part) => part.name === 'Body')
  const iterated = parts[inAt + 1]
  const through = iterated ? py.value(iterated, scope) : undefined
  const given = iterated && isOpenFile(through) ? linesIn(py, through, iterated) : through
  const items = given && itemsOf(given)
  if (!body || !items || items.length > 2000 || hasGap(items)) return lost(py, node, scope, 'it is set inside a loop that cannot be followed')
  try {
    return followLoop(py, {
      node,
      scope,
      targets: parts.slice(1, inAt),
      iterated: iterated as SyntaxNode,
      given: given as Value,
      items,
      body,
      otherwise: elseOf(parts),
    })
  } catch (error) {
    if (!(error instanceof UnknownJump)) throw error
    return lost(py, node, scope, `it is set inside a loop that depends on ${error.reason}`)
  }
}

/** More rounds than these are not followed: a loop without an end costs little, and what stands behind it is read. */
const MOST_ROUNDS = 100

/** `while`, as long as it is known whether it goes on. */
export function runWhile(py: Interpreter, node: SyntaxNode, scope: Scope): Ending {
  const parts = childrenOf(node)
  const [, condition] = parts
  const body = parts.find((part) => part.name === 'Body')
  // Without a way out Python does not come out of it either: what stands behind it is read all the same.
  const isEndless = condition !== undefined && /^(?:True|1)$/.test(py.text(condition)) && !/\b(?:break|return|raise|exit|quit)\b/.test(py.text(node))
  if (!body || !condition || isEndless) return lost(py, node, scope, 'it is set inside a block that cannot be followed')
  const otherwise = elseOf(parts)
  try {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const goesOn = truth(py.value(condition, scope))
      if (goesOn === undefined) return lost(py, node, scope, `it is set inside a loop that depends on ${py.brief(condition)}`)
      if (!goesOn) return otherwise ? py.block(bodyOf(otherwise), scope) : undefined
      const ending = py.block(bodyOf(body), scope)
      if (ending instanceof Jump && ending.kind === 'break') return undefined
      if (ending instanceof Jump) continue
      if (ending instanceof MaybeReturned) return lost(py, node, scope, `it depends on ${ending.dependsOn}`)
      if (ending) return ending
    }
  } catch (error) {
    if (!(error instanceof UnknownJump)) throw error
    return lost(py, node, scope, `it is set inside a loop that depends on ${error.reason}`)
  }
  return lost(py, node, scope, 'it is set inside a loop of too many rounds')
}

interface Loop {
  node: SyntaxNode
  scope: Scope
  targets: readonly SyntaxNode[]
  /** What is gone through, and its value as the loop began. */
  iterated: SyntaxNode
  given: Value
  items: readonly Value[]
  body: SyntaxNode
  otherwise: SyntaxNode | undefined
}

function elseOf(parts: readonly SyntaxNode[]): SyntaxNode | undefined {
  const at = parts.findIndex((part) => part.name === 'else')
  return at < 0 ? undefined : parts.slice(at).find((part) => part.name === 'Body')
}

function followLoop(py: Interpreter, { node, scope, targets, iterated, given, items, body, otherwise }: Loop): Ending {
  // Its values are copied as they change: another object under the name means that it changes under the loop.
  // A slice is a copy.
  const name =
    /^(?:VariableName|MemberExpression)$/.test(iterated.name) && !iterated.getChild(':')
      ? iterated
      : iterated.name === 'CallExpression' && /^(?:enumerate|reversed)\(\s*\w+\s*[,)]/.test(py.text(iterated))
        ? iterated.getChild('ArgList')?.getChild('VariableName')
        : null
  const before = name === iterated ? given : name ? py.value(name, scope) : undefined
  for (const item of items) {
    if (name && py.value(name, scope) !== before) return lost(py, node, scope, 'it is changed while a loop goes through it')
    py.bind(targets, item, scope)
    const ending = py.block(bodyOf(body), scope)
    if (ending instanceof Jump && ending.kind === 'break') return undefined
    if (ending instanceof Jump) continue
    if (ending instanceof MaybeReturned) return lost(py, node, scope, `it depends on ${ending.dependsOn}`)
    if (ending) return ending
  }
  return otherwise ? py.block(bodyOf(otherwise), scope) : undefined
}
