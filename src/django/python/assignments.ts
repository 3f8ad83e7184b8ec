import type { SyntaxNode } from '@lezer/common'
import { operate } from './alternatives.js'
import { readArguments } from './calls.js'
import { commaList } from './collections.js'
import type { Interpreter } from './interpreter.js'
import { missingKey, sliceBounds } from './members.js'
import { fieldsOf } from './object-fields.js'
import { sideEffect } from './effects.js'
import { mutate, replaceEverywhere } from './mutations.js'
import { either } from './operators.js'
import { assignedIn } from './nodes.js'
import { childrenOf } from './parse.js'
import { equal, Scope, type Value } from './value.js'

export function assign(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  const parts = childrenOf(node)
  const operators = parts.flatMap((part, index) => (part.name === 'AssignOp' ? [index] : []))
  const lastOperator = operators.at(-1)
  // A bare annotation assigns nothing.
  if (lastOperator === undefined) return
  const value = commaList(py, parts.slice(lastOperator + 1), scope)
  const right = parts.slice(lastOperator + 1)
  if (right.some((part) => /\b(globals|locals|vars)\s*\(\s*\)|\bexec(file)?\s*\(|\bsys\.modules\s*\[/.test(py.text(part))))
    forgetAll(py, node, scope, 'its names are handed to other code')
  let from = 0
  for (const operator of operators) {
    bindTargets(
      py,
      parts.slice(from, operator).filter((part) => part.name !== 'TypeDef'),
      value,
      scope,
    )
    from = operator + 1
  }
}

export function bindTargets(py: Interpreter, targets: readonly SyntaxNode[], value: Value, scope: Scope): void {
  const names = targets.filter((target) => target.name !== ',')
  if (names.length === 1 && targets.length === 1) return bindOne(py, names[0] as SyntaxNode, value, scope)
  const known = py.resolve(value)
  const starred = names.findIndex((target) => target.name === '*')
  if (starred >= 0) return bindStarred(py, names, starred, known, scope)
  names.forEach((target, index) => {
    const item = 'items' in known && known.items.length === names.length ? known.items[index] : undefined
    bindOne(py, target, item ?? py.unknown(target, 'it is unpacked from something that cannot be read'), scope)
  })
}

/** `first, *rest = …` (language reference 7.2). */
function bindStarred(py: Interpreter, names: readonly SyntaxNode[], at: number, known: Value, scope: Scope): void {
  const targets = names.filter((_target, index) => index !== at)
  const items = 'items' in known && known.items.length >= targets.length - 1 ? known.items : undefined
  const after = targets.length - at - 1
  targets.forEach((target, index) => {
    const lost = py.unknown(target, 'it is unpacked from something that cannot be read')
    if (!items) return bindOne(py, target, lost, scope)
    if (index === at) return bindOne(py, target, { kind: 'list', items: items.slice(at, items.length - after) }, scope)
    bindOne(py, target, items[index < at ? index : items.length - (targets.length - index)] ?? lost, scope)
  })
}

function bindOne(py: Interpreter, target: SyntaxNode, value: Value, scope: Scope): void {
  if (target.name === 'VariableName') {
    const name = py.text(target)
    const before = scope.elsewhere?.has(name) && py.isDoubtful ? scope.get(name) : undefined
    scope.set(
      name,
      before ? either('a branch that may not be taken', [before, value], py.unknown(target, 'it is set in a branch that may not be taken')) : value,
    )
  } else if (target.name === 'MemberExpression') setMember(py, target, value, scope)
  else if (target.name === 'TupleExpression' || target.name === 'ArrayExpression' || target.name === 'ParenthesizedExpression')
    bindTargets(
      py,
      childrenOf(target).filter((part) => !'()[]'.includes(part.name)),
      value,
      scope,
    )
}

/** `D["x"]["y"] = v`: values are immutable, so whatever holds the old container gets the changed one. */
function setMember(py: Interpreter, target: SyntaxNode, value: Value, scope: Scope): void {
  const [object, mark, ...inside] = childrenOf(target)
  const [index] = inside
  if (!object || !mark || !index) return
  const container = py.value(object, scope)
  if ((container.kind === 'reference' && container.name === 'sys.path') || (mark.name === '.' && py.text(target) === 'sys.path')) return setPath(py, value)
  if (/\bsys\.modules\b/.test(py.text(object))) return forgetAll(py, target, scope, 'sys.modules may change it')
  if (mark.name === '.') {
    const certain = py.isDoubtful ? py.unknown(target, 'it is set in a branch that may not be taken') : value
    if (container.kind === 'class' || container.kind === 'module') {
      container.scope.set(py.text(index), certain)
      py.host.forgetLookUps()
    } else if (container.kind === 'call' && container.target?.kind !== 'class')
      change(py, object, container, py.unknown(target, `.${py.text(index)} of it is set`), scope)
    else if (container.kind === 'call') fieldsOf(py, container, target).set(py.text(index), certain)
    else if (container.kind === 'reference' && container.name === 'django.conf.settings') py.host.setSetting(py.text(index), certain)
    return
  }
  if (inside.some((part) => part.name === ':')) return setSlice(py, target, object, inside.slice(0, -1), value, scope)
  const key = py.value(index, scope)
  if (container.kind === 'reference' && container.name === 'os.environ') {
    const known = value.kind === 'reference' ? py.resolve(value) : value
    if (key.kind === 'string') py.host.setEnvironment(key.value, known.kind === 'string' && !py.isDoubtful ? known.value : null, true)
    else py.host.forgetEnvironment(true)
    return
  }
  // What is unknown stays so for its own reason.
  if (container.kind === 'unknown') return
  if (container.kind === 'reference' && container.name === 'sys.modules') return forgetAll(py, target, scope, 'sys.modules may change it')
  if (container.kind === 'call') return forgetAll(py, target, scope, `${container.callee}() may change it`)
  let changed: Value = py.unknown(target, 'it is changed in a way that cannot be read')
  if (container.kind === 'dict' && ['unknown', 'either', 'call', 'reference'].includes(key.kind)) {
    changed = py.unknown(target, 'a key of it is not known')
  } else if (container.kind === 'dict') {
    const at = container.entries.findIndex(([name]) => equal(name, key) === true)
    changed = { kind: 'dict', entries: at < 0 ? [...container.entries, [key, value]] : container.entries.with(at, [key, value]) }
  } else if (container.kind === 'list' && key.kind === 'number') {
    const at = key.value < 0 ? container.items.length + key.value : key.value
    changed = { kind: 'list', items: container.items.map((item, position) => (position === at ? value : item)) }
  }
  change(py, object, container, changed, scope)
}

/** `sys.path = [x] + sys.path`, `sys.path[0:0] = [x]`: what is not there yet may lie in a folder that is not known. */
function setPath(py: Interpreter, value: Value): void {
  const known = py.resolve(value)
  for (const one of 'items' in known ? known.items : []) if (one.kind === 'string' || one.kind === 'path') py.host.addPath(one.value, true)
  py.host.forgetPath()
}

/** `INSTALLED_APPS[2:2] = ["x"]` */
function setSlice(py: Interpreter, target: SyntaxNode, object: SyntaxNode, parts: readonly SyntaxNode[], value: Value, scope: Scope): void {
  const container = py.value(object, scope)
  const bounds = sliceBounds(py, parts, scope)
  const given = py.resolve(value)
  let changed: Value = py.unknown(target, 'a slice of it is changed in a way that cannot be read')
  if (container.kind === 'list' && bounds && 'items' in given) {
    const at = (bound: number | undefined, fallback: number) =>
      bound === undefined ? fallback : bound < 0 ? Math.max(0, container.items.length + bound) : bound
    const from = at(bounds[0], 0)
    const to = Math.max(from, at(bounds[1], container.items.length))
    changed = { kind: 'list', items: [...container.items.slice(0, from), ...given.items, ...container.items.slice(to)] }
  }
  change(py, object, container, changed, scope)
}

/** Other names may hold the same object: in Python they would see the change. */
export function change(py: Interpreter, target: SyntaxNode, container: Value, changed: Value, scope: Scope): void {
  const outside = py.isDoubtful
    ? either('a branch that may not be taken', [container, changed], py.unknown(target, 'it is changed in a branch that may not be taken'))
    : changed
  // The names of a branch are a copy; those around an expression are not.
  const inside = py.isUncopied ? outside : changed
  if (!replaceEverywhere(py.liveScopes(scope), container, inside, outside) && target.name !== 'CallExpression') bindOne(py, target, inside, scope)
  py.host.forgetLookUps()
}

/** After `exec`, `globals()` and the like any name may have any value. */
export function forgetAll(py: Interpreter, node: SyntaxNode, scope: Scope, reason: string): void {
  for (let current: Scope | undefined = scope; current; current = current.parent)
    for (const [name, value] of current.names)
      if (!name.startsWith('__') && value.kind !== 'class' && value.kind !== 'reference' && value.kind !== 'function')
        current.names.set(name, py.unknown(node, reason))
  scope.set('*exec', py.unknown(node, reason))
}

export function update(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  const [target, operator, ...rest] = childrenOf(node)
  if (!target || !operator) return
  const before = py.value(target, scope)
  if (before.kind === 'reference' && before.name === 'sys.path') {
    const added = py.resolve(commaList(py, rest, scope))
    sideEffect(py, 'sys.path', 'extend', [added], new Map())
    return
  }
  if (before.kind === 'reference' && before.name === 'os.environ') {
    const added = py.resolve(commaList(py, rest, scope))
    sideEffect(py, 'os.environ', 'update', [added], new Map())
    return
  }
  const value = operate(py, before, py.text(operator).slice(0, -1), py.resolve(commaList(py, rest, scope)), node)
  // += changes a list in place, |= and its kin a set or a dict, for every name that holds it.
  if (before.kind === 'list' || before.kind === 'set' || before.kind === 'dict') change(py, target, before, value, scope)
  else bindOne(py, target, value, scope)
}

const FORGETFUL = ['exec', 'execfile', 'globals', 'vars', 'locals']

/** `INSTALLED_APPS.append("x")`, `sys.path.insert(0, x)`, `os.environ.setdefault(…)`, `include("base.py")`. */
export function expressionStatement(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  if (node.name !== 'CallExpression') return otherStatement(py, node, scope)
  const [callee, argumentList] = childrenOf(node)
  if (/\b(globals|locals|vars)\s*\(|\bsys\.modules\b/.test(py.text(node))) return forgetAll(py, node, scope, 'its names are handed to other code')
  if (callee?.name === 'VariableName') {
    const name = py.text(callee)
    const meant = py.expression(callee, scope)
    if (FORGETFUL.includes(name)) forgetAll(py, node, scope, `${name}() may change it`)
    else if (name === 'setattr') {
      const done = py.expression(node, scope)
      if (done.kind !== 'none') forgetAll(py, node, scope, 'setattr() may change it')
    } else if (meant.kind !== 'reference' || !argumentList || !include(py, node, meant.name, readArguments(py, argumentList, scope).args, scope))
      py.expression(node, scope)
    return
  }
  if (callee?.name !== 'MemberExpression' || !argumentList) return
  const [object, , property] = childrenOf(callee)
  if (!object || property?.name !== 'PropertyName') return
  // What is called on the result of a call is evaluated once.
  if (object.name === 'CallExpression' && !/^(globals|vars|locals)\(/.test(py.text(object))) return void py.expression(node, scope)
  const method = py.text(property)
  const written = py.expression(object, scope)
  const container = py.resolve(written)
  if (container.kind === 'reference' || container.kind === 'module') {
    const { args, keywords } = readArguments(py, argumentList, scope)
    if (/^(list|dict|set)$/.test(container.name) && args[0]) return ofType(py, node, method, args, keywords, scope)
    if (!sideEffect(py, container.name, method, args, keywords).done && !include(py, node, `${container.name}.${method}`, args, scope))
      py.expression(node, scope)
    return
  }
  if (container.kind === 'call' && ['globals', 'vars', 'locals'].includes(container.callee))
    return forgetAll(py, node, scope, `${container.callee}() may change it`)
  py.expression(node, scope)
}

/** `X.append("b") if DEBUG else None`, `DEBUG and X.append("b")`, `[X.append(a) for a in b]`. */
function otherStatement(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  const value = py.expression(node, scope)
  if (/ComprehensionExpression$/.test(node.name) && value.kind === 'unknown') forget(py, node, scope, 'it is changed in a comprehension')
}

/** split-settings: `include("base.py", optional("local.py"))` runs the files in the names of this one. */
function include(py: Interpreter, node: SyntaxNode, name: string, args: readonly Value[], scope: Scope): boolean {
  const files = py.host.includes(
    name,
    args.map((arg) => py.resolve(arg)),
    py.file.file,
  )
  if (files === null) return false
  if (files === 'unknown') {
    forgetAll(py, node, scope, 'what include() brings cannot be followed')
    return true
  }
  for (const file of files) py.host.runIn(file, scope)
  return true
}

/** `list.append(X, "b")` */
function ofType(py: Interpreter, node: SyntaxNode, method: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>, scope: Scope): void {
  const [written, ...rest] = args
  const container = py.resolve(written as Value)
  const changed = mutate(container, method, rest, keywords)
  if (changed !== 'nothing') change(py, node, container, changed ?? py.unknown(node, `.${method}() with something that cannot be read`), scope)
}

/** Whatever a block that cannot be followed may assign or change is unknown afterwards. */
export function forget(py: Interpreter, node: SyntaxNode, scope: Scope, reason: string, seen = new Set<SyntaxNode>()): void {
  const { assigned, changed, imports } = assignedIn(node, py.file.source)
  const text = py.text(node)
  if (/\benviron\b|\bputenv\(/.test(text)) py.host.forgetEnvironment(/\benviron\s*\[[^\]]*\]\s*=[^=]|\.update\(|putenv/.test(text))
  // What a function that is called in it changes of its module.
  for (const name of changed) {
    const called = scope.get(name)
    const callee = called && py.resolve(called)
    if (callee?.kind !== 'function' || seen.has(callee.node) || seen.size > 50) continue
    seen.add(callee.node)
    const inside = new Scope(callee.scope)
    const home = py.in(callee.file)
    const outer = [...home.text(callee.node).matchAll(/^\s*(?:global|nonlocal)\s+(.+)$/gm)].flatMap(([, names]) =>
      (names as string).split(',').map((one) => one.trim()),
    )
    forget(home, callee.node, inside, reason, seen)
    for (const one of outer) callee.scope.set(one, py.unknown(node, reason))
  }
  for (const name of changed) {
    const value = scope.get(name)
    const known = value && py.resolve(value)
    if (known && (known.kind === 'module' || known.kind === 'class')) forgetInside(py, known.scope, name, node, reason)
    // What else holds the same object sees the change as well.
    if (known && ('items' in known || known.kind === 'dict')) {
      const lost = py.unknown(node, reason)
      replaceInside(py, scope, known, lost)
      scope.set(name, lost)
    }
  }
  for (const name of assigned) scope.set(name, py.unknown(node, reason))
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

export function deleteTargets(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  for (const target of childrenOf(node).slice(1)) {
    if (target.name === 'VariableName') scope.names.delete(py.text(target))
    if (target.name !== 'MemberExpression') continue
    const [object, bracket, ...inside] = childrenOf(target)
    const [index] = inside
    if (!object || !index || bracket?.name !== '[') continue
    const container = py.value(object, scope)
    if (inside.some((part) => part.name === ':')) {
      const bounds = sliceBounds(py, inside.slice(0, -1), scope)
      const rest = container.kind === 'list' && bounds ? withoutSlice(container.items, bounds) : undefined
      change(py, object, container, rest ? { kind: 'list', items: rest } : py.unknown(target, 'a slice of it is deleted'), scope)
      continue
    }
    const key = py.value(index, scope)
    if (container.kind === 'reference' && container.name === 'os.environ') {
      if (key.kind === 'string' && !py.host.isEnvironmentUnknown(key.value) && py.host.env[key.value] === undefined)
        missingKey(py, target, `the environment has no ${key.value}`, key.value)
      if (key.kind === 'string') py.host.setEnvironment(key.value, py.isDoubtful ? null : undefined, true)
      continue
    }
    if (container.kind === 'list' && key.kind === 'number') {
      const at = key.value < 0 ? container.items.length + key.value : key.value
      change(py, object, container, { kind: 'list', items: container.items.filter((_item, position) => position !== at) }, scope)
    } else if (container.kind === 'dict' && container.entries.some(([name]) => equal(name, key) === undefined)) {
      change(py, object, container, py.unknown(target, 'a key that is not known is deleted'), scope)
    } else if (container.kind === 'dict') {
      if (key.kind === 'string' && container.entries.every(([name]) => equal(name, key) === false))
        missingKey(py, target, `there is no key "${key.value}"`, key.value)
      change(py, object, container, { kind: 'dict', entries: container.entries.filter(([name]) => equal(name, key) !== true) }, scope)
    } else bindOne(py, object, py.unknown(target, 'a part of it is deleted'), scope)
  }
}

function withoutSlice(items: readonly Value[], [from, to]: [number | undefined, number | undefined]): Value[] {
  const at = (bound: number | undefined, fallback: number) => (bound === undefined ? fallback : bound < 0 ? Math.max(0, items.length + bound) : bound)
  const start = at(from, 0)
  return [...items.slice(0, start), ...items.slice(Math.max(start, at(to, items.length)))]
}
