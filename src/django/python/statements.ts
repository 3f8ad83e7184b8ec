import type { SyntaxNode } from '@lezer/common'
import { assign, deleteTargets, expressionStatement, forget, update } from './assignments.js'
import { readArguments } from './calls.js'
import { itemsOf } from './collections.js'
import { runImport } from './imports.js'
import { type Interpreter, isCaught, Raised } from './interpreter.js'
import { bodyOf } from './nodes.js'
import { either } from './operators.js'
import { childrenOf } from './parse.js'
import { NONE, Scope, truth, type Value } from './value.js'

/** One statement. @returns the value of a `return` in it. @throws Raised */
export function runStatement(py: Interpreter, node: SyntaxNode, scope: Scope): Value | undefined {
  switch (node.name) {
    case 'StatementGroup':
      return py.block(childrenOf(node), scope)
    case 'ImportStatement':
      runImport(py, node, scope)
      return undefined
    case 'AssignStatement':
      assign(py, node, scope)
      return undefined
    case 'UpdateStatement':
      update(py, node, scope)
      return undefined
    case 'ExpressionStatement':
      if (node.firstChild) expressionStatement(py, node.firstChild, scope)
      return undefined
    case 'IfStatement':
      return branches(py, branchesOf(node), scope)
    case 'TryStatement':
      return runTry(py, node, scope)
    case 'ForStatement':
      return runFor(py, node, scope)
    case 'WithStatement':
    case 'WhileStatement':
    case 'MatchStatement':
      forget(py, node, scope, 'it is set inside a block that cannot be followed')
      return undefined
    case 'DeleteStatement':
      deleteTargets(py, node, scope)
      return undefined
    case 'FunctionDefinition':
    case 'ClassDefinition':
      define(py, node, scope, [])
      return undefined
    case 'DecoratedStatement': {
      const parts = childrenOf(node)
      const inner = parts.find((child) => child.name === 'FunctionDefinition' || child.name === 'ClassDefinition')
      const decorators = parts.filter((child) => child.name === 'Decorator').map((child) => decoratorName(py.text(child)))
      if (inner) define(py, inner, scope, decorators)
      return undefined
    }
    case 'ReturnStatement': {
      const value = childrenOf(node)[1]
      return value ? py.expression(value, scope) : NONE
    }
    case 'RaiseStatement':
      throw raisedBy(py, node)
    default:
      return undefined
  }
}

/** `@functools.lru_cache(None)` is `functools.lru_cache`. */
function decoratorName(text: string): string {
  return /^@\s*([\w.]+)/.exec(text)?.[1] ?? text
}

function raisedBy(py: Interpreter, node: SyntaxNode): Raised {
  const [, what] = childrenOf(node)
  const text = what ? py.text(what) : ''
  const [, name, argument] = /^([\w.]+)(?:\(\s*["'](.*?)["']\s*\))?/s.exec(text) ?? []
  return new Raised(name?.split('.').at(-1) ?? 'Exception', argument ?? '', py.line(node))
}

interface Branch {
  condition: SyntaxNode | null
  body: SyntaxNode | undefined
}

function branchesOf(node: SyntaxNode): Branch[] {
  const parts = childrenOf(node)
  return parts.flatMap((part, index): Branch[] => {
    if (part.name === 'if' || part.name === 'elif') return [{ condition: parts[index + 1] as SyntaxNode, body: parts[index + 2] }]
    return part.name === 'else' ? [{ condition: null, body: parts[index + 1] }] : []
  })
}

function branches(py: Interpreter, list: readonly Branch[], scope: Scope): Value | undefined {
  const [first, ...rest] = list
  if (!first?.body) return undefined
  const { body } = first
  if (first.condition === null) return py.block(bodyOf(body), scope)
  const decided = truth(py.value(first.condition, scope))
  if (decided === true) return py.block(bodyOf(body), scope)
  if (decided === false) return branches(py, rest, scope)
  const [yes, no] = [scope.copy(), scope.copy()]
  const left = attempt(() => py.block(bodyOf(body), yes))
  const right = attempt(() => branches(py, rest, no))
  // A branch that raises is not the one that a working project takes.
  if ('raised' in left && 'raised' in right) throw left.raised
  if ('raised' in left || 'raised' in right) {
    scope.replaceWith('raised' in left ? no : yes)
    return 'raised' in left ? (right as { returned: Value | undefined }).returned : (left as { returned: Value | undefined }).returned
  }
  const dependsOn = py.text(first.condition)
  merge(py, scope, yes, no, dependsOn, first.condition)
  if (!left.returned && !right.returned) return undefined
  return either(dependsOn, [left.returned ?? NONE, right.returned ?? NONE], py.unknown(first.condition, `depends on ${dependsOn}`))
}

function attempt(run: () => Value | undefined): { returned: Value | undefined } | { raised: Raised } {
  try {
    return { returned: run() }
  } catch (error) {
    if (error instanceof Raised) return { raised: error }
    throw error
  }
}

function merge(py: Interpreter, scope: Scope, left: Scope, right: Scope, dependsOn: string, node: SyntaxNode): void {
  for (const name of new Set([...left.names.keys(), ...right.names.keys()])) {
    const [a, b] = [left.names.get(name), right.names.get(name)]
    if (a === b && a) scope.set(name, a)
    else if (a && b) scope.set(name, either(dependsOn, [a, b], py.unknown(node, `depends on ${dependsOn}`)))
    else scope.set(name, either(dependsOn, [(a ?? b) as Value, py.unknown(node, `is set only if ${dependsOn}`)], py.unknown(node, `depends on ${dependsOn}`)))
  }
}

interface Handler {
  classes: string[]
  body: SyntaxNode
  name: string | undefined
}

/** An import that is not there is what `try: from .local import *` is written for: then the handler runs. */
function runTry(py: Interpreter, node: SyntaxNode, scope: Scope): Value | undefined {
  const parts = childrenOf(node)
  const body = parts.find((part) => part.name === 'Body')
  if (!body) return undefined
  const handlers = handlersOf(py, parts)
  const section = (word: string) => {
    const at = parts.findIndex((part) => part.name === word)
    return at < 0 ? undefined : parts.slice(at).find((part) => part.name === 'Body')
  }
  const [otherwise, finally_] = [section('else'), section('finally')]
  py.catching.push(handlers.flatMap((handler) => handler.classes))
  let returned: Value | undefined
  let raised: Raised | undefined
  try {
    returned = py.block(bodyOf(body), scope)
  } catch (error) {
    if (!(error instanceof Raised)) throw error
    raised = error
  } finally {
    py.catching.pop()
  }
  if (raised) {
    const handler = handlers.find((one) => isCaught((raised as Raised).exception, one.classes))
    if (!handler) throw raised
    if (handler.name !== undefined) scope.set(handler.name, py.unknown(handler.body, 'it is an exception'))
    returned = py.block(bodyOf(handler.body), scope)
  } else if (returned === undefined && otherwise) returned = py.block(bodyOf(otherwise), scope)
  if (finally_) returned = py.block(bodyOf(finally_), scope) ?? returned
  return returned
}

function handlersOf(py: Interpreter, parts: readonly SyntaxNode[]): Handler[] {
  const handlers: Handler[] = []
  parts.forEach((part, index) => {
    if (part.name !== 'except') return
    const end = parts.findIndex((other, at) => at > index && other.name === 'Body')
    const body = parts[end]
    if (!body) return
    const words = parts.slice(index + 1, end)
    const as = words.findIndex((word) => word.name === 'as')
    const name = as < 0 ? undefined : words[as + 1] && py.text(words[as + 1] as SyntaxNode)
    const classes = words
      .slice(0, as < 0 ? undefined : as)
      .flatMap((word) => py.text(word).match(/[\w.]+/g) ?? [])
      .map((word) => word.split('.').at(-1) as string)
    handlers.push({ classes: classes.length > 0 ? classes : [''], body, name })
  })
  return handlers
}

function runFor(py: Interpreter, node: SyntaxNode, scope: Scope): Value | undefined {
  const parts = childrenOf(node)
  const inAt = parts.findIndex((part) => part.name === 'in')
  const body = parts.find((part) => part.name === 'Body')
  const given = parts[inAt + 1] ? py.value(parts[inAt + 1] as SyntaxNode, scope) : undefined
  const items = given && itemsOf(given)
  const jumps = body && /^\s*(break|continue)\b/m.test(py.text(body))
  if (!body || !items || items.length > 2000 || jumps) {
    forget(py, node, scope, 'it is set inside a loop that cannot be followed')
    return undefined
  }
  for (const item of items) {
    py.bind(parts.slice(1, inAt), item, scope)
    const returned = py.block(bodyOf(body), scope)
    if (returned) return returned
  }
  return undefined
}

function define(py: Interpreter, node: SyntaxNode, scope: Scope, decorators: string[]): void {
  const parts = childrenOf(node)
  const nameNode = parts.find((part) => part.name === 'VariableName')
  if (!nameNode) return
  const name = py.text(nameNode)
  if (node.name === 'FunctionDefinition') {
    // A method does not see the names of its class.
    const closure = scope.isClass && scope.parent ? scope.parent : scope
    scope.set(name, { kind: 'function', name, node, scope: closure, file: py.file, decorators })
    return
  }
  const bases = parts.find((part) => part.name === 'ArgList')
  const body = parts.find((part) => part.name === 'Body')
  const inner = new Scope(scope, new Map(), true)
  const known = bases ? readArguments(py, bases, scope).args : []
  if (body) py.block(bodyOf(body), inner)
  scope.set(name, { kind: 'class', name, bases: known, scope: inner, line: py.line(node), decorated: decorators.length > 0, file: py.file })
}
