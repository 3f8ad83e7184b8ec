import type { SyntaxNode } from '@lezer/common'
import { assign, deleteTargets, expressionStatement, forget, update } from './assignments.js'
import { defaultsOf, readArguments } from './calls.js'
import { commaList, itemsOf } from './collections.js'
import { runImport } from './imports.js'
import { type Ending, type Interpreter, isCaught, Jump, MaybeReturned, Raised, UnknownJump } from './interpreter.js'
import { assignedIn, bodyOf } from './nodes.js'
import { either } from './operators.js'
import { childrenOf } from './parse.js'
import { type ClassValue, Scope, textOf, truth, type Value } from './value.js'

/** One statement. @returns the value of a `return` in it. @throws Raised */
export function runStatement(py: Interpreter, node: SyntaxNode, scope: Scope): Ending {
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
      return runWith(py, node, scope)
    case 'WhileStatement':
    case 'MatchStatement':
      return lost(py, node, scope, 'it is set inside a block that cannot be followed')
    case 'BreakStatement':
      return new Jump('break')
    case 'ContinueStatement':
      return new Jump('continue')
    case 'ScopeStatement':
      moveHome(py, node, scope)
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
      const decorators = parts.filter((child) => child.name === 'Decorator')
      if (inner)
        define(
          py,
          inner,
          scope,
          decorators.map((child) => decoratorName(py.text(child))),
        )
      if (inner) decorate(py, inner, scope, decorators)
      return undefined
    }
    case 'ReturnStatement': {
      return commaList(py, childrenOf(node).slice(1), scope)
    }
    case 'RaiseStatement':
      throw raisedBy(py, node, scope)
    default:
      return undefined
  }
}

/** Decorators that are functions of the project are called, the innermost first, as Python does; at the first other one it ends. */
function decorate(py: Interpreter, node: SyntaxNode, scope: Scope, decorators: readonly SyntaxNode[]): void {
  const nameNode = childrenOf(node).find((part) => part.name === 'VariableName')
  if (!nameNode) return
  const name = py.text(nameNode)
  const left = decorators.map((decorator) => decoratorName(py.text(decorator)))
  for (const decorator of [...decorators].reverse()) {
    const plain = scope.get(name)
    const [, ...parts] = childrenOf(decorator)
    const isName = parts.every((part) => part.name === 'VariableName' || part.name === '.' || part.name === 'PropertyName')
    const [first] = parts
    if (!plain || !first || (plain.kind !== 'function' && plain.kind !== 'class')) return
    const function_ = decoratorValue(py, parts, isName, scope)
    if (function_?.kind !== 'function') return
    left.pop()
    const bare: Value = plain.kind === 'function' ? { ...plain, decorators: [] } : { ...plain, decorated: false }
    const result = py.resolve(py.callFunction(function_, [bare], new Map(), node))
    scope.set(name, result === bare && result.kind === 'function' ? ({ ...bare, decorators: [...left] } as Value) : result)
  }
}

/** `@name`, `@module.name`, `@name(arguments)`; lezer keeps the parts of a decorator flat. */
function decoratorValue(py: Interpreter, parts: readonly SyntaxNode[], isName: boolean, scope: Scope): Value | undefined {
  const at = parts.findIndex((part) => part.name === 'ArgList')
  const names = (at < 0 ? parts : parts.slice(0, at)).filter((part) => part.name !== '.')
  const [first, ...rest] = names
  if (!first || !names.every((part) => part.name === 'VariableName' || part.name === 'PropertyName')) return undefined
  let value: Value = py.value(first, scope)
  for (const part of rest) value = py.resolve(py.attribute(value, py.text(part), part))
  if (isName || at < 0) return value
  if (value.kind !== 'function') return undefined
  const { args, keywords } = readArguments(py, parts[at] as SyntaxNode, scope)
  return py.resolve(py.callFunction(value, args, keywords, first))
}

/** `@functools.lru_cache(None)` is `functools.lru_cache`. */
function decoratorName(text: string): string {
  return /^@\s*([\w.]+)/.exec(text)?.[1] ?? text
}

function raisedBy(py: Interpreter, node: SyntaxNode, scope: Scope): Raised {
  const [, what] = childrenOf(node)
  // A bare `raise` is the one that is being handled.
  if (!what) return py.handling.at(-1) ?? new Raised('RuntimeError', 'No active exception to reraise', py.line(node))
  const value = py.value(what, scope)
  const target = value.kind === 'call' ? value.target : value.kind === 'class' ? value : undefined
  const given = value.kind === 'call' ? value.args[0] : undefined
  if (target?.kind === 'class') return new Raised(target.name, textOf(given) ?? '', py.line(node), baseNames(py, target, 0))
  if (what.name === 'VariableName' && value.kind === 'call') return new Raised(value.callee.split('.').at(-1) as string, textOf(given) ?? '', py.line(node))
  const text = what ? py.text(what) : ''
  const [, name, argument] = /^([\w.]+)(?:\(\s*["'](.*?)["']\s*\))?/s.exec(text) ?? []
  return new Raised(name?.split('.').at(-1) ?? 'Exception', argument ?? '', py.line(node))
}

/** The names of all bases of a class of the project. */
function baseNames(py: Interpreter, { bases }: ClassValue, depth: number): string[] {
  return bases.flatMap((written) => {
    const base = py.resolve(written)
    if (base.kind === 'reference') return [base.name.split('.').at(-1) as string]
    return base.kind === 'class' && depth < 10 ? [base.name, ...baseNames(py, base, depth + 1)] : []
  })
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

function branches(py: Interpreter, list: readonly Branch[], scope: Scope): Ending {
  const [first, ...rest] = list
  if (!first?.body) return undefined
  const { body } = first
  if (first.condition === null) return py.block(bodyOf(body), scope)
  const decided = truth(py.value(first.condition, scope))
  if (decided === true) return py.block(bodyOf(body), scope)
  if (decided === false) return branches(py, rest, scope)
  const [yes, no] = [scope.copy(), scope.copy()]
  const origin = new Map(scope.names)
  const before = py.isDoubtful
  py.isDoubtful = true
  const left = attempt(() => py.block(bodyOf(body), yes))
  const right = attempt(() => branches(py, rest, no))
  py.isDoubtful = before
  // A branch that raises is not the one that a working project takes.
  if (left instanceof Raised && right instanceof Raised) throw left
  if (left instanceof Raised || right instanceof Raised) {
    const raised = (left instanceof Raised ? left : right) as Raised
    // … unless a `try` around it waits for just that.
    if (py.catching.some((clause) => isCaught(raised, clause))) py.undecided.push(raised)
    takeOver(py, scope, left instanceof Raised ? no : yes, origin, first.condition)
    return left instanceof Raised ? (right as Ending) : left
  }
  const dependsOn = py.brief(first.condition)
  return joinEndings(py, { scope, yes, no, left, right, dependsOn, node: first.condition, origin })
}

/**
 * The names of a branch in place of those before it; what a function that was called in it has changed behind its back is not known.
 * @param origin the names when the branch began
 */
function takeOver(py: Interpreter, scope: Scope, branch: Scope, origin: ReadonlyMap<string, Value>, node: SyntaxNode): void {
  const touched = [...scope.names].filter(([name, value]) => origin.get(name) !== value && !isOwn(value, branch.names.get(name)))
  scope.replaceWith(branch)
  for (const [name, value] of touched)
    scope.names.set(name, branch.names.get(name) === origin.get(name) ? value : py.unknown(node, 'it is changed in a branch that may not be taken'))
}

interface Fork {
  scope: Scope
  yes: Scope
  no: Scope
  left: Ending
  right: Ending
  dependsOn: string
  node: SyntaxNode
  /** The names before the fork, where both ways are copies. */
  origin?: ReadonlyMap<string, Value>
}

/** Where only one way returns, what follows runs with the names of the other. */
function joinEndings(py: Interpreter, fork: Fork): Ending {
  const { scope, yes, no, left, right, dependsOn, node, origin = new Map(scope.names) } = fork
  const tooMany = py.unknown(node, `depends on ${dependsOn}`)
  if (left instanceof Jump || right instanceof Jump) throw new UnknownJump(dependsOn)
  const isSure = (ending: Ending): ending is Value => ending !== undefined && !(ending instanceof MaybeReturned) && !(ending instanceof Jump)
  if (isSure(left) && isSure(right)) return either(dependsOn, [left, right], tooMany)
  if (isSure(left)) takeOver(py, scope, no, origin, node)
  else if (isSure(right)) takeOver(py, scope, yes, origin, node)
  else merge(py, { scope, yes, no, dependsOn, node, origin })
  const values = [left, right].flatMap((ending) => (ending instanceof MaybeReturned ? [ending.value] : ending === undefined ? [] : [ending]))
  if (values.length === 0) return undefined
  return new MaybeReturned(dependsOn, values.length === 1 ? (values[0] as Value) : either(dependsOn, values, tooMany))
}

function attempt(run: () => Ending): Ending | Raised {
  try {
    return run()
  } catch (error) {
    if (error instanceof Raised) return error
    throw error
  }
}

function merge(py: Interpreter, { scope, yes, no, dependsOn, node, origin = new Map() }: Omit<Fork, 'left' | 'right'>): void {
  for (const name of new Set([...yes.names.keys(), ...no.names.keys()])) {
    const [a, b] = [yes.names.get(name), no.names.get(name)]
    const before = origin.get(name)
    // A function that was called in a branch has changed it behind the branch's back.
    const touched = scope.names.get(name)
    if (before && touched && touched !== before && !isOwn(touched, a, b)) {
      if (a !== before || b !== before) scope.set(name, py.unknown(node, `depends on ${dependsOn}`))
      continue
    }
    if (a === b && a) scope.set(name, a)
    else if (a && b) scope.set(name, either(dependsOn, [a, b], py.unknown(node, `depends on ${dependsOn}`)))
    else scope.set(name, either(dependsOn, [(a ?? b) as Value, py.unknown(node, `is set only if ${dependsOn}`)], py.unknown(node, `depends on ${dependsOn}`)))
  }
}

/** What a branch has changed in place shows in the names around it as one of two: that is the branch itself. */
function isOwn(touched: Value, ...branches: (Value | undefined)[]): boolean {
  return touched.kind === 'either' && branches.some((value) => value !== undefined && touched.options.includes(value))
}

interface Handler {
  classes: string[]
  body: SyntaxNode
  name: string | undefined
}

/** An import that is not there is what `try: from .local import *` is written for: then the handler runs. */
function runTry(py: Interpreter, node: SyntaxNode, scope: Scope): Ending {
  const parts = childrenOf(node)
  const body = parts.find((part) => part.name === 'Body')
  if (!body) return undefined
  const handlers = handlersOf(py, parts)
  const section = (word: string) => {
    const at = parts.findIndex((part) => part.name === word)
    return at < 0 ? undefined : parts.slice(at).find((part) => part.name === 'Body')
  }
  const [otherwise, finally_] = [section('else'), section('finally')]
  const before = scope.copy()
  const undecidedBefore = py.undecided.length
  py.catching.push(handlers.flatMap((handler) => handler.classes))
  let returned: Ending
  let raised: Raised | undefined
  try {
    returned = py.block(bodyOf(body), scope)
  } catch (error) {
    if (!(error instanceof Raised)) throw error
    raised = error
  } finally {
    py.catching.pop()
  }
  const undecided = py.undecided.splice(undecidedBefore)
  const perhaps = undecided.map((one) => handlers.find((handler) => isCaught(one, handler.classes))).find((one) => one !== undefined)
  if (raised) {
    const caught = raised
    const handler = handlers.find((one) => isCaught(caught, one.classes))
    if (!handler) {
      if (finally_) py.block(bodyOf(finally_), scope)
      throw raised
    }
    if (handler.name !== undefined) scope.set(handler.name, py.unknown(handler.body, 'it is an exception'))
    py.handling.push(raised)
    try {
      returned = py.block(bodyOf(handler.body), scope)
    } catch (error) {
      if (finally_ && error instanceof Raised) py.block(bodyOf(finally_), scope)
      throw error
    } finally {
      py.handling.pop()
    }
  } else if (perhaps || (returned === undefined && mayRaise(py, body, scope, handlers)))
    return eitherWay(py, { body, before, scope, handlers, otherwise, perhaps, returned })
  else if (returned === undefined && otherwise) returned = py.block(bodyOf(otherwise), scope)
  if (finally_) returned = py.block(bodyOf(finally_), scope) ?? returned
  return returned
}

/** Exceptions that are met here whenever Python would meet them. */
const MET = new Set(['ImportError', 'ModuleNotFoundError', 'KeyError', 'ImproperlyConfigured'])

/** Some handler waits for an exception that is not followed, and something in the body could not be read: it may be that one. */
function mayRaise(py: Interpreter, body: SyntaxNode, scope: Scope, handlers: readonly Handler[]): boolean {
  if (handlers.every((handler) => handler.classes.every((name) => MET.has(name)))) return false
  const { assigned } = assignedIn(body, py.file.source)
  const isOpen = (value: Value | undefined) =>
    value !== undefined &&
    (value.kind === 'unknown' ||
      (value.kind === 'call' && !value.target) ||
      (value.kind === 'reference' && /^django\.conf\.settings\.|^[A-Za-z_]+$/.test(value.name)))
  const statements = bodyOf(body)
  return (
    [...assigned].some((name) => isOpen(scope.names.get(name) && py.resolve(scope.names.get(name) as Value))) ||
    statements.some(
      (one) =>
        one.name === 'AssertStatement' ||
        (one.name === 'ExpressionStatement' &&
          one.firstChild?.name === 'CallExpression' &&
          !/\.(append|extend|insert|update|setdefault|add)\(/.test(py.text(one))),
    )
  )
}

/** The body and what follows it, or the first handler: both are kept. */
function eitherWay(
  py: Interpreter,
  way: {
    body: SyntaxNode
    before: Scope
    scope: Scope
    handlers: readonly Handler[]
    otherwise: SyntaxNode | undefined
    /** The handler of an exception that a branch of the body raises. */
    perhaps: Handler | undefined
    returned: Ending
  },
): Ending {
  const { before, scope, handlers, otherwise } = way
  const handler = way.perhaps ?? handlers.find((one) => one.classes.some((name) => !MET.has(name)))
  if (!handler) return undefined
  const doubtful = py.isDoubtful
  py.isDoubtful = true
  const left = attempt(() => way.returned ?? (otherwise ? py.block(bodyOf(otherwise), scope) : undefined))
  if (handler.name !== undefined) before.set(handler.name, py.unknown(handler.body, 'it is an exception'))
  const right = attempt(() => py.block(bodyOf(handler.body), before))
  py.isDoubtful = doubtful
  // A handler that raises again is not how a working project goes on.
  if (right instanceof Raised || left instanceof Raised) return left instanceof Raised ? undefined : left
  return joinEndings(py, { scope, yes: scope.copy(), no: before, left, right, dependsOn: `whether ${py.brief(way.body)} raises`, node: handler.body })
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

function runFor(py: Interpreter, node: SyntaxNode, scope: Scope): Ending {
  const parts = childrenOf(node)
  const inAt = parts.findIndex((part) => part.name === 'in')
  const body = parts.find((part) => part.name === 'Body')
  const given = parts[inAt + 1] ? py.value(parts[inAt + 1] as SyntaxNode, scope) : undefined
  const items = given && itemsOf(given)
  if (!body || !items || items.length > 2000) return lost(py, node, scope, 'it is set inside a loop that cannot be followed')
  try {
    return followLoop(py, { node, scope, targets: parts.slice(1, inAt), items, body, otherwise: elseOf(parts) })
  } catch (error) {
    if (!(error instanceof UnknownJump)) throw error
    return lost(py, node, scope, `it is set inside a loop that depends on ${error.reason}`)
  }
}

interface Loop {
  node: SyntaxNode
  scope: Scope
  targets: readonly SyntaxNode[]
  items: readonly Value[]
  body: SyntaxNode
  otherwise: SyntaxNode | undefined
}

function elseOf(parts: readonly SyntaxNode[]): SyntaxNode | undefined {
  const at = parts.findIndex((part) => part.name === 'else')
  return at < 0 ? undefined : parts.slice(at).find((part) => part.name === 'Body')
}

function followLoop(py: Interpreter, { node, scope, targets, items, body, otherwise }: Loop): Ending {
  for (const item of items) {
    py.bind(targets, item, scope)
    const ending = py.block(bodyOf(body), scope)
    if (ending instanceof Jump && ending.kind === 'break') return undefined
    if (ending instanceof Jump) continue
    if (ending instanceof MaybeReturned) return py.unknown(node, `depends on ${ending.dependsOn}`)
    if (ending) return ending
  }
  return otherwise ? py.block(bodyOf(otherwise), scope) : undefined
}

/** A block that cannot be followed: what it sets is unknown, and so is whether it returns. */
function lost(py: Interpreter, node: SyntaxNode, scope: Scope, reason: string): Ending {
  forget(py, node, scope, reason)
  return /\breturn\b/.test(py.text(node)) ? new MaybeReturned('a block that cannot be followed', py.unknown(node, reason)) : undefined
}

/** Context managers that let the body run as it stands; of others nobody knows (`env.prefixed`, a patched module). */
const PLAIN_CONTEXT = /^(open|io\.open|codecs\.open|suppress|contextlib\.suppress|warnings\.catch_warnings|catch_warnings)\(|\.open\(/

function runWith(py: Interpreter, node: SyntaxNode, scope: Scope): Ending {
  const parts = childrenOf(node)
  const body = parts.find((part) => part.name === 'Body')
  const managers = parts.filter((part) => part.name === 'CallExpression' || part.name === 'ParenthesizedExpression')
  if (!body || managers.length === 0 || !managers.every((one) => PLAIN_CONTEXT.test(py.text(one))))
    return lost(py, node, scope, 'it is set inside a block that cannot be followed')
  parts.forEach((part, index) => {
    const target = parts[index + 1]
    if (part.name === 'as' && target) py.bind([target], py.unknown(target, 'it is opened when the program runs'), scope)
  })
  const suppressed = managers.filter((one) => /suppress\(/.test(py.text(one))).flatMap((one) => py.text(one).match(/\w+/g)?.slice(1) ?? [])
  py.catching.push(suppressed)
  try {
    return py.block(bodyOf(body), scope)
  } catch (error) {
    if (error instanceof Raised && isCaught(error, suppressed)) return undefined
    throw error
  } finally {
    py.catching.pop()
  }
}

/** `global a, b` and `nonlocal c`: the names live elsewhere. */
function moveHome(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  const [word, ...names] = childrenOf(node)
  let home: Scope | undefined = scope.parent
  if (word && py.text(word) === 'global') while (home?.parent) home = home.parent
  if (!home) return
  scope.elsewhere ??= new Map()
  for (const name of names) if (name.name === 'VariableName') scope.elsewhere.set(py.text(name), home)
}

function define(py: Interpreter, node: SyntaxNode, scope: Scope, decorators: string[]): void {
  const parts = childrenOf(node)
  const nameNode = parts.find((part) => part.name === 'VariableName')
  if (!nameNode) return
  const name = py.text(nameNode)
  if (node.name === 'FunctionDefinition') {
    // A method does not see the names of its class.
    const closure = scope.isClass && scope.parent ? scope.parent : scope
    scope.set(name, { kind: 'function', name, node, scope: closure, file: py.file, decorators, defaults: defaultsOf(py, node, scope) })
    return
  }
  const bases = parts.find((part) => part.name === 'ArgList')
  const body = parts.find((part) => part.name === 'Body')
  const inner = new Scope(scope, new Map(), true)
  const known = bases ? readArguments(py, bases, scope).args : []
  if (body) py.block(bodyOf(body), inner)
  scope.set(name, { kind: 'class', name, bases: known, scope: inner, line: py.line(node), decorated: decorators.length > 0, file: py.file })
}
