import type { SyntaxNode } from '@lezer/common'
import { mapEither } from './alternatives.js'
import { callBuiltin } from './builtins.js'
import { payCopy, payScan, payValues } from '../budget.js'
import { comprehension } from './collections.js'
import { changeContainer, perhapsAbsent } from './container-calls.js'
import { attribute } from './members.js'
import { CHANGING, handOver, loseSight } from './handing-over.js'
import { localsOf, lookedAt, namesMethod, namesOf } from './names.js'
import { fieldsOf } from './object-fields.js'
import type { Caller } from './host.js'
import { type Interpreter, isCaught, Raised } from './interpreter.js'
import { sideEffect } from './effects.js'
import { isGivenFresh, nowFresh } from './fresh.js'
import { callMethod } from './methods.js'
import { splitByComma } from './nodes.js'
import { readingMethod } from './open-files.js'
import { joinPython } from './os-path.js'
import { childrenOf, type ParsedFile } from '../grammar/parse.js'
import { standardCall, standardMethod } from '../standard/index.js'
import { runsFile } from './running.js'
import { callBehindSuper, superArguments } from './super-calls.js'
import { type Call, type ClassValue, leadsOn, NONE, Scope, string, textOf, type Value } from './value.js'

/** `f(…)`, `object.method(…)`, `Class(…)`. What cannot be called here stays a call, with its arguments. */
export function evaluateCall(py: Interpreter, node: SyntaxNode, scope: Scope): Value {
  const [calleeNode, argumentList] = childrenOf(node)
  if (!calleeNode || !argumentList) return py.unknown(node, 'it cannot be read')
  const own = namesOf(py, node, scope)
  if (own) return { kind: 'names', scope: own }
  const locals = localsOf(py, node, scope)
  if (locals) return locals
  const { args, keywords } = readArguments(py, argumentList, scope)
  if (calleeNode.name === 'MemberExpression') {
    const [objectNode, mark, property] = childrenOf(calleeNode)
    if (objectNode && mark?.name === '.' && property) return callMember(py, { node, objectNode, name: py.text(property), args, keywords, scope })
  }
  const callee = py.expression(calleeNode, scope)
  if (callee.kind === 'reference' && callee.name === 'super' && args.length === 0) args.push(...superArguments(py, node, scope))
  return callValue(py, callee, { written: callee.kind === 'reference' ? callee.name : py.text(calleeNode), args, keywords, node, scope })
}

interface MemberCall {
  node: SyntaxNode
  objectNode: SyntaxNode
  name: string
  args: Value[]
  keywords: Map<string, Value>
  scope: Scope
}

function callMember(py: Interpreter, call: MemberCall): Value {
  const { node, name, args, keywords } = call
  const written = py.expression(call.objectNode, call.scope)
  const object = py.resolve(written)
  if (object.kind === 'names') return namesMethod(py, object, { method: name, args, keywords, node, scope: call.scope })
  const known = args.map((arg) => (name === 'update' ? lookedAt(py.resolve(arg)) : py.resolve(arg)))
  const reading = readingMethod(py, object, name, known, node)
  if (reading) return reading
  perhapsAbsent(py, object, name, known, node)
  const changed = changeContainer(py, object, { ...call, args: known })
  if (changed) return changed
  const method = (value: Value): Value | undefined => callMethod(value, name, known, keywords, py.host)
  if (object.kind === 'either') {
    const results = object.options.map(method)
    if (results.every((one) => one !== undefined)) return mapEither(py, object, (option) => method(option) as Value, node)
  }
  if (object.kind === 'reference') {
    const effect = sideEffect(py, object.name, name, known, keywords)
    if (effect.done) return effect.value
  }
  const result = method(object) ?? standardMethod(py, object, name, { args: known, keywords: resolveAll(py, keywords) }, node)
  if (result) return result
  if (object.kind === 'unknown') {
    handOver(py, [...args, ...keywords.values()], { callee: py.brief(call.objectNode), isNamed: false, node, scope: call.scope })
    changeInside(py, call)
    return object
  }
  if (object.kind === 'call') return callOnCall(py, object, call, known)
  const member = attribute(py, written.kind === 'reference' && object.kind !== 'class' && object.kind !== 'module' ? written : object, name, node)
  if (member.kind === 'function' && object.kind === 'class')
    return py.callFunction(member, member.decorators.includes('classmethod') ? [object, ...args] : args, keywords, node)
  const [self] = args
  if (name === '__init__' && self?.kind === 'call' && self.target?.kind === 'class') {
    rememberInit(py, self, known.slice(1), keywords, node)
    return NONE
  }
  const dotted = member.kind === 'reference' ? member.name : `${nameOf(written) ?? py.text(call.objectNode)}.${name}`
  // A library goes by its names also where its files have been read.
  const isNamed = (isOfDjango(dotted) && member.kind === 'unknown') || (object.kind === 'module' && member.kind === 'function' && !py.host.isEager(object.name))
  // A class of a module goes by the name under which it was imported.
  const as = member.kind === 'class' && nameOf(written) !== undefined ? dotted : undefined
  return callValue(py, isNamed ? { kind: 'reference', name: dotted } : member, { written: dotted, as, args, keywords, node, scope: call.scope })
}

/** `D[key].append(x)` where the key is not known: whatever D holds may be what is changed. */
function changeInside(py: Interpreter, { node, name, objectNode, scope }: MemberCall): void {
  if (!CHANGING.test(name) || objectNode.name !== 'MemberExpression' || !objectNode.getChild('[')) return
  let outer = objectNode.firstChild
  while (outer?.name === 'MemberExpression' && py.value(outer, scope).kind === 'unknown') outer = outer.firstChild
  if (outer) loseSight(py, py.value(outer, scope), { callee: name, node, scope })
}

/** What Django's own packages gather by stars is known by its name. */
function isOfDjango(name: string): boolean {
  return name.startsWith('django.contrib.')
}

/** A method of an object whose class was read, or of something that a library made. */
function callOnCall(py: Interpreter, object: Call, { node, name, args, keywords, scope }: MemberCall, known: Value[]): Value {
  if (object.callee === 'super' && name === '__init__') {
    // What a class passes on to Django's own `__init__` is kept on the object itself.
    const self = scope.get('self')
    if (self?.kind === 'call') rememberInit(py, self, known, keywords, node)
    callBehindSuper(py, object, { name, args, keywords, node })
    return NONE
  }
  const above = object.callee === 'super' ? callBehindSuper(py, object, { name, args, keywords, node }) : undefined
  if (above) return above
  const ran = runsFile(py, `${object.callee}().${name}`, [object, ...known], resolveAll(py, keywords), node)
  if (ran) return ran
  const library = callLibrary(py, `${object.callee}().${name}`, [object, ...known], { keywords, node, scope })
  if (library) return library
  if (object.target?.kind === 'class') {
    const member = attribute(py, object, name, node)
    if (member.kind === 'function') return py.callFunction(member, member.decorators.includes('staticmethod') ? args : [object, ...args], keywords, node)
    handOver(py, [object, ...args, ...keywords.values()], { callee: `${object.callee}().${name}`, isNamed: !object.target, node, scope })
    return member.kind === 'unknown' ? member : py.unknown(node, `.${name}() is not evaluated`)
  }
  handOver(py, [...args, ...keywords.values()], { callee: `${object.callee}().${name}`, isNamed: !object.target, node, scope })
  return opaque(py, `${object.callee}().${name}`, args, keywords, node)
}

/** `(name, app_label)` of Django's Migration, by position or by name. */
function rememberInit(py: Interpreter, self: Call, args: readonly Value[], keywords: ReadonlyMap<string, Value>, node: SyntaxNode): void {
  const items = [args[0] ?? keywords.get('name') ?? NONE, args[1] ?? keywords.get('app_label') ?? keywords.get('**') ?? NONE]
  fieldsOf(py, self, node).set('__init_arguments__', { kind: 'tuple', items })
}

interface Given {
  /** The name of what is called, or how it is written. */
  written: string
  /** The name of a class by which it is known. */
  as?: string | undefined
  args: Value[]
  keywords: Map<string, Value>
  node: SyntaxNode
  scope: Scope
}

function callValue(py: Interpreter, callee: Value, { written, as, args, keywords, node, scope }: Given): Value {
  // A library whose source would be of no use is asked by name, before its files are looked at.
  if (callee.kind === 'reference') {
    const known = args.map((arg) => lookedAt(py.resolve(arg)))
    const named = resolveAll(py, keywords)
    const result =
      callBuiltin(callee.name, known, named, py, node) ??
      standardCall(py, callee.name, { args: known, keywords: named }, node) ??
      callLibrary(py, callee.name, known, { keywords: named, node, scope })
    if (result) return result
  }
  if (callee.kind === 'call') {
    const known = args.map((arg) => py.resolve(arg))
    const places = placesOf(callee)
    if (places && known.length === places.length && keywords.size === 0 && !known.some((one) => one.kind === 'unknown' && one.isSpread))
      return { kind: 'tuple', items: known, named: places }
    const result = callLibrary(py, `${callee.callee}()`, [callee, ...known], { keywords, node, scope })
    if (result) return result
  }
  const target = py.resolve(callee)
  if (target.kind === 'function') return py.callFunction(target, args, keywords, node)
  if (target.kind === 'class') {
    const object: Call = { ...opaque(py, callee.kind === 'reference' ? callee.name : (as ?? target.name), args, keywords, node), target }
    // What its `__init__` does to the world around, and to what it is given, happens now.
    const isFresh = isGivenFresh(args, keywords, node, py.file)
    if (isFresh) nowFresh(object)
    if (touches(py.file) || (!isFresh && [...args, ...keywords.values()].some((one) => isTouched(one, target)))) fieldsOf(py, object, node)
    return object
  }
  if (target.kind === 'call' && target.target?.kind === 'class') {
    const own = attribute(py, target, '__call__', node)
    if (own?.kind === 'function' && own.decorators.length === 0) return py.callFunction(own, [target, ...args], keywords, node)
  }
  if (target.kind === 'path') return calledPath(py, target.value, args, node)
  handOver(py, [...args, ...keywords.values()], { callee: written, isNamed: callee.kind === 'reference', node, scope })
  if (target.kind === 'unknown' && !(callee.kind === 'reference' && isOfDjango(callee.name))) return target
  if (target.kind === 'either') return py.unknown(node, `depends on ${target.dependsOn}`)
  const made = opaque(py, written, args, keywords, node)
  if (isGivenFresh(args, keywords, node, py.file)) nowFresh(made)
  const worth = py.host.worthOf(
    made.callee,
    args.map((arg) => py.resolve(arg)),
  )
  return worth ? { ...made, worth } : made
}

/** The names of the places of `collections.namedtuple("Name", "a b")`. */
function placesOf({ callee, args, keywords }: Call): string[] | undefined {
  const [, given, ...more] = args
  if (callee !== 'collections.namedtuple' || more.length + keywords.size > 0) return undefined
  if (given?.kind === 'string') return given.value.split(/[,\s]+/).filter(Boolean)
  const names = given && 'items' in given ? given.items.map(textOf) : []
  return names.length > 0 && names.every((name) => name !== undefined) ? names : undefined
}

/** What a library does not tell may be that it raises. */
function callLibrary(
  py: Interpreter,
  name: string,
  args: readonly Value[],
  { keywords, node, scope }: Pick<Given, 'keywords' | 'node' | 'scope'>,
): Value | undefined {
  const result = py.host.callLibrary(name, args, resolveAll(py, keywords), callerOf(py, node, scope))
  if (result?.kind === 'unknown') py.losses++
  return result
}

function callerOf(py: Interpreter, node: SyntaxNode, scope: Scope): Caller {
  const apply = (callee: Value, args: Value[]) => py.resolve(callValue(py, callee, { written: py.brief(node), args, keywords: new Map(), node, scope }))
  const refuse = (exception: string, reason: string, ancestors: readonly string[] = []): Value => {
    if (py.catching.some((clause) => isCaught({ exception, ancestors }, clause))) throw new Raised(exception, reason, py.line(node), ancestors)
    return py.unknown(node, reason)
  }
  return { file: py.file.file, line: py.line(node), isDoubtful: py.isDoubtful, apply, refuse }
}

/** `environ.Path("/srv")("apps")` is a text: `os.path.abspath(os.path.join(…))`; no other path can be called. */
function calledPath(py: Interpreter, path: string, args: readonly Value[], node: SyntaxNode): Value {
  const parts = args.map((arg) => textOf(py.resolve(arg)))
  if (!parts.every((part) => part !== undefined)) return py.unknown(node, 'this path is not evaluated')
  return callBuiltin('os.path.abspath', [string(joinPython([path, ...parts]))], new Map(), py, node) ?? py.unknown(node, 'this path is not evaluated')
}

/** What changes something that others hold as well. */
const TOUCHES = /\.(append|extend|insert|add|update|setdefault)\(|\bglobal\b|\benviron\b/

const TOUCHING = new WeakMap<ParsedFile, boolean>()

function touches(file: ParsedFile): boolean {
  const known = TOUCHING.get(file)
  if (known !== undefined) return known
  payScan(file.source.length)
  const found = TOUCHES.test(file.source)
  TOUCHING.set(file, found)
  return found
}

function isTouched(given: Value, target: ClassValue): boolean {
  return given.kind === 'names' || given.kind === 'module' || ((given.kind === 'call' || leadsOn(given)) && touches(target.file))
}

function opaque(py: Interpreter, callee: string, args: Value[], keywords: Map<string, Value>, node: SyntaxNode): Call {
  payValues(6 + args.length + keywords.size)
  if (callee !== 'compile') py.losses++
  return { kind: 'call', callee, args, keywords, line: py.line(node), node, file: py.file }
}

function nameOf(value: Value): string | undefined {
  return value.kind === 'reference' || value.kind === 'module' || value.kind === 'class' ? value.name : undefined
}

function resolveAll(py: Interpreter, keywords: ReadonlyMap<string, Value>): Map<string, Value> {
  payValues(keywords.size)
  return new Map([...keywords].map(([name, value]) => [name, py.resolve(value)]))
}

export function readArguments(py: Interpreter, node: SyntaxNode, scope: Scope): { args: Value[]; keywords: Map<string, Value> } {
  const args: Value[] = []
  const keywords = new Map<string, Value>()
  // A generator without brackets of its own is the only argument; commas in it part its targets.
  if (node.getChild('for')) return { args: [comprehension(py, node, scope)], keywords }
  for (const argument of splitByComma(childrenOf(node).slice(1, -1))) {
    const [first, second, third] = argument
    if (!first) continue
    if (first.name === '*' && second) {
      const spread = py.value(second, scope)
      if ('items' in spread) {
        payCopy(spread.items.length)
        for (const one of spread.items) args.push(one)
      } else args.push({ ...py.unknown(first, 'it spreads something that cannot be read'), isSpread: true })
    } else if (first.name === '**' && second) {
      const spread = lookedAt(py.value(second, scope))
      if (spread.kind === 'dict') payValues(spread.entries.length)
      if (spread.kind === 'dict') for (const [name, value] of spread.entries) if (name.kind === 'string') keywords.set(name.value, value)
      if (spread.kind !== 'dict') keywords.set('**', py.unknown(first, 'it spreads something that cannot be read'))
    } else if (second?.name === 'AssignOp' && third) keywords.set(py.text(first), py.expression(third, scope))
    else args.push(py.expression(first, scope))
  }
  return { args, keywords }
}
