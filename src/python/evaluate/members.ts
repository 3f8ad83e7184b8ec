import { referenceValue } from './module-attributes.js'
import type { SyntaxNode } from '@lezer/common'
import { commaList } from './collections.js'
import { mapEither } from './alternatives.js'
import { payCopy, payText } from '../budget.js'
import { classAttribute, hasMetaclass, resolutionOrder } from './class-attribute.js'
import { classAsDict } from './class-names.js'
import { anyNumber, hasGap } from './floors.js'
import { forgetAll } from './forgetting.js'
import { type Interpreter, isCaught, Raised } from './interpreter.js'
import { takeMethod } from './handing-over.js'
import { fieldOf, fieldsAsDict } from './object-fields.js'
import { callMethod } from './methods.js'
import { callBuiltin } from './builtins.js'
import { childrenOf } from '../grammar/parse.js'
import { standardAttribute, standardSubscript } from '../standard/index.js'
import { equal, keyOf } from './equality.js'
import { lookUp, placeOf } from './keys.js'
import { missingKey } from './missing-key.js'
import { nameIn } from './names.js'
import { attributeBehindSuper, isProperty } from './super-calls.js'
import { fieldOfRecord, isPlainRecord } from './records.js'
import { type Call, type ClassValue, type Scope, string, textOf, type Value } from './value.js'

/** `a.b`, `a[b]`, `a[b:c]`. */
export function member(py: Interpreter, node: SyntaxNode, scope: Scope): Value {
  const [objectNode, mark, ...rest] = childrenOf(node)
  if (!objectNode || !mark) return py.unknown(node, 'it cannot be read')
  const object = py.expression(objectNode, scope)
  if (mark.name === '.') {
    const name = py.text(rest[0] as SyntaxNode)
    takeMethod(py, py.resolve(object), name, node, scope)
    return attribute(py, object, name, node)
  }
  const inside = rest.slice(0, -1)
  const known = py.resolve(object)
  if (object.kind === 'reference' && object.name === 'sys.modules') return moduleItself(py, inside, scope, node)
  if (inside.some((part) => part.name === ':')) return slice(py, known, inside, scope, node)
  if (known.kind === 'dict' && known.missing) return itemOrNew(py, known, objectNode, py.resolve(commaList(py, inside, scope)), { node, scope })
  return subscript(py, known, py.resolve(commaList(py, inside, scope)), node)
}

/** A look into a `defaultdict` puts there what is missing. */
function itemOrNew(
  py: Interpreter,
  dict: Value & { kind: 'dict' },
  object: SyntaxNode,
  key: Value,
  { node, scope }: { node: SyntaxNode; scope: Scope },
): Value {
  const at = placeOf(dict.entries, key)
  if (at >= 0) return dict.entries[at]?.[1] as Value
  const { missing } = dict
  if (keyOf(key) === undefined || dict.entries.some(([name]) => equal(name, key) !== false)) return py.unknown(node, 'which key it is is not known')
  const made =
    missing?.kind === 'function'
      ? py.callFunction(missing, [], new Map(), node)
      : missing?.kind === 'reference'
        ? callBuiltin(missing.name, [], new Map(), py, node)
        : undefined
  const item = made ?? py.unknown(node, 'what it makes of a missing key is not known')
  py.change(object, dict, { ...dict, entries: [...dict.entries, [key, item]] }, scope)
  return item
}

/** `sys.modules[__name__]`: the module that is being read, or one that has been. */
function moduleItself(py: Interpreter, inside: readonly SyntaxNode[], scope: Scope, node: SyntaxNode): Value {
  const key = py.resolve(commaList(py, inside, scope))
  for (const live of key.kind === 'string' ? py.liveScopes(scope) : []) {
    const own = live.parent === undefined ? live.names.get('__name__') : undefined
    if (own?.kind === 'string' && own.value === textOf(key)) return { kind: 'module', name: own.value, scope: live }
  }
  const found = key.kind === 'string' ? py.host.lookUp(key.value) : undefined
  if (found?.kind === 'module') return found
  // Whoever has a module may change it; a look at one of its names does not.
  if (!/^\s*\.\s*\w+\s*(?:[),\]\n:]|$)/.test(py.file.source.slice(node.to, node.to + 120))) forgetAll(py, node, scope, 'sys.modules may change it')
  return py.unknown(node, 'this subscript is not evaluated')
}

export function attribute(py: Interpreter, object: Value, name: string, node: SyntaxNode): Value {
  switch (object.kind) {
    case 'reference':
      payText(2 * object.name.length)
      return referenceValue(`${object.name}.${name}`, py.host) ?? { kind: 'reference', name: `${object.name}.${name}` }
    case 'path': {
      const known = callMethod(object, `.${name}`, [], new Map())
      return known ?? py.unknown(node, `.${name} is not evaluated`)
    }
    case 'module':
      if (name === '__dict__') return { kind: 'names', scope: object.scope }
      return object.scope.names.get(name) ?? py.host.lookUp(`${object.name}.${name}`) ?? py.unknown(node, `${object.name} has no ${name}`)
    case 'class':
      if (name === '__name__') return string(object.name)
      if (name === '__dict__') return classAsDict(py, object, node) ?? py.unknown(node, `the names of ${object.name} are not known`)
      if (hasMetaclass(py, object)) return py.unknown(node, `what makes ${object.name} may change it`)
      return classAttribute(py, object, name) ?? py.unknown(node, `${object.name}.${name} is inherited or not set`)
    case 'call':
      return instanceAttribute(py, object, name, node)
    case 'either':
      return mapEither(py, object, (option) => attribute(py, option, name, node), node)
    case 'unknown':
      return object
    case 'tuple':
      return object.items[object.named?.indexOf(name) ?? -1] ?? py.unknown(node, `.${name} is not evaluated`)
    default:
      return py.unknown(node, `.${name} is not evaluated`)
  }
}

/** A base that was not read, a decorated one, or hooks of its own: what an object has may come from there (pydantic, NamedTuple, dataclasses). */
function isMadeByOthers(py: Interpreter, owner: ClassValue): boolean {
  if (hasMetaclass(py, owner)) return true
  return resolutionOrder(py, owner).some((ancestor) =>
    typeof ancestor === 'string'
      ? !/^object$|^(?:django|configurations)\.|(?:^|\.)(?:Enum|Flag)$/.test(ancestor)
      : HOOKS.some((hook) => ancestor.scope.names.has(hook)) || (ancestor !== owner && ancestor.decorated),
  )
}

const HOOKS = ['__post_init__', '__new__', '__getattribute__', '__init_subclass__']

/** An object of a class that was read: what `__init__` sets on self, properties, class attributes. */
function instanceAttribute(py: Interpreter, object: Call, name: string, node: SyntaxNode): Value {
  const { target } = object
  const above = object.callee === 'super' ? attributeBehindSuper(py, object, name, node) : undefined
  if (above) return above
  if (target?.kind !== 'class') return standardAttribute(object, name) ?? { kind: 'reference', name: `${object.callee}().${name}` }
  const own = fieldOf(py, object, name, node)
  if (own) return own
  if (name === '__class__') return target
  const field = fieldOfRecord(py, object, name, node)
  if (field) return field
  // A decorated class (`@dataclass`) may have made an `__init__` of its own.
  if (target.decorated && !isPlainRecord(py, target) && classAttribute(py, target, '__init__') === undefined && object.args.length + object.keywords.size > 0)
    return object.keywords.get(name) ?? py.unknown(node, `${target.name} is decorated, and what it was made with is not followed`)
  if (isMadeByOthers(py, target)) return py.unknown(node, `what ${target.name} is made of is not read whole`)
  if (name === '__dict__') return fieldsAsDict(py, object, node)
  const found = classAttribute(py, target, name)
  if (found?.kind === 'function') {
    if (isProperty(found)) return py.callFunction(found, [object], new Map(), node)
    return found
  }
  if (found) return found
  const fallback = classAttribute(py, target, '__getattr__')
  if (fallback?.kind === 'function') return py.callFunction(fallback, [object, string(name)], new Map(), node)
  return py.unknown(node, `${target.name} has no ${name} that can be read`)
}

export function subscript(py: Interpreter, object: Value, key: Value, node: SyntaxNode): Value {
  if (object.kind === 'either') return mapEither(py, object, (option) => subscript(py, option, key, node), node)
  if (object.kind === 'names') return nameIn(py, object, key, node)
  const standard = standardSubscript(py, object, key, node)
  if (standard) return standard
  if (object.kind === 'dict' && key.kind === 'string') return lookUp(object, key.value) ?? missingKey(py, node, `there is no key "${key.value}"`, key.value)
  if ('items' in object && hasGap(object.items)) return { ...py.unknown(node, 'what stands there is not known'), mayBe: [object] }
  if ('items' in object && key.kind === 'number') return object.items.at(key.value) ?? outOfRange(py, node)
  if (object.kind === 'string' && key.kind === 'number') return string(object.value.at(key.value) ?? '')
  if (object.kind === 'path') {
    const parents = callMethod(object, '.parents', [], new Map())
    if (parents && key.kind === 'number') return parents
  }
  if (object.kind === 'call' && object.target?.kind === 'class') {
    const method = attribute(py, object, '__getitem__', node)
    return method.kind === 'function' ? py.callFunction(method, [object, key], new Map(), node) : py.unknown(node, 'this subscript is not evaluated')
  }
  if (object.kind === 'reference' && object.name === 'os.environ' && key.kind === 'string') {
    const doubt = py.host.variableDoubt(key.value)
    if (doubt !== null) return py.unknown(node, doubt)
    const value = py.host.env.get(key.value)
    return value === undefined ? missingKey(py, node, `the environment has no ${key.value}, and without it Python fails here too`, key.value) : string(value)
  }
  // `connections["default"]` is one of Django's connections, as `connection` is.
  if (object.kind === 'reference' && key.kind === 'string') {
    const name = `${object.name}.${key.value}`
    return py.host.lookUp(name) ?? (/(^|\.)connections$/.test(object.name) ? { kind: 'reference', name } : py.unknown(node, 'this subscript is not evaluated'))
  }
  return object.kind === 'unknown' ? object : py.unknown(node, 'this subscript is not evaluated')
}

function outOfRange(py: Interpreter, node: SyntaxNode): Value {
  if (py.catching.some((clause) => isCaught({ exception: 'IndexError' }, clause))) throw new Raised('IndexError', 'list index out of range', py.line(node))
  return py.unknown(node, 'the index is out of range')
}

function slice(py: Interpreter, object: Value, parts: readonly SyntaxNode[], scope: Scope, node: SyntaxNode): Value {
  if (object.kind !== 'string' && !('items' in object)) return object.kind === 'unknown' ? object : py.unknown(node, 'this slice is not evaluated')
  if ('items' in object && hasGap(object.items)) return { ...object, items: [anyNumber(py.unknown(node, 'which part it is is not known'))] }
  const chosen = chosenBy(py, parts, scope)
  if (!chosen || (object.kind === 'string' && /[^\0-\x7f]/.test(object.value))) return py.unknown(node, 'this slice is not evaluated')
  if (object.kind === 'string') {
    payText(object.value.length)
    return string(chosen([...object.value]).join(''))
  }
  payCopy(object.items.length)
  return { ...object, items: chosen(object.items) }
}

/** What `from:to:step` takes of a list; null where a part of it is not known. */
function chosenBy(py: Interpreter, parts: readonly SyntaxNode[], scope: Scope): (<T>(items: readonly T[]) => T[]) | null {
  const colons = parts.flatMap((part, index) => (part.name === ':' ? [index] : []))
  const last = colons.length > 1 ? parts[(colons[1] as number) + 1] : undefined
  const step = last ? py.value(last, scope) : undefined
  if (step && (step.kind !== 'number' || step.value === 0 || !Number.isInteger(step.value))) return null
  const bounds = sliceBounds(py, colons.length > 1 ? parts.slice(0, colons[1]) : parts, scope)
  if (!bounds) return null
  const [from, to] = bounds
  const by = step?.kind === 'number' ? step.value : 1
  if (by > 0) return (items) => items.slice(from ?? 0, to).filter((_item, index) => index % by === 0)
  // Backwards only the whole.
  return from === undefined && to === undefined ? (items) => [...items].reverse().filter((_item, index) => index % -by === 0) : null
}

/** `from:to`, without a step. */
export function sliceBounds(py: Interpreter, parts: readonly SyntaxNode[], scope: Scope): [from: number | undefined, to: number | undefined] | null {
  const bounds: (Value | undefined)[] = [undefined]
  for (const part of parts) {
    if (part.name === ':') bounds.push(undefined)
    else bounds[bounds.length - 1] = py.value(part, scope)
  }
  const numbers = bounds.slice(0, 2).map((bound) => (bound?.kind === 'number' ? bound.value : bound === undefined || bound.kind === 'none' ? undefined : null))
  if (numbers.includes(null) || (bounds.length > 2 && bounds[2] !== undefined)) return null
  return numbers as [number | undefined, number | undefined]
}
