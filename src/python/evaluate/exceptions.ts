import type { SyntaxNode } from '@lezer/common'
import { payStep } from '../budget.js'
import { attempt, follow, join, takeBackAll, type Way } from './branches.js'
import { forget } from './forgetting.js'
import { type Ending, type Interpreter, isCaught, Raised } from './interpreter.js'
import { assignedIn, bodyOf } from './nodes.js'
import { isOpenFile } from './open-files.js'
import { childrenOf } from '../grammar/parse.js'
import { type Changes, type ClassValue, type Scope, textOf, type Value } from './value.js'
import { noting, redo, together } from './written.js'

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
  let ending: Ending
  try {
    ending = bodyAndHandlers(py, { body, handlers, otherwise, scope })
  } catch (error) {
    // Out of a handler, out of `else`, or not caught at all.
    if (finally_ && error instanceof Raised) py.block(bodyOf(finally_), scope)
    throw error
  }
  return (finally_ && py.block(bodyOf(finally_), scope)) ?? ending
}

interface Try {
  body: SyntaxNode
  handlers: readonly Handler[]
  otherwise: SyntaxNode | undefined
  scope: Scope
}

function bodyAndHandlers(py: Interpreter, { body, handlers, otherwise, scope }: Try): Ending {
  const before: Changes = new Map()
  const { losses } = py
  const { ending, undecided } = guarded(
    py,
    handlers.flatMap(({ classes }) => classes),
    () => noting(before, () => attempt(() => py.block(bodyOf(body), scope))),
  )
  const met = (raised: Raised) => ({ raised, handler: handlers.find(({ classes }) => isCaught(raised, classes)) })
  // What is not caught here passes on to what waits for it further out.
  py.undecided.push(...undecided.filter((one) => !met(one).handler))
  const perhaps = undecided.map(met).filter((one): one is Met => one.handler !== undefined)
  if (ending instanceof Raised && perhaps.length === 0) return handle(py, met(ending), scope)
  // Where all of it was followed and known, nothing is raised that was not met.
  const isOpen = perhaps.length === 0 && ending === undefined && py.losses > losses && mayRaise(py, body, scope, handlers)
  if (perhaps.length === 0 && !isOpen) return ending === undefined && otherwise ? py.block(bodyOf(otherwise), scope) : (ending as Ending)
  return eitherWay(py, {
    end: ending instanceof Raised ? null : () => ending ?? (otherwise ? py.block(bodyOf(otherwise), scope) : undefined),
    before,
    // Of what is not followed any handler may be meant that does not wait for what is met here anyway.
    handlers: isOpen
      ? handlers.filter(({ classes }) => classes.some((name) => !MET.has(name))).map((handler) => ({ raised: openly(py, handler), handler }))
      : distinct([...(ending instanceof Raised ? [met(ending)] : []), ...perhaps]),
    body,
    scope,
  })
}

interface Met {
  raised: Raised
  handler: Handler | undefined
}

function distinct(met: readonly Met[]): Met[] {
  return [...new Map(met.map((one) => [one.handler, one])).values()]
}

function openly(py: Interpreter, { classes, body }: Handler): Raised {
  return new Raised(classes[0] || 'Exception', '', py.line(body))
}

/** Runs it where something waits for these exceptions. @returns also what a branch of it raises that may not be taken */
export function guarded(py: Interpreter, classes: string[], run: () => Ending | Raised): { ending: Ending | Raised; undecided: Raised[] } {
  const from = py.undecided.length
  py.catching.push(classes)
  try {
    const ending = run()
    return { ending, undecided: py.undecided.splice(from) }
  } finally {
    py.catching.pop()
  }
}

/** @throws Raised the exception itself where there is no handler, and what the handler raises */
function handle(py: Interpreter, { raised, handler }: Met, scope: Scope): Ending {
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
    /** What follows the body where it comes to its end; null where it surely does not. */
    end: (() => Ending) | null
    /** The names before the body, which has run. */
    before: Changes
    handlers: readonly Met[]
    body: SyntaxNode
    scope: Scope
  },
): Ending {
  const { scope, body } = way
  const dependsOn = `whether ${py.brief(body)} raises`
  const ended = way.end === null ? null : follow(py, way.end)
  const done = takeBackAll(py, way.before)
  let so: Way | null = ended && { ending: ended.ending, after: together(done, ended.after) }
  for (const met of way.handlers) {
    const other = follow(py, () => {
      // How far the body had come nobody knows.
      if (!isOneStep(body)) forget(py, body, scope, `it depends on ${dependsOn}`)
      return handle(py, met, scope)
    })
    const left = so
    so = left === null ? other : follow(py, () => join(py, { scope, left, right: other, dependsOn, node: body }))
  }
  if (so === null) return undefined
  redo(so.after)
  if (so.ending instanceof Raised) throw so.ending
  return so.ending
}

/** One statement without blocks of its own: where it raises, it has done nothing. */
function isOneStep(body: SyntaxNode): boolean {
  const [first, ...more] = bodyOf(body)
  return more.length === 0 && /^(?:Assign|Expression|Import|Raise|Pass)Statement$/.test(first?.name ?? '')
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
