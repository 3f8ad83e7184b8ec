import type { SyntaxNode } from '@lezer/common'
import { classAttribute } from './class-attribute.js'
import type { Interpreter } from './interpreter.js'
import type { Call, Value } from './value.js'

const FIELDS = new WeakMap<Call, Map<string, Value>>()

/** What `__init__` has set on the object, run when it is first asked for. */
export function fieldsOf(py: Interpreter, object: Call, node: SyntaxNode): Map<string, Value> {
  const known = FIELDS.get(object)
  if (known) return known
  const fields = new Map<string, Value>()
  FIELDS.set(object, fields)
  const init = object.target?.kind === 'class' ? classAttribute(py, object.target, '__init__') : undefined
  if (init?.kind === 'function') py.callFunction(init, [object, ...object.args], object.keywords, node)
  return fields
}
