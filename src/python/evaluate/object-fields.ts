import type { SyntaxNode } from '@lezer/common'
import { classAttribute } from './class-attribute.js'
import type { Interpreter } from './interpreter.js'
import { type Call, string, type Value } from './value.js'

const FIELDS = new WeakMap<Call, Map<string, Value>>()

/** What is known of the object by now, without running anything. */
export function knownFields(object: Call): Iterable<Value> {
  return FIELDS.get(object)?.values() ?? []
}

/** Any field that is not among the others; no name of Python. */
const ANY = '*'

/** Code that is not followed has had the object: each of its fields may be another one, and there may be more. */
export function forgetFields(object: Call, lost: Value): void {
  if (object.target?.kind === 'class') FIELDS.set(object, new Map([[ANY, lost]]))
}

export function fieldOf(py: Interpreter, object: Call, name: string, node: SyntaxNode): Value | undefined {
  const fields = fieldsOf(py, object, node)
  return fields.get(name) ?? fields.get(ANY)
}

/** `self.__dict__` */
export function fieldsAsDict(py: Interpreter, object: Call, node: SyntaxNode): Value {
  const fields = fieldsOf(py, object, node)
  return fields.get(ANY) ?? { kind: 'dict', entries: [...fields].map(([name, value]): [Value, Value] => [string(name), value]) }
}

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
