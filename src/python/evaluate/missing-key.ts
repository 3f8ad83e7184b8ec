import type { SyntaxNode } from '@lezer/common'
import { type Interpreter, isCaught, Raised } from './interpreter.js'
import type { Value } from './value.js'

/** KeyError where something waits for it, else unknown: the environment of the real program may be another one. */
export function missingKey(py: Interpreter, node: SyntaxNode, reason: string, key: string): Value {
  if (py.catching.some((clause) => isCaught({ exception: 'KeyError' }, clause))) throw new Raised('KeyError', `'${key}'`, py.line(node))
  return py.unknown(node, reason)
}
