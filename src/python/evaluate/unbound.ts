import type { SyntaxNode } from '@lezer/common'
import { payScan } from '../budget.js'
import { type Interpreter, isCaught, Raised } from './interpreter.js'
import { rootOf } from './names.js'
import { isOwnName } from './own-names.js'
import type { Scope } from './value.js'

/** Newer ones may have names of their own that are not known here. */
const NEWEST_PYTHON = 14

/**
 * A name that nothing has set, where no star import may have brought it.
 * @throws Raised NameError, where something waits for it by name; else where it is certain: something waits for any exception, or it ends the module
 */
export function raiseUnbound(py: Interpreter, node: SyntaxNode, name: string, scope: Scope): void {
  if (isOwnName(name, py.host.python)) return
  const raised = new Raised('NameError', `name '${name}' is not defined`, py.line(node))
  if (py.catching.some((clause) => clause.includes('NameError') || clause.includes('UnboundLocalError'))) throw raised
  const isAwaited = py.catching.some((clause) => isCaught(raised, clause))
  if ((isAwaited || (!py.isDoubtful && isOutermost(scope))) && isNowhere(py, node, name, scope)) throw raised
}

/** Not in a function or a comprehension. */
function isOutermost(scope: Scope): boolean {
  return scope.parent === undefined || (scope.isClass && isOutermost(scope.parent))
}

/**
 * No text of the file sets it, followed or not, and its names are its own: another file that runs in them may have set it in a way that was not followed.
 * `gettext.install()` makes `_` a name of Python, `builtins` any.
 */
function isNowhere(py: Interpreter, node: SyntaxNode, name: string, scope: Scope): boolean {
  const { python } = py.host
  const file = rootOf(scope).names.get('__file__')
  if (name === '_' || python?.[0] !== 3 || python[1] > NEWEST_PYTHON || file?.kind !== 'string' || file.value !== py.file.file) return false
  const { source } = py.file
  payScan(source.length)
  const others = isOutermost(scope) ? source.slice(0, node.from) : source.slice(0, node.from) + source.slice(node.to)
  return /^\w+$/.test(name) && !new RegExp(`\\b(?:${name}\\b|builtins|__builtins__)`).test(others)
}
