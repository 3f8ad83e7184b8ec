import type { SyntaxNode } from '@lezer/common'
import { forget, outOf } from './forgetting.js'
import { giveUnknown } from './generators.js'
import { type Ending, type Interpreter, MaybeReturned } from './interpreter.js'
import { has } from './nodes.js'
import type { Scope } from './value.js'

/** A block that cannot be followed: what it sets is unknown, and so is whether it returns. */
export function lost(py: Interpreter, node: SyntaxNode, scope: Scope, reason: string): Ending {
  forget(py, node, scope, reason)
  if (/\byield\b/.test(py.text(node))) giveUnknown(py, node, reason)
  return has(node, 'ReturnStatement') ? new MaybeReturned('a block that cannot be followed', outOf(py, node, scope, reason)) : undefined
}
