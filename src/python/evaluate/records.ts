import type { SyntaxNode } from '@lezer/common'
import { hasMetaclass, resolutionOrder } from './class-attribute.js'
import type { Interpreter } from './interpreter.js'
import { bodyOf } from './nodes.js'
import { fieldsOf } from './object-fields.js'
import { childrenOf } from '../grammar/parse.js'
import type { Call, ClassValue, Scope, Value } from './value.js'

/** Names that make the fields of a data class something else than its annotated names in their order. */
const OTHER_FIELDS = /\b(?:ClassVar|InitVar|KW_ONLY)\b|\bkw_only\s*=|\binit\s*=/

/** The fields of `class A(typing.NamedTuple)` and of a class that is decorated with `dataclasses.dataclass` alone; undefined for any other class. */
export function recordFields(py: Interpreter, node: SyntaxNode, bases: readonly Value[], decorators: readonly string[], scope: Scope): string[] | undefined {
  const [base] = bases
  const isTuple = bases.length === 1 && base?.kind === 'reference' && base.name === 'typing.NamedTuple' && decorators.length === 0
  if (!isTuple && !(decorators.length === 1 && isDataclass(decorators[0] as string, scope))) return undefined
  const body = childrenOf(node).find((part) => part.name === 'Body')
  if (!body || OTHER_FIELDS.test(py.text(isTuple ? body : (node.parent ?? node)))) return undefined
  return bodyOf(body).flatMap((statement) => {
    const [name, type] = statement.name === 'AssignStatement' ? childrenOf(statement) : []
    return name?.name === 'VariableName' && type?.name === 'TypeDef' ? [py.text(name)] : []
  })
}

function isDataclass(written: string, scope: Scope): boolean {
  const [first = '', rest] = written.split('.')
  const value = scope.get(first)
  return value?.kind === 'reference' && [value.name, rest].filter(Boolean).join('.') === 'dataclasses.dataclass'
}

const HOOKS = ['__init__', '__post_init__', '__new__', '__getattribute__', '__init_subclass__']

/** What an object of such a class was made with, or the default of the field. Undefined where that is not known. */
export function fieldOfRecord(py: Interpreter, object: Call, name: string, node: SyntaxNode): Value | undefined {
  const { target, args, keywords } = object
  const at = target?.kind === 'class' ? (target.fields?.indexOf(name) ?? -1) : -1
  if (target?.kind !== 'class' || !target.fields || at < 0 || !isPlainRecord(py, target)) return undefined
  if (args.length > target.fields.length || keywords.has('**') || args.some((one) => one.kind === 'unknown' && one.isSpread)) return undefined
  const value = args[at] ?? keywords.get(name) ?? defaultOf(target.scope.names.get(name))
  if (value) fieldsOf(py, object, node).set(name, value)
  return value
}

/** Its objects are made of its own fields: no other class above it has any, or a say in how they are made. */
export function isPlainRecord(py: Interpreter, owner: ClassValue): boolean {
  if (!owner.fields || hasMetaclass(py, owner)) return false
  return resolutionOrder(py, owner).every((one) => {
    if (typeof one === 'string') return one === 'object' || (one === 'typing.NamedTuple' && !owner.decorated)
    return (one === owner || (!one.decorated && !one.fields)) && !HOOKS.some((hook) => one.scope.names.has(hook))
  })
}

/** `x: int = 5`, `x: list = field(default_factory=list)`: each object has one of its own. */
function defaultOf(written: Value | undefined): Value | undefined {
  if (written?.kind !== 'call' || written.callee !== 'dataclasses.field') return written
  const given = written.keywords.get('default')
  if (given) return given
  const factory = written.keywords.get('default_factory')
  if (factory?.kind !== 'reference') return undefined
  if (factory.name === 'dict') return { kind: 'dict', entries: [] }
  return factory.name === 'list' || factory.name === 'set' || factory.name === 'tuple' ? { kind: factory.name, items: [] } : undefined
}
