import { runFor, runWhile } from './loops.js'
import { lost } from './lost-blocks.js'
import type { SyntaxNode } from '@lezer/common'
import { assign, update } from './assignments.js'
import { deleteTargets } from './deletions.js'
import { expressionStatement } from './expression-statements.js'
import { yields } from './generators.js'
import { readArguments } from './calls.js'
import { defaultsOf } from './functions.js'
import { attempt, branches, branchesOf, follow, join, takeBackAll } from './branches.js'
import { commaList } from './collections.js'
import { decorate, decoratorName } from './decorators.js'
import { guarded, mayRaise, raisedBy, runTry } from './exceptions.js'
import { runImport } from './imports.js'
import { type Ending, type Interpreter, isCaught, Jump, Raised } from './interpreter.js'
import { chosenCase } from './matching.js'
import { bodyOf } from './nodes.js'
import { isOpenFile } from './open-files.js'
import { childrenOf } from '../grammar/parse.js'
import { type Changes, Scope, type ClassValue } from './value.js'
import { recordFields } from './records.js'
import { noting } from './written.js'

/** One statement. @returns the value of a `return` in it. @throws Raised */
export function runStatement(py: Interpreter, node: SyntaxNode, scope: Scope): Ending {
  if (py.file.gaps.length > 0 && hasGap(py, node)) return lost(py, node, scope, 'it is written in a way that this reader does not know')
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
    case 'MatchStatement':
      return runMatch(py, node, scope)
    case 'WhileStatement':
      return runWhile(py, node, scope)
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
    case 'YieldStatement':
      yields(py, node, scope)
      return undefined
    case 'AssertStatement':
      // It is not looked at.
      py.losses++
      return undefined
    case 'RaiseStatement':
      throw raisedBy(py, node, scope)
    default:
      return undefined
  }
}

/** In the statement itself, not in a block of it. */
function hasGap(py: Interpreter, node: SyntaxNode): boolean {
  const { gaps } = py.file
  let at = firstFrom(gaps, node.from)
  if (at >= gaps.length || (gaps[at] as number) > node.to) return false
  const blocks = childrenOf(node).flatMap((child) => (child.name === 'Body' ? [child] : (child.getChildren('Body') ?? [])))
  for (; at < gaps.length && (gaps[at] as number) <= node.to; at++) {
    const gap = gaps[at] as number
    if (!blocks.some(({ from, to }) => gap > from && gap <= to)) return true
  }
  return false
}

/** Where the first of these numbers in ascending order is that is not smaller. */
function firstFrom(numbers: readonly number[], smallest: number): number {
  let [low, high] = [0, numbers.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] as number) < smallest) low = middle + 1
    else high = middle
  }
  return low
}

/** `match`, where it is known which `case` is taken. */
function runMatch(py: Interpreter, node: SyntaxNode, scope: Scope): Ending {
  const body = chosenCase(py, node, scope)
  if (body) return py.block(bodyOf(body), scope)
  if (body === null) return undefined
  loseCaptures(py, node, scope)
  return lost(py, node, scope, 'it is set inside a block that cannot be followed')
}

/** Names in the patterns of `match` may be set by them. */
function loseCaptures(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  for (const [, pattern] of py.text(node).matchAll(/^[ \t]*case\b(.*):/gm))
    for (const [name] of (pattern as string).matchAll(/\b[a-zA-Z]\w*/g)) if (scope.names.has(name)) scope.set(name, py.unknown(node, 'a pattern may set it'))
}

/** Context managers that let the body run as it stands; of others nobody knows (`env.prefixed`, a patched module). */
const PLAIN_CONTEXT = /^(open|io\.open|codecs\.open|suppress|contextlib\.suppress|warnings\.catch_warnings|catch_warnings)\(|\.open\(/

/** `with env.prefixed("APP_") as env:` of a library that is known. @returns what ends it */
function enter(py: Interpreter, manager: SyntaxNode, parts: readonly SyntaxNode[], scope: Scope): (() => void) | undefined {
  const [callee, argumentList] = childrenOf(manager)
  const [object, , property] = callee?.name === 'MemberExpression' ? childrenOf(callee) : []
  if (manager.name !== 'CallExpression' || !object || !property || !argumentList || py.text(property) !== 'prefixed') return undefined
  const env = py.value(object, scope)
  const { args, keywords } = readArguments(py, argumentList, scope)
  const known = [...args, ...keywords.values()].map((one) => py.resolve(one))
  const ended = py.host.enter(env, 'prefixed', known)
  const target = parts[parts.findIndex((part) => part.name === 'as') + 1]
  if (ended && target && target.name === 'VariableName') py.bind([target], env, scope)
  return ended ?? undefined
}

function runWith(py: Interpreter, node: SyntaxNode, scope: Scope): Ending {
  const parts = childrenOf(node)
  const body = parts.find((part) => part.name === 'Body')
  const managers = parts.filter((part) => part.name === 'CallExpression' || part.name === 'ParenthesizedExpression')
  const ended = body && managers.length === 1 && managers[0] ? enter(py, managers[0], parts, scope) : undefined
  if (body && ended) {
    try {
      return py.block(bodyOf(body), scope)
    } finally {
      ended()
    }
  }
  if (!body || managers.length === 0 || !managers.every((one) => PLAIN_CONTEXT.test(py.text(one))))
    return lost(py, node, scope, 'it is set inside a block that cannot be followed')
  parts.forEach((part, index) => {
    const target = parts[index + 1]
    const manager = part.name === 'as' && target ? parts[index - 1] : undefined
    if (!manager || !target) return
    const made = py.value(manager, scope)
    const file = isOpenFile(made) || made.kind === 'unknown' ? made : py.unknown(target, 'it is opened when the program runs')
    py.bind([target], file, scope)
  })
  const suppressed = managers.filter((one) => /suppress\(/.test(py.text(one))).flatMap((one) => py.text(one).match(/\w+/g)?.slice(1) ?? [])
  if (suppressed.length === 0) return py.block(bodyOf(body), scope)
  const before: Changes = new Map()
  const { losses } = py
  const { ending, undecided } = guarded(py, suppressed, () => noting(before, () => attempt(() => py.block(bodyOf(body), scope))))
  const passing = undecided.filter((one) => !isCaught(one, suppressed))
  py.undecided.push(...passing)
  const isMet = passing.length < undecided.length
  const isPassedOut = ending instanceof Raised && !isCaught(ending, suppressed)
  if (isPassedOut && !isMet) throw ending
  const silent = { classes: suppressed, body, name: undefined }
  if (!isMet && (ending instanceof Raised || py.losses === losses || !mayRaise(py, body, scope, [silent]))) return ending instanceof Raised ? undefined : ending
  // Where it was raised the body ended, and nobody knows how far it had come.
  const after = takeBackAll(py, before)
  const dependsOn = `whether ${py.brief(body)} raises`
  const silently = () => lost(py, node, scope, `it depends on ${dependsOn}`)
  return isPassedOut ? join(py, { scope, left: { ending, after }, right: follow(py, silently), dependsOn, node }) : silently()
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
  const inner = new Scope(scope, [], true)
  const given = bases && readArguments(py, bases, scope)
  const known = given?.args ?? []
  if (body) py.block(bodyOf(body), inner)
  const metaclass = given?.keywords.get('metaclass') ?? given?.keywords.get('**') ?? inner.names.get('__metaclass__')
  const fields = recordFields(py, node, known, decorators, scope)
  const made: ClassValue = { kind: 'class', name, bases: known, scope: inner, line: py.line(node), decorated: decorators.length > 0, file: py.file }
  scope.set(name, { ...made, ...(metaclass ? { metaclass } : {}), ...(fields ? { fields } : {}) })
}
