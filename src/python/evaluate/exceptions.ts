import type { SyntaxNode } from '@lezer/common'
import { payStep } from '../budget.js'
import { attempt, joinEndings, passOut, takeOver } from './branches.js'
import { forget } from './forgetting.js'
import { type Ending, type Interpreter, isCaught, Raised } from './interpreter.js'
import { assignedIn, bodyOf } from './nodes.js'
import { isOpenFile } from './open-files.js'
import { childrenOf } from '../grammar/parse.js'
import { type ClassValue, type Scope, textOf, type Value } from './value.js'

/** The exception of a `raise`. */
export function raisedBy(py: Interpreter, node: SyntaxNode, scope: Scope): Raised {
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
  return new Raised(name?.split('.').at(-1) ?? 'Exception', argument ?? textOf(given) ?? '', py.line(node))
}

/** The names of all bases of a class of the project. */
function baseNames(py: Interpreter, { bases }: ClassValue, depth: number): string[] {
  return bases.flatMap((written) => {
    payStep()
    const base = py.resolve(written)
    if (base.kind === 'reference') return [base.name.split('.').at(-1) as string]
    return base.kind === 'class' && depth < 10 ? [base.name, ...baseNames(py, base, depth + 1)] : []
  })
}

export interface Handler {
  classes: string[]
  body: SyntaxNode
  name: string | undefined
}

/** An import that is not there is what `try: from .local import *` is written for: then the handler runs. */
export function runTry(py: Interpreter, node: SyntaxNode, scope: Scope): Ending {
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
  const handlerOf = (one: Raised) => handlers.find((handler) => isCaught(one, handler.classes))
  // What is not caught here passes on to what waits for it further out.
  py.undecided.push(...undecided.filter((one) => !handlerOf(one)))
  const perhaps = undecided.map(handlerOf).find((one) => one !== undefined)
  try {
    if (raised) {
      // Another exception may have ended the body earlier.
      if (perhaps) forget(py, body, scope, `it depends on where ${py.brief(body)} raises`)
      returned = handle(py, raised, handlerOf(raised), scope)
    } else if (perhaps || (returned === undefined && mayRaise(py, body, scope, handlers)))
      returned = eitherWay(py, { body, before, scope, handlers, otherwise, perhaps, returned })
    else if (returned === undefined && otherwise) returned = py.block(bodyOf(otherwise), scope)
  } catch (error) {
    // Out of a handler, out of `else`, or not caught at all.
    if (finally_ && error instanceof Raised) py.block(bodyOf(finally_), scope)
    throw error
  }
  if (finally_) returned = py.block(bodyOf(finally_), scope) ?? returned
  return returned
}

/** @throws Raised the exception itself where there is no handler, and what the handler raises */
function handle(py: Interpreter, raised: Raised, handler: Handler | undefined, scope: Scope): Ending {
  if (!handler) throw raised
  if (handler.name !== undefined) scope.set(handler.name, py.unknown(handler.body, 'it is an exception'))
  py.handling.push(raised)
  try {
    return py.block(bodyOf(handler.body), scope)
  } finally {
    py.handling.pop()
  }
}

/** Exceptions that are met here whenever Python would meet them. */
const MET = new Set(['ImportError', 'ModuleNotFoundError'])

/** … and those that are met where what is asked is known. */
const MET_IN_KNOWN = new Set(['KeyError', 'ImproperlyConfigured'])

/** Some handler waits for an exception that is not followed, and something in the body could not be read: it may be that one. */
export function mayRaise(py: Interpreter, body: SyntaxNode, scope: Scope, handlers: readonly Handler[]): boolean {
  const waitsFor = handlers.flatMap((handler) => handler.classes).filter((name) => !MET.has(name))
  if (waitsFor.length === 0) return false
  const { assigned } = assignedIn(body, py.file.source)
  const isOpen = (value: Value | undefined) =>
    value !== undefined &&
    (value.kind === 'unknown' ||
      (value.kind === 'call' && !value.target && !isOpenFile(value)) ||
      (value.kind === 'reference' && /^django\.conf\.settings\.|^[A-Za-z_]+$/.test(value.name)))
  const isLost = (name: string) => {
    const value = scope.names.get(name)
    return value !== undefined && py.resolve(value).kind === 'unknown'
  }
  if (waitsFor.every((name) => MET_IN_KNOWN.has(name))) return [...assigned].some(isLost)
  const statements = bodyOf(body)
  return (
    [...assigned].some((name) => isOpen(scope.names.get(name) && py.resolve(scope.names.get(name) as Value))) ||
    statements.some(
      (one) =>
        one.name === 'AssertStatement' ||
        (one.name === 'ExpressionStatement' &&
          one.firstChild?.name === 'CallExpression' &&
          !/^exec(?:file)?\(|\.(append|extend|insert|update|setdefault|add|close|read|read_file|readfp)\(/.test(py.text(one))),
    )
  )
}

/** The body and what follows it, or one of the handlers that may be meant: all are kept. */
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
  const meant = way.perhaps ? [way.perhaps] : handlers.filter((one) => one.classes.some((name) => !MET.has(name)))
  const doubtful = py.isDoubtful
  py.isDoubtful = true
  let left = attempt(() => way.returned ?? (otherwise ? py.block(bodyOf(otherwise), scope) : undefined))
  for (const handler of meant) {
    const no = before.copy()
    // How far the body had come nobody knows.
    if (way.perhaps) forget(py, way.body, no, `it depends on whether ${py.brief(way.body)} raises`)
    if (handler.name !== undefined) no.set(handler.name, py.unknown(handler.body, 'it is an exception'))
    py.isDoubtful = true
    const right = attempt(() => py.block(bodyOf(handler.body), no))
    py.isDoubtful = doubtful
    // As of two branches one of which raises: the other one is taken, unless something further out waits for the exception.
    if (right instanceof Raised) passOut(py, right)
    else if (left instanceof Raised) {
      passOut(py, left)
      takeOver(py, scope, no, new Map(scope.names), handler.body)
      left = right
    } else left = joinEndings(py, { scope, yes: scope.copy(), no, left, right, dependsOn: `whether ${py.brief(way.body)} raises`, node: handler.body })
  }
  py.isDoubtful = doubtful
  if (left instanceof Raised) throw left
  return left
}

function handlersOf(py: Interpreter, parts: readonly SyntaxNode[]): Handler[] {
  const handlers: Handler[] = []
  parts.forEach((part, index) => {
    if (part.name !== 'except') return
    let end = index + 1
    while (end < parts.length && parts[end]?.name !== 'Body') end++
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
