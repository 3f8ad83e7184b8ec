import type { SyntaxNode } from '@lezer/common'
import { operate } from './alternatives.js'
import { readArguments } from './calls.js'
import { commaList } from './collections.js'
import type { Interpreter } from './interpreter.js'
import { sliceBounds } from './members.js'
import { fieldsOf } from './object-fields.js'
import { mutate, replaceEverywhere } from './mutations.js'
import { either } from './operators.js'
import { assignedIn } from './nodes.js'
import { childrenOf } from './parse.js'
import { equal, type Scope, string, truth, type Value } from './value.js'

export function assign(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  const parts = childrenOf(node)
  const operators = parts.flatMap((part, index) => (part.name === 'AssignOp' ? [index] : []))
  const lastOperator = operators.at(-1)
  // A bare annotation assigns nothing.
  if (lastOperator === undefined) return
  const value = takeOut(py, parts.slice(lastOperator + 1), scope) ?? commaList(py, parts.slice(lastOperator + 1), scope)
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

/** `X = D.pop("key")` takes the key out of D as well. */
function takeOut(py: Interpreter, parts: readonly SyntaxNode[], scope: Scope): Value | undefined {
  const [call] = parts
  if (
    parts.length !== 1 ||
    call?.name !== 'CallExpression' ||
    !/\.(pop|append|extend|insert|remove|update|setdefault|popitem|clear|add|sort)\(/.test(py.text(call))
  )
    return undefined
  const value = py.expression(call, scope)
  expressionStatement(py, call, scope)
  return value.kind === 'call' && !value.target ? undefined : value
}

export function bindTargets(py: Interpreter, targets: readonly SyntaxNode[], value: Value, scope: Scope): void {
  const names = targets.filter((target) => target.name !== ',')
  if (names.length === 1 && targets.length === 1) return bindOne(py, names[0] as SyntaxNode, value, scope)
  const known = py.resolve(value)
  names.forEach((target, index) => {
    const item = 'items' in known && known.items.length === names.length ? known.items[index] : undefined
    bindOne(py, target, item ?? py.unknown(target, 'it is unpacked from something that cannot be read'), scope)
  })
}

function bindOne(py: Interpreter, target: SyntaxNode, value: Value, scope: Scope): void {
  if (target.name === 'VariableName') scope.set(py.text(target), value)
  else if (target.name === 'MemberExpression') setMember(py, target, value, scope)
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
  if (/\bsys\.modules\b/.test(py.text(object))) return forgetAll(py, target, scope, 'sys.modules may change it')
  if (mark.name === '.') {
    const certain = py.isDoubtful ? py.unknown(target, 'it is set in a branch that may not be taken') : value
    if (container.kind === 'class' || container.kind === 'module') container.scope.set(py.text(index), certain)
    else if (container.kind === 'call' && container.target?.kind !== 'class')
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
function change(py: Interpreter, target: SyntaxNode, container: Value, changed: Value, scope: Scope): void {
  const outside = py.isDoubtful
    ? either('a branch that may not be taken', [container, changed], py.unknown(target, 'it is changed in a branch that may not be taken'))
    : changed
  if (!replaceEverywhere(py.liveScopes(scope), container, changed, outside)) bindOne(py, target, changed, scope)
}

/** After `exec`, `globals()` and the like any name may have any value. */
export function forgetAll(py: Interpreter, node: SyntaxNode, scope: Scope, reason: string): void {
  for (let current: Scope | undefined = scope; current; current = current.parent)
    for (const [name, value] of current.names)
      if ((current.isClass || /^[A-Z]/.test(name)) && value.kind !== 'class' && value.kind !== 'reference') current.names.set(name, py.unknown(node, reason))
  scope.set('*exec', py.unknown(node, reason))
}

export function update(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  const [target, operator, ...rest] = childrenOf(node)
  if (!target || !operator) return
  const before = py.value(target, scope)
  if (before.kind === 'reference' && before.name === 'sys.path') {
    const added = py.resolve(commaList(py, rest, scope))
    for (const one of 'items' in added ? added.items : []) if (one.kind === 'string' || one.kind === 'path') py.host.addPath(one.value, false)
    return
  }
  const value = operate(py, before, py.text(operator).slice(0, -1), py.resolve(commaList(py, rest, scope)), node)
  // += changes a list in place, for every name that holds it.
  if (before.kind === 'list') change(py, target, before, value, scope)
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
  const method = py.text(property)
  const written = py.expression(object, scope)
  const container = py.resolve(written)
  if (container.kind === 'reference' || container.kind === 'module') {
    const { args, keywords } = readArguments(py, argumentList, scope)
    if (/^(list|dict|set)$/.test(container.name) && args[0]) return ofType(py, node, method, args, keywords, scope)
    if (!sideEffect(py, container.name, method, args, keywords) && !include(py, node, `${container.name}.${method}`, args, scope)) py.expression(node, scope)
    return
  }
  if (container.kind === 'call' && ['globals', 'vars', 'locals'].includes(container.callee))
    return forgetAll(py, node, scope, `${container.callee}() may change it`)
  if (container.kind === 'call' || container.kind === 'class') {
    py.expression(node, scope)
    return
  }
  const { args, keywords } = readArguments(py, argumentList, scope)
  const changed = mutate(
    container,
    method,
    args.map((arg) => (arg.kind === 'reference' ? py.resolve(arg) : arg)),
    keywords,
  )
  if (changed === 'nothing' || container.kind === 'unknown') return
  change(py, object, container, changed ?? py.unknown(node, `.${method}() with something that cannot be read`), scope)
}

/** `X.append("b") if DEBUG else None`, `DEBUG and X.append("b")`, `[X.append(a) for a in b]`. */
function otherStatement(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  const parts = childrenOf(node)
  if (node.name === 'ConditionalExpression') {
    const [yes, , condition, , no] = parts
    const decided = condition && truth(py.value(condition, scope))
    if (decided === undefined) forget(py, node, scope, 'it is changed in an expression that cannot be decided')
    else if (decided ? yes : no) expressionStatement(py, (decided ? yes : no) as SyntaxNode, scope)
  } else if (node.name === 'BinaryExpression' && parts.some((part) => part.name === 'and' || part.name === 'or')) {
    const [left, operator, right] = parts
    const decided = left && truth(py.value(left, scope))
    if (decided === undefined) forget(py, node, scope, 'it is changed in an expression that cannot be decided')
    else if (decided === (operator?.name === 'and') && right) expressionStatement(py, right, scope)
  } else if (node.name === 'ParenthesizedExpression' && parts[1]) expressionStatement(py, parts[1], scope)
  else if (/ComprehensionExpression$/.test(node.name)) forget(py, node, scope, 'it is changed in a comprehension')
  else py.expression(node, scope)
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
  scope.set('__file__', string(py.file.file))
  return true
}

/** `list.append(X, "b")` */
function ofType(py: Interpreter, node: SyntaxNode, method: string, args: readonly Value[], keywords: ReadonlyMap<string, Value>, scope: Scope): void {
  const [written, ...rest] = args
  const container = py.resolve(written as Value)
  const changed = mutate(container, method, rest, keywords)
  if (changed !== 'nothing') change(py, node, container, changed ?? py.unknown(node, `.${method}() with something that cannot be read`), scope)
}

function sideEffect(py: Interpreter, name: string, method: string, given: readonly Value[], keywords: ReadonlyMap<string, Value>): boolean {
  const args = given.map((arg) => py.resolve(arg))
  const folder = args.at(-1)
  if (name === 'sys.path' && (method === 'insert' || method === 'append')) {
    if (folder?.kind === 'string' || folder?.kind === 'path') py.host.addPath(folder.value, method === 'insert')
    return true
  }
  if (name === 'os.environ' && method === 'update') {
    const given: [Value, Value][] = [
      ...(args[0]?.kind === 'dict' ? args[0].entries : []),
      ...[...keywords].map(([key, one]): [Value, Value] => [string(key), py.resolve(one)]),
    ]
    for (const [key, one] of given)
      if (key.kind === 'string') py.host.setEnvironment(key.value, one.kind === 'string' && !py.isDoubtful ? one.value : null, true)
    return true
  }
  if (name === 'os.environ' && method === 'pop' && args[0]?.kind === 'string') {
    py.host.setEnvironment(args[0].value, py.isDoubtful ? null : undefined, true)
    return true
  }
  const [variable, value] = args
  if (name === 'os.environ' && method === 'setdefault') {
    if (variable?.kind === 'string' && py.host.env[variable.value] === undefined)
      py.host.setEnvironment(variable.value, value?.kind === 'string' && !py.isDoubtful ? value.value : null)
    return true
  }
  return false
}

/** Whatever a block that cannot be followed may assign or change is unknown afterwards. */
export function forget(py: Interpreter, node: SyntaxNode, scope: Scope, reason: string): void {
  const { assigned, changed, imports } = assignedIn(node, py.file.source)
  for (const name of changed) {
    const value = scope.get(name)
    const known = value && py.resolve(value)
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

/** A container that lies in another one: `d = DATABASES["default"]`, and then d is changed. */
function replaceInside(py: Interpreter, scope: Scope, old: Value, lost: Value): void {
  replaceEverywhere(py.liveScopes(scope), old, lost, lost)
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
      if (key.kind === 'string') py.host.setEnvironment(key.value, py.isDoubtful ? null : undefined, true)
      continue
    }
    if (container.kind === 'list' && key.kind === 'number') {
      const at = key.value < 0 ? container.items.length + key.value : key.value
      change(py, object, container, { kind: 'list', items: container.items.filter((_item, position) => position !== at) }, scope)
    } else if (container.kind === 'dict')
      change(py, object, container, { kind: 'dict', entries: container.entries.filter(([name]) => equal(name, key) !== true) }, scope)
    else bindOne(py, object, py.unknown(target, 'a part of it is deleted'), scope)
  }
}

function withoutSlice(items: readonly Value[], [from, to]: [number | undefined, number | undefined]): Value[] {
  const gone = new Set(items.slice(from ?? 0, to))
  return items.filter((item) => !gone.has(item))
}
