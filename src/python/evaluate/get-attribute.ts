import type { SyntaxNode } from '@lezer/common'
import { classAttribute, hasMetaclass, resolutionOrder } from './class-attribute.js'
import type { Interpreter } from './interpreter.js'
import { fieldOf, fieldsOf } from './object-fields.js'
import { starIn } from './stars.js'
import { type ClassValue, NONE, type Value } from './value.js'

/** `getattr(settings, "X", default)`, and of classes and modules that were read. */
export function getAttribute(py: Interpreter, args: readonly Value[], node: SyntaxNode): Value | undefined {
  const [object, name, fallback] = args
  if (!object || name?.kind !== 'string') return undefined
  if (object.kind === 'reference') {
    if (object.name === 'django.conf.settings') return py.host.setting(name.value) ?? fallback
    const found = py.host.lookUp(`${object.name}.${name.value}`)
    if (!found && fallback && lacks(py, object.name, name.value)) return fallback
    return (
      found ??
      (fallback === undefined && /^django\.db\.(migrations|models)$/.test(object.name)
        ? { kind: 'reference', name: `${object.name}.${name.value}` }
        : undefined)
    )
  }
  if (object.kind === 'module') return object.scope.names.get(name.value) ?? starIn(object.scope) ?? fallback
  if (object.kind === 'call' && object.target?.kind === 'class') {
    const has = fieldOf(py, object, name.value, node) || classAttribute(py, object.target, name.value) || mayHaveMore(py, object.target)
    return has ? py.attribute(object, name.value, node) : fallback
  }
  if (object.kind === 'class' && hasMetaclass(py, object)) return undefined
  if (object.kind === 'class')
    return classAttribute(py, object, name.value) ?? (object.bases.every((base) => py.resolve(base).kind === 'class') ? fallback : undefined)
  return object.kind === 'unknown' ? py.unknown(node, object.reason) : undefined
}

/** A module that was found surely has no such name, and no module in it. */
function lacks(py: Interpreter, module: string, name: string): boolean {
  return py.host.findsModule(module) && !py.host.mayImport(`${module}.${name}`) && !py.host.mayHave(module, name)
}

/** `module.name = value` of a module that is known by its name: Django's settings, or one that is read when something of it is needed. */
export function setOfModule(py: Interpreter, module: string, name: string, value: Value): void {
  if (module === 'django.conf.settings') return py.host.setSetting(name, value)
  const scope = py.host.importModule(module, py.file.file, py.isDoubtful)
  if (!scope) return
  scope.set(name, value)
  py.host.forgetLookUps()
}

export function setAttribute(py: Interpreter, [object, name, given]: readonly Value[], node: SyntaxNode): Value | undefined {
  if (!object || name?.kind !== 'string' || !given) return undefined
  const value = py.isDoubtful ? py.unknown(node, 'it is set in a branch that may not be taken') : given
  if (object.kind === 'reference') setOfModule(py, object.name, name.value, value)
  else if (object.kind === 'class' || object.kind === 'module') object.scope.set(name.value, py.mayHaveEnded ? value : given)
  else if (object.kind === 'call') fieldsOf(py, object, node).set(name.value, value)
  else return undefined
  return NONE
}

/** A base that was not read, a decorator, or a method that answers for any name. */
function mayHaveMore(py: Interpreter, owner: ClassValue): boolean {
  if (classAttribute(py, owner, '__getattr__')) return true
  return resolutionOrder(py, owner).some((one) => (typeof one === 'string' ? one !== 'object' : one.decorated))
}
