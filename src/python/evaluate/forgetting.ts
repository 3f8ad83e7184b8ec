import type { SyntaxNode } from '@lezer/common'
import { payLook } from '../budget.js'
import { floorOf } from './floors.js'
import type { Interpreter } from './interpreter.js'
import { replaceEverywhere } from './holders.js'
import { assignedIn } from './nodes.js'
import { Scope, type Value } from './value.js'

/** Whatever a block that cannot be followed may assign or change is unknown afterwards. */
export function forget(py: Interpreter, node: SyntaxNode, scope: Scope, reason: string, seen = new Set<SyntaxNode>()): void {
  const { assigned, changed, imports } = assignedIn(node, py.file.source)
  const text = py.text(node)
  if (/\benviron\b|\bputenv\(/.test(text)) py.host.forgetEnvironment(/\benviron\s*\[[^\]]{0,200}\]\s*=[^=]|\.update\(|putenv/.test(text))
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
    for (const one of outer) callee.scope.set(one, floorOf(home, callee.node, one, callee.scope.get(one), reason) ?? py.unknown(node, reason))
  }
  const floors = new Map<string, Value>()
  for (const name of new Set([...changed, ...assigned])) {
    const value = scope.get(name)
    const floor = floorOf(py, node, name, value && py.resolve(value), reason)
    if (floor) floors.set(name, floor)
  }
  for (const name of changed) {
    const value = scope.get(name)
    const known = value && py.resolve(value)
    if (known && (known.kind === 'module' || known.kind === 'class')) forgetInside(py, known.scope, name, node, reason)
    // What else holds the same object sees the change as well.
    if (known && ('items' in known || known.kind === 'dict')) {
      const lost = floors.get(name) ?? py.unknown(node, reason)
      replaceInside(py, scope, known, lost)
      scope.set(name, lost)
    }
  }
  for (const name of assigned) scope.set(name, floors.get(name) ?? py.unknown(node, reason))
  for (const name of imports) {
    if (name === '*') forgetAll(py, node, scope, reason)
    else scope.set(name, py.unknown(node, reason))
  }
  if (/\b(exec|execfile|globals|locals|vars)\s*\(/.test(py.text(node))) forgetAll(py, node, scope, reason)
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

/** A container that lies in another one: `d = DATABASES["default"]`, and then d is changed. */
function replaceInside(py: Interpreter, scope: Scope, old: Value, lost: Value): void {
  replaceEverywhere(py.liveScopes(scope), old, lost, lost)
  py.host.forgetLookUps()
}

/** After `exec`, `globals()` and the like any name may have any value. */
export function forgetAll(py: Interpreter, node: SyntaxNode, scope: Scope, reason: string): void {
  for (let current: Scope | undefined = scope; current; current = current.parent) {
    payLook(8 * current.names.size)
    for (const [name, value] of current.names)
      if (!name.startsWith('__') && value.kind !== 'class' && value.kind !== 'reference' && value.kind !== 'function')
        current.names.set(name, py.unknown(node, reason))
  }
  scope.set('*exec', py.unknown(node, reason))
}
