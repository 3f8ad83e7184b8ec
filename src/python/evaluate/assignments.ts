import type { SyntaxNode } from '@lezer/common'
import { operate } from './alternatives.js'
import { anyNumber, hasGap } from './floors.js'
import { payCopy, payLook, payValues } from '../budget.js'
import { commaList } from './collections.js'
import type { Interpreter } from './interpreter.js'
import { sliceBounds } from './members.js'
import { setOfModule } from './get-attribute.js'
import { fieldsOf, forgetFields } from './object-fields.js'
import { sideEffect } from './effects.js'
import { forgetAll } from './forgetting.js'
import { loseSight } from './handing-over.js'
import { replaceEverywhere } from './holders.js'
import { either } from './operators.js'
import { childrenOf } from '../grammar/parse.js'
import { placeOf } from './keys.js'
import { namesMethod, setName } from './names.js'
import { type Call, isMutable, leadingTo, type Scope, type Value } from './value.js'

export function assign(py: Interpreter, node: SyntaxNode, scope: Scope): void {
  const parts = childrenOf(node)
  const operators = parts.flatMap((part, index) => (part.name === 'AssignOp' ? [index] : []))
  const lastOperator = operators.at(-1)
  // A bare annotation assigns nothing.
  if (lastOperator === undefined) return
  const value = commaList(py, parts.slice(lastOperator + 1), scope)
  const right = parts.slice(lastOperator + 1)
  if (right.some((part) => HANDS_OVER.test(py.text(part)))) forgetAll(py, node, scope, 'its names are handed to other code')
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

const HANDS_OVER = /\bexec(file)?\s*\(/

export function bindTargets(py: Interpreter, targets: readonly SyntaxNode[], value: Value, scope: Scope): void {
  const names = targets.filter((target) => target.name !== ',')
  if (names.length === 1 && targets.length === 1) return bindOne(py, names[0] as SyntaxNode, value, scope)
  const known = py.resolve(value)
  payValues(names.length)
  const starred = names.findIndex((target) => target.name === '*')
  if (starred >= 0) return bindStarred(py, names, starred, known, scope)
  names.forEach((target, index) => {
    const item = 'items' in known && known.items.length === names.length && !hasGap(known.items) ? known.items[index] : undefined
    bindOne(py, target, item ?? py.unknown(target, 'it is unpacked from something that cannot be read'), scope)
  })
}

/** `first, *rest = …` (language reference 7.2). */
function bindStarred(py: Interpreter, names: readonly SyntaxNode[], at: number, known: Value, scope: Scope): void {
  const targets = names.filter((_target, index) => index !== at)
  const items = 'items' in known && known.items.length >= targets.length - 1 && !hasGap(known.items) ? known.items : undefined
  const after = targets.length - at - 1
  targets.forEach((target, index) => {
    const lost = py.unknown(target, 'it is unpacked from something that cannot be read')
    if (!items) return bindOne(py, target, lost, scope)
    if (index === at) return bindOne(py, target, { kind: 'list', items: items.slice(at, items.length - after) }, scope)
    bindOne(py, target, items[index < at ? index : items.length - (targets.length - index)] ?? lost, scope)
  })
}

export function bindOne(py: Interpreter, target: SyntaxNode, value: Value, scope: Scope): void {
  if (target.name === 'VariableName') {
    const name = py.text(target)
    const before = scope.elsewhere?.has(name) && py.mayHaveEnded ? scope.get(name) : undefined
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
  if (container.kind === 'names' && mark.name !== '.') {
    const name = py.value(index, scope)
    if (name.kind === 'string') setName(py, container.scope, name.value, value, target, scope)
    else forgetAll(py, target, container.scope, 'a name that is set is not known')
    return
  }
  if ((container.kind === 'reference' && container.name === 'sys.path') || (mark.name === '.' && py.text(target) === 'sys.path')) return setPath(py, value)
  const isEntry = mark.name !== '.' && container.kind === 'reference' && container.name === 'sys.modules'
  if (mark.name === '.') {
    const certain = py.isDoubtful ? py.unknown(target, 'it is set in a branch that may not be taken') : value
    if (container.kind === 'class' || container.kind === 'module') {
      container.scope.set(py.text(index), py.mayHaveEnded ? certain : value)
      py.host.forgetLookUps()
    } else if (container.kind === 'call' && container.target?.kind !== 'class')
      change(py, object, container, py.unknown(target, `.${py.text(index)} of it is set`), scope)
    else if (container.kind === 'call' && py.text(index) === '__dict__') setFields(py, container, certain, target)
    else if (container.kind === 'call') fieldsOf(py, container, target).set(py.text(index), certain)
    else if (container.kind === 'reference') setOfModule(py, container.name, py.text(index), certain)
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
  if (container.kind === 'unknown') return loseSight(py, container, { callee: py.brief(target), node: target, scope })
  if (isEntry) {
    if (key.kind !== 'string' || !py.host.replaceModule(key.value, py.file.file)) forgetAll(py, target, scope, 'sys.modules may change it')
    return
  }
  if (container.kind === 'call') return forgetAll(py, target, scope, `${container.callee}() may change it`)
  const changed = (one: Value) => withEntry(py, one, key, value, target)
  change(
    py,
    object,
    container,
    container.kind === 'either' ? { kind: 'either', dependsOn: container.dependsOn, options: container.options.map(changed) } : changed(container),
    scope,
  )
}

/** A dict or a list with another value under a key; what is put into something that is not known may come out of it again. */
function withEntry(py: Interpreter, container: Value, key: Value, value: Value, target: SyntaxNode): Value {
  const lost = (reason: string): Value => ({ ...py.unknown(target, reason), mayBe: leadingTo([...contentsOf(container), value]) })
  if (container.kind === 'dict') {
    if (['unknown', 'either', 'call', 'reference'].includes(key.kind)) return lost('a key of it is not known')
    const at = placeOf(container.entries, key)
    payCopy(container.entries.length)
    return { ...container, entries: at < 0 ? [...container.entries, [key, value]] : container.entries.with(at, [key, value]) }
  }
  const gap = container.kind === 'list' ? container.items.findIndex((item) => hasGap([item])) : -1
  if (container.kind === 'list' && key.kind === 'number' && (gap < 0 || (key.value >= 0 && key.value < gap))) {
    const at = key.value < 0 ? container.items.length + key.value : key.value
    payCopy(container.items.length)
    return { kind: 'list', items: container.items.map((item, position) => (position === at ? value : item)) }
  }
  return lost('it is changed in a way that cannot be read')
}

/** `self.__dict__.update(…)` */
function setFields(py: Interpreter, object: Call, value: Value, node: SyntaxNode): void {
  const fields = fieldsOf(py, object, node)
  if (value.kind !== 'dict') return forgetFields(object, py.unknown(node, '__dict__ is changed in a way that cannot be read'))
  fields.clear()
  for (const [name, field] of value.entries) if (name.kind === 'string') fields.set(name.value, field)
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
  const lost = py.unknown(target, 'a slice of it is changed in a way that cannot be read')
  // Of what is put in only the place is known: the rest of the list stays what it is.
  const items = 'items' in given ? given.items : [anyNumber(given.kind === 'unknown' ? given : lost)]
  const replaced = (one: Value): Value => {
    const place = one.kind === 'list' && bounds ? placeIn(one.items, bounds) : undefined
    if (one.kind !== 'list' || !place) return lost
    payCopy(one.items.length + items.length)
    return { kind: 'list', items: [...one.items.slice(0, place[0]), ...items, ...one.items.slice(place[1])] }
  }
  const changed: Value =
    container.kind === 'either' ? { kind: 'either', dependsOn: container.dependsOn, options: container.options.map(replaced) } : replaced(container)
  change(py, object, container, changed, scope)
}

/** Where a slice begins and ends; undefined where that depends on how many there are, and that is not known. */
function placeIn(items: readonly Value[], [first, last]: readonly [number | undefined, number | undefined]): [from: number, to: number] | undefined {
  const gap = items.findIndex((item) => hasGap([item]))
  const at = (bound: number | undefined, fallback: number) => (bound === undefined ? fallback : bound < 0 ? Math.max(0, items.length + bound) : bound)
  const from = at(first, 0)
  const to = Math.max(from, at(last, items.length))
  const isTold = (bound: number | undefined) => bound === undefined || (bound >= 0 && bound <= gap)
  return gap < 0 || (isTold(first) && isTold(last)) ? [from, to] : undefined
}

/** Other names may hold the same object: in Python they would see the change. */
export function change(py: Interpreter, target: SyntaxNode, container: Value, made: Value, scope: Scope): void {
  const changed: Value = made.kind === 'unknown' ? { ...made, mayBe: leadingTo([made, ...contentsOf(container)]) } : made
  const outside = py.mayHaveEnded
    ? either('a branch that may not be taken', [container, changed], py.unknown(target, 'it is changed in a branch that may not be taken'))
    : changed
  if (!replaceEverywhere(py.liveScopes(scope), container, changed, outside) && target.name !== 'CallExpression') bindOne(py, target, changed, scope)
  if (container.kind === 'either') changeOptions(py, target, container, changed, scope)
  py.host.forgetLookUps()
}

function contentsOf(container: Value): Value[] {
  payLook('items' in container ? container.items.length : 1)
  if (container.kind === 'either') return container.options.flatMap(contentsOf)
  if (container.kind === 'unknown') return [container]
  return 'items' in container ? container.items : container.kind === 'dict' ? container.entries.map(([, value]) => value) : []
}

/** What is one of several objects is changed: each of them may be, for whoever holds it. */
function changeOptions(py: Interpreter, target: SyntaxNode, { options }: Value & { kind: 'either' }, changed: Value, scope: Scope): void {
  const after = changed.kind === 'either' && changed.options.length === options.length ? changed.options : undefined
  options.forEach((option, index) => {
    const now = after?.[index]
    if (!isMutable(option) || now === option) return
    const lost = py.unknown(target, 'it is one of those that are changed')
    const doubtful = either('which of them is changed', [option, now ?? lost], lost)
    replaceEverywhere(py.liveScopes(scope), option, doubtful, doubtful)
  })
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
  if (before.kind === 'names') {
    const args = [commaList(py, rest, scope)]
    namesMethod(py, before, { method: py.text(operator) === '|=' ? 'update' : py.text(operator), args, keywords: new Map(), node, scope })
    return
  }
  if (before.kind === 'unknown') loseSight(py, before, { callee: py.brief(node), node, scope })
  const value = operate(py, before, py.text(operator).slice(0, -1), py.resolve(commaList(py, rest, scope)), node)
  // += changes a list in place, |= and its kin a set or a dict, for every name that holds it.
  if (isMutable(before) || (before.kind === 'either' && before.options.some(isMutable))) change(py, target, before, value, scope)
  else bindOne(py, target, value, scope)
}
