import type { SyntaxNode } from '@lezer/common'
import { payLook, payScan } from '../budget.js'
import { floorOf } from './floors.js'
import type { Interpreter } from './interpreter.js'
import { replaceEverywhere } from './holders.js'
import { forgetFields, knownFields } from './object-fields.js'
import { either } from './operators.js'
import { assignedIn } from './nodes.js'
import { type Call, leadingTo, leadsOn, Scope, type Unknown, type Value } from './value.js'

/** Whatever a block that cannot be followed may assign or change is unknown afterwards. */
export function forget(py: Interpreter, node: SyntaxNode, scope: Scope, reason: string, seen = new Set<SyntaxNode>()): void {
  const { assigned, changed, imports } = assignedIn(node, py.file.source)
  const text = py.text(node)
  if (mayWriteEnvironment(text)) py.host.forgetEnvironment(/\benviron\s*\[[^\]]{0,200}\]\s*=[^=]|\.update\(|putenv/.test(text))
  // What a function that is called in it changes of its module.
  for (const name of changed) {
    const called = scope.get(name)
    const callee = called && py.resolve(called)
    if (callee?.kind !== 'function' || seen.has(callee.node) || seen.size > 50) continue
    seen.add(callee.node)
    const inside = new Scope(callee.scope)
    const home = py.in(callee.file)
    const outer = [...home.text(callee.node).matchAll(/^[ \t]*(?:global|nonlocal)[ \t]+(.+)$/gm)].flatMap(([, names]) =>
      (names as string).split(',').map((one) => one.trim()),
    )
    forget(home, callee.node, inside, reason, seen)
    for (const one of outer) callee.scope.set(one, floorOf(home, callee.node, one, callee.scope.get(one), reason) ?? outOf(home, callee.node, inside, reason))
  }
  const { mayBe } = outOf(py, node, scope, reason)
  // Each another one: two names that are lost need not be one object.
  const unknown = (): Unknown => ({ ...py.unknown(node, reason), mayBe })
  const floors = new Map<string, Value>()
  for (const name of new Set([...changed, ...assigned])) {
    const value = scope.get(name)
    const floor = floorOf(py, node, name, value && py.resolve(value), reason)
    if (floor) floors.set(name, floor)
  }
  for (const name of changed) {
    const value = scope.get(name)
    const known = value && py.resolve(value)
    if (known && (known.kind === 'names' || (known.kind === 'module' && isPassedOn(text, name)))) forgetAll(py, node, known.scope, reason)
    else if (known && (known.kind === 'module' || known.kind === 'class')) forgetInside(py, known.scope, name, node, reason)
    else if (known?.kind === 'call') forgetObject(py, known, node, scope, reason)
    // What else holds the same object sees the change as well.
    const holders = known?.kind === 'either' ? known.options.filter(isCollection) : known && isCollection(known) ? [known] : []
    const lost = floors.get(name) ?? unknown()
    for (const one of holders) replaceInside(py, scope, one, known?.kind === 'either' ? unknown() : lost)
    if (holders.length > 0) scope.set(name, lost)
  }
  for (const name of assigned) scope.set(name, floors.get(name) ?? unknown())
  for (const name of imports) {
    if (name === '*') forgetAll(py, node, scope, reason)
    else scope.set(name, py.unknown(node, reason))
  }
  if (/\b(exec|execfile|globals|locals|vars)\s*\(/.test(py.text(node))) forgetAll(py, node, scope, reason)
}

/** Behind `environ`: what only looks at it. */
const LOOKS_AT = /^\.(?:get|items|keys|values|copy)\(|^\[[^\][\n]{0,120}\](?![ \t]*(?:[-+|*/]?=(?!=)|,|\.|\[|in\b))/

/** Whether a text sets variables; a mention of `environ` that is not surely a look at it counts. */
function mayWriteEnvironment(text: string): boolean {
  payScan(2 * text.length)
  if (/\bputenv\(/.test(text)) return true
  for (const { index } of text.matchAll(/\benviron\b/g)) {
    const rest = text.slice(index + 7, index + 140)
    const before = text.slice(Math.max(0, index - 24), index)
    const isMember = /\bin[ \t]+(?:os\.)?$/.test(before) && !/^\s*[.[(]/.test(rest)
    if (!isMember && (!LOOKS_AT.test(rest) || /\bdel\b[^\n]*$/.test(before))) return true
  }
  return false
}

/** Whatever comes out of a block that cannot be followed. */
export function outOf(py: Interpreter, node: SyntaxNode, scope: Scope, reason: string): Unknown & { mayBe: readonly Value[] } {
  return { ...py.unknown(node, reason), mayBe: mentioned(py, node, scope) }
}

/** What a block names, and what a function names that it calls: whatever comes out of it may be one of these, or have it inside. */
function mentioned(py: Interpreter, node: SyntaxNode, scope: Scope, seen = new Set<SyntaxNode>()): Value[] {
  seen.add(node)
  const found: Value[] = []
  for (const [name] of py.text(node).matchAll(/(?<![\w.])[a-zA-Z_]\w*/g)) {
    payLook(8)
    const value = scope.get(name)
    if (value?.kind === 'function' && !seen.has(value.node) && seen.size <= 50) found.push(...mentioned(py.in(value.file), value.node, value.scope, seen))
    else if (value && leadsOn(value)) found.push(value)
  }
  return leadingTo(found)
}

/** `base.A.append(x)`, `C.x = y`: what is written of the module or class is lost. */
function forgetInside(py: Interpreter, inside: Scope, name: string, node: SyntaxNode, reason: string): void {
  for (const [, attribute] of py.text(node).matchAll(new RegExp(`\\b${name}\\.(\\w+)`, 'g')))
    if (inside.names.has(attribute as string)) {
      const old = inside.names.get(attribute as string) as Value
      if (old.kind !== 'function' && old.kind !== 'class') inside.set(attribute as string, py.unknown(node, reason))
    }
  py.host.forgetLookUps()
}

function isCollection(value: Value): boolean {
  return 'items' in value || value.kind === 'dict'
}

/** An object whose methods are called, or that is passed on: neither its fields nor what they hold are the same afterwards. */
function forgetObject(py: Interpreter, object: Call, node: SyntaxNode, scope: Scope, reason: string): void {
  const lost = py.unknown(node, reason)
  for (const field of knownFields(object)) {
    if (field.kind === 'names' || field.kind === 'module') forgetAll(py, node, field.scope, reason)
    else if (field.kind === 'list' || field.kind === 'set' || field.kind === 'dict') replaceInside(py, scope, field, lost)
  }
  forgetFields(object, lost)
}

/** `apply(base)`: whoever gets the module may change anything of it. */
function isPassedOn(text: string, name: string): boolean {
  return new RegExp(`[(,=]\\s*${name}\\s*[,)]`).test(text)
}

/** A container that lies in another one: `d = DATABASES["default"]`, and then d is changed. */
function replaceInside(py: Interpreter, scope: Scope, old: Value, lost: Value): void {
  replaceEverywhere(py.liveScopes(scope), old, lost, lost)
  py.host.forgetLookUps()
}

/** A list that may be another one: what it was is still the best that is known of it. */
function inDoubt(value: Value, reason: string, lost: Unknown): Value {
  if (value.kind === 'either' && value.options.some((one) => one.kind === 'list' || one.kind === 'tuple'))
    return value.options.some((one) => one.kind === 'unknown') ? value : either(value.dependsOn, [...value.options, lost], lost)
  return value.kind === 'list' || value.kind === 'tuple' ? either(reason, [value, lost], lost) : lost
}

/** After `exec`, `globals()` and the like any name may have any value. */
export function forgetAll(py: Interpreter, node: SyntaxNode, scope: Scope, reason: string): void {
  for (let current: Scope | undefined = scope; current; current = current.parent) {
    payLook(8 * current.names.size)
    for (const [name, value] of current.names)
      if (!name.startsWith('__') && value.kind !== 'class' && value.kind !== 'reference' && value.kind !== 'function')
        current.names.set(name, inDoubt(value, reason, py.unknown(node, reason)))
  }
  scope.set('*exec', py.unknown(node, reason))
}
