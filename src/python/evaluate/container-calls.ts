import type { SyntaxNode } from '@lezer/common'
import { anyOf, mapEither } from './alternatives.js'
import { passOut } from './branches.js'
import { sortedWith } from './builtins.js'
import { equal } from './equality.js'
import { CHANGING, handOver, loseSight } from './handing-over.js'
import { type Interpreter, isCaught, Raised } from './interpreter.js'
import { callMethod } from './methods.js'
import { missingKey } from './missing-key.js'
import { mutate } from './mutations.js'
import { isMutable, NONE, type Scope, type Unknown, type Value } from './value.js'

interface ContainerCall {
  node: SyntaxNode
  objectNode: SyntaxNode
  name: string
  /** Resolved. */
  args: readonly Value[]
  keywords: ReadonlyMap<string, Value>
  scope: Scope
}

/**
 * A method that changes a list, a dict or a set, or what may be one: what is none of them stays as it is.
 * @returns what the call gives; undefined where it changes nothing
 */
export function changeContainer(py: Interpreter, object: Value, call: ContainerCall): Value | undefined {
  const { node, objectNode, name, keywords, scope } = call
  const options = object.kind === 'either' ? object.options : [object]
  const others = CHANGING.test(name) ? options.filter((one): one is Unknown => one.kind === 'unknown') : []
  for (const one of others) loseSight(py, one, { callee: name, node, scope })
  if (!options.some(isMutable)) return undefined
  raiseIfAbsent(py, object, call)
  const [more] = call.args
  const args = name === 'extend' && (more?.kind === 'call' || more?.kind === 'reference') ? [anyOf(py, more, node)] : call.args
  const changed = mutate(object, name, args, keywords) ?? sortedInPlace(py, object, name, keywords, node)
  if (changed === 'nothing') return undefined
  const lost = () => py.unknown(node, `.${name}() with something that cannot be read`)
  const given = (one: Value) => {
    if (!isMutable(one)) return lost()
    return callMethod(one, name, call.args, keywords, py.host) ?? (changed === undefined || /^(pop|popitem)$/.test(name) ? lost() : NONE)
  }
  if (others.length > 0) handOver(py, call.args, { callee: name, isNamed: false, node, scope })
  const result = object.kind !== 'either' ? given(object) : options.every((one) => given(one) === NONE) ? NONE : mapEither(py, object, given, node)
  py.change(objectNode, object, changed ?? lost(), scope)
  return result
}

/** `remove`, `index` and `pop` of what is surely not there, where something waits for the exception. */
function raiseIfAbsent(py: Interpreter, object: Value, { node, name, args }: ContainerCall): void {
  const [key] = args
  if (object.kind === 'list' && isAbsent(object, name, args) && py.catching.some((clause) => isCaught({ exception: 'ValueError' }, clause)))
    throw new Raised('ValueError', 'it is not in the list', py.line(node))
  if (object.kind === 'dict' && name === 'pop' && args.length === 1 && key?.kind === 'string' && object.entries.every(([one]) => equal(one, key) === false))
    missingKey(py, node, `there is no key "${key.value}"`, key.value)
}

/** `list.sort(key=…)` */
function sortedInPlace(py: Interpreter, object: Value, name: string, keywords: ReadonlyMap<string, Value>, node: SyntaxNode): Value | undefined {
  if (object.kind !== 'list' || name !== 'sort' || keywords.size === 0) return undefined
  const items = sortedWith(py, object.items, new Map([...keywords].map(([key, value]) => [key, py.resolve(value)])), node)
  return items && { kind: 'list', items }
}

/** `list.remove(x)` and `list.index(x)` raise where x is surely not there. */
function isAbsent(list: Value & { kind: 'list' | 'tuple' | 'set' }, method: string, [item]: readonly Value[]): boolean {
  return (method === 'remove' || method === 'index') && item !== undefined && list.items.every((one) => equal(one, item) === false)
}

/** Of a list that is in doubt nobody knows whether it has what is looked for: what waits for the exception may get it. */
export function perhapsAbsent(py: Interpreter, object: Value, method: string, [item]: readonly Value[], node: SyntaxNode): void {
  if (method !== 'remove' && method !== 'index') return
  const options = object.kind === 'either' ? object.options : [object]
  const has = (one: Value) => item !== undefined && (one.kind === 'list' || one.kind === 'set') && one.items.some((each) => equal(each, item) === true)
  if (options.every(has) || (object.kind === 'list' && isAbsent(object, method, item === undefined ? [] : [item]))) return
  passOut(py, new Raised(object.kind === 'set' ? 'KeyError' : 'ValueError', 'it may not be in it', py.line(node)))
}
