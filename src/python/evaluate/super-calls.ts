import type { SyntaxNode } from '@lezer/common'
import { resolutionOrder } from './class-attribute.js'
import type { Interpreter } from './interpreter.js'
import { childrenOf } from '../grammar/parse.js'
import type { Call, ClassValue, FunctionValue, Scope, Value } from './value.js'

/** What `super()` stands for: `super(Class, self)`, the class in whose body the method stands and its first argument (library reference, super). */
export function superArguments(py: Interpreter, node: SyntaxNode, scope: Scope): Value[] {
  let method = node.parent
  while (method && method.name !== 'FunctionDefinition') method = method.parent
  const parameters = method?.getChild('ParamList')
  const first = parameters && childrenOf(parameters).find((part) => part.name === 'VariableName')
  const self = first && scope.get(py.text(first))
  const owner = self && classOf(self)
  if (!method || !self || !owner) return []
  const { from } = method
  const isIts = (value: Value) => value.kind === 'function' && value.file === py.file && value.node.from === from
  const home = resolutionOrder(py, owner).find((one) => typeof one !== 'string' && [...one.scope.names.values()].some(isIts))
  return home === undefined || typeof home === 'string' ? [] : [home, self]
}

function classOf(self: Value): ClassValue | undefined {
  if (self.kind === 'class') return self
  return self.kind === 'call' && self.target?.kind === 'class' ? self.target : undefined
}

/** What `super().name` finds behind the class of the method, and what it is bound to. Undefined where a class in between was not read. */
export function behindSuper(py: Interpreter, object: Call, name: string): { value: Value; self: Value } | undefined {
  const [home, self] = object.args.map((arg) => py.resolve(arg))
  const owner = self && classOf(self)
  if (object.callee !== 'super' || !self || !owner || home?.kind !== 'class') return undefined
  const order = resolutionOrder(py, owner)
  const at = order.indexOf(home)
  for (const ancestor of at < 0 ? [] : order.slice(at + 1)) {
    if (typeof ancestor === 'string') return undefined
    const value = ancestor.scope.names.get(name)
    if (value) return { value, self }
  }
  return undefined
}

/** A method that is found so, called. Undefined for anything else. */
export function callBehindSuper(
  py: Interpreter,
  object: Call,
  { name, args, keywords, node }: { name: string; args: Value[]; keywords: Map<string, Value>; node: SyntaxNode },
): Value | undefined {
  const found = behindSuper(py, object, name)
  if (found?.value.kind !== 'function' || isProperty(found.value)) return undefined
  const { value, self } = found
  const first = value.decorators.includes('staticmethod') ? [] : value.decorators.includes('classmethod') ? [classOf(self) ?? self] : [self]
  return py.callFunction(value, [...first, ...args], keywords, node)
}

/** `super().name` where it is no method. */
export function attributeBehindSuper(py: Interpreter, object: Call, name: string, node: SyntaxNode): Value | undefined {
  const found = behindSuper(py, object, name)
  if (found?.value.kind !== 'function') return found?.value
  return isProperty(found.value) ? py.callFunction(found.value, [found.self], new Map(), node) : undefined
}

export function isProperty({ decorators }: FunctionValue): boolean {
  return decorators.some((decorator) => /(^|\.)(property|cached_property)$/.test(decorator))
}
