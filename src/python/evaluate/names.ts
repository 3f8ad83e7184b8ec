import type { SyntaxNode } from '@lezer/common'
import { payCopy } from '../budget.js'
import { forgetAll } from './forgetting.js'
import type { Interpreter } from './interpreter.js'
import { missingKey } from './missing-key.js'
import { callMethod } from './methods.js'
import { either } from './operators.js'
import { starIn } from './stars.js'
import { NONE, type Scope, string, type Value } from './value.js'

export type Names = Value & { kind: 'names' }

/** The names of the module that a scope is part of. */
export function rootOf(scope: Scope): Scope {
  let root = scope
  while (root.parent) root = root.parent
  return root
}

/** `globals()`, and at the level of a module or in the body of a class `locals()` and `vars()`. */
export function namesOf(py: Interpreter, node: SyntaxNode, scope: Scope): Scope | undefined {
  if (node.name !== 'CallExpression' || node.to - node.from > 40) return undefined
  const word = /^(globals|locals|vars)\(\s*\)$/.exec(py.text(node))?.[1]
  if (word === undefined) return undefined
  if (word !== 'globals') return scope.parent === undefined || scope.isClass ? scope : undefined
  return rootOf(scope)
}

/** What gives the dict of a function's names, or writes it anew. */
const GIVES_LOCALS = /\b(?:locals|vars|exec|eval)\s*\(/g

/**
 * `locals()` in a function of a module: a dict of its own. Before Python 3.13 a second call writes into the same one (PEP 667), and a
 * function inside of another has names of that one too: neither is followed.
 */
export function localsOf(py: Interpreter, node: SyntaxNode, scope: Scope): Value | undefined {
  if (node.to - node.from > 40 || !/^(?:locals|vars)\(\s*\)$/.test(py.text(node))) return undefined
  if (scope.parent === undefined || scope.parent.parent !== undefined || scope.isClass) return undefined
  let outer = node.parent
  while (outer && outer.name !== 'FunctionDefinition') {
    if (/^(?:For|While)Statement$/.test(outer.name)) return undefined
    outer = outer.parent
  }
  return outer && py.text(outer).match(GIVES_LOCALS)?.length === 1 ? namesAsDict(scope) : undefined
}

/** The names of a module as a dict; unknown where a star import of it was not followed. */
export function namesAsDict(scope: Scope): Value {
  payCopy(4 * scope.names.size)
  const star = starIn(scope)
  if (star) return star
  const entries: [Value, Value][] = []
  for (const [name, value] of scope.names) {
    entries.push([string(name), value])
  }
  return { kind: 'dict', entries }
}

/** What only looks at a dict takes the names as one; anything else is left as it is. */
export function lookedAt(value: Value): Value {
  return value.kind === 'names' ? namesAsDict(value.scope) : value
}

export function nameIn(py: Interpreter, { scope }: Names, key: Value, node: SyntaxNode): Value {
  if (key.kind !== 'string') return py.unknown(node, 'which name it is is not known')
  const value = scope.names.get(key.value)
  if (value) return value
  const names = namesAsDict(scope)
  return names.kind === 'unknown' ? names : missingKey(py, node, `there is no name "${key.value}"`, key.value)
}

/** `globals()[name] = value` */
export function setName(py: Interpreter, own: Scope, name: string, value: Value, node: SyntaxNode, scope: Scope): void {
  const before = py.mayHaveEnded && own !== scope ? own.get(name) : undefined
  const reason = 'a branch that may not be taken'
  own.set(name, before ? either(reason, [before, value], py.unknown(node, `it is set in ${reason}`)) : value)
}

/** `del globals()[name]` */
export function deleteName(py: Interpreter, { scope: own }: Names, key: Value, node: SyntaxNode, scope: Scope): void {
  if (key.kind !== 'string') return forgetAll(py, node, own, 'a name that is deleted is not known')
  if (py.mayHaveEnded && own !== scope) own.set(key.value, py.unknown(node, 'it is deleted in a branch that may not be taken'))
  else own.names.delete(key.value)
}

interface MethodOfNames {
  method: string
  args: readonly Value[]
  keywords: ReadonlyMap<string, Value>
  node: SyntaxNode
  scope: Scope
}

/** `globals().update(…)`, `.get(…)` and the other methods of a dict; what is none of them may do anything. */
export function namesMethod(py: Interpreter, names: Names, { method, args, keywords, node, scope }: MethodOfNames): Value {
  const own = names.scope
  const known = args.map((one) => lookedAt(py.resolve(one)))
  const [key, value] = known
  if (method === 'update') {
    updateNames(py, own, known, keywords, node, scope)
    return NONE
  }
  if (/^(?:setdefault|pop|__setitem__|__delitem__|__getitem__|__contains__)$/.test(method) && key?.kind === 'string') {
    if (method === '__getitem__') return nameIn(py, names, key, node)
    if (method === '__contains__')
      return namesAsDict(own).kind === 'unknown' ? py.unknown(node, 'its names are not known') : { kind: 'boolean', value: own.names.has(key.value) }
    const before =
      method === 'pop' || method === 'setdefault'
        ? (own.names.get(key.value) ?? (namesAsDict(own).kind === 'unknown' ? nameIn(py, names, key, node) : value))
        : NONE
    if (method === '__setitem__' && value) setName(py, own, key.value, value, node, scope)
    else if (method === 'setdefault') {
      if (!own.names.has(key.value)) setName(py, own, key.value, before ?? NONE, node, scope)
    } else deleteName(py, names, key, node, scope)
    return before ?? (method === 'pop' ? missingKey(py, node, `there is no name "${key.value}"`, key.value) : NONE)
  }
  const dict = namesAsDict(own)
  if (dict.kind === 'unknown' && /^(?:get|keys|values|items|copy)$/.test(method))
    return method === 'get' && key?.kind === 'string' ? (own.names.get(key.value) ?? dict) : dict
  const seen = callMethod(dict, method, known, keywords)
  if (seen) return seen
  forgetAll(py, node, own, 'its names are handed to other code')
  return py.unknown(node, `.${method}() of its names is not evaluated`)
}

/** Known names get their values, else any may have changed. */
function updateNames(py: Interpreter, own: Scope, given: readonly Value[], keywords: ReadonlyMap<string, Value>, node: SyntaxNode, scope: Scope): void {
  const [first] = given
  const entries = first === undefined ? [] : first.kind === 'dict' ? first.entries : pairsOf(first)
  const isKnown = entries?.every(([key]) => key.kind === 'string') === true
  if (!isKnown || keywords.has('**')) return forgetAll(py, node, own, first?.kind === 'unknown' ? first.reason : 'its names are handed to other code')
  for (const [key, value] of entries) if (key.kind === 'string') setName(py, own, key.value, value, node, scope)
  for (const [name, value] of keywords) setName(py, own, name, value, node, scope)
}

function pairsOf(value: Value): [Value, Value][] | undefined {
  if (!('items' in value)) return undefined
  const pairs = value.items.map((item) => ('items' in item && item.items.length === 2 ? (item.items as [Value, Value]) : undefined))
  return pairs.every((pair) => pair !== undefined) ? pairs : undefined
}
