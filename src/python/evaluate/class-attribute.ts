import { payLook, payStep } from '../budget.js'
import type { Interpreter } from './interpreter.js'
import type { ClassValue, Value } from './value.js'

/** What Django's own class sets (django/db/migrations/migration.py). */
const DEFAULTS = new Map<string, Value>([
  ['operations', { kind: 'list', items: [] }],
  ['dependencies', { kind: 'list', items: [] }],
  ['run_before', { kind: 'list', items: [] }],
  ['replaces', { kind: 'list', items: [] }],
  ['initial', { kind: 'none' }],
  ['atomic', { kind: 'boolean', value: true }],
])

function isMigration(name: string): boolean {
  return /(^|\.)migrations(\.migration)?\.Migration$/.test(name)
}

/** A class that was read, or the dotted name of one that was not. */
type Ancestor = ClassValue | string

/** The method resolution order (C3, "The Python 2.3 Method Resolution Order"); where Python would refuse the class, depth first. */
export function resolutionOrder(py: Pick<Interpreter, 'resolve'>, owner: ClassValue, known = new Map<ClassValue, Ancestor[]>()): Ancestor[] {
  const before = known.get(owner)
  if (before) return before
  payStep()
  // A class that is among its own bases.
  known.set(owner, [owner])
  const bases = owner.bases.map((written): Ancestor => {
    const base = py.resolve(written)
    return base.kind === 'class' ? base : base.kind === 'reference' ? base.name : `(${base.kind})`
  })
  const orders = bases.map((base) => (typeof base === 'string' ? [base] : resolutionOrder(py, base, known)))
  const order = [owner, ...(merge([...orders, bases]) ?? new Set(orders.flat()))]
  known.set(owner, order)
  return order
}

/** Another class than `type` has made it, or one above it. */
export function hasMetaclass(py: Pick<Interpreter, 'resolve'>, owner: ClassValue): boolean {
  if (owner.metaclass === undefined && owner.bases.length === 0) return false
  return resolutionOrder(py, owner).some(
    (ancestor) =>
      typeof ancestor !== 'string' && ancestor.metaclass && !(ancestor.metaclass.kind === 'reference' && /(^|\.)ABCMeta$|^type$/.test(ancestor.metaclass.name)),
  )
}

function merge(lists: readonly Ancestor[][]): Ancestor[] | null {
  const merged: Ancestor[] = []
  let left = lists.filter((list) => list.length > 0)
  while (left.length > 0) {
    payLook(left.reduce((sum, list) => sum + 20 * list.length, 0))
    const behind = new Set(left.flatMap((list) => list.slice(1)))
    const next = left.map((list) => list[0] as Ancestor).find((head) => !behind.has(head))
    if (next === undefined) return null
    merged.push(next)
    left = left.map((list) => (list[0] === next ? list.slice(1) : list)).filter((list) => list.length > 0)
  }
  return merged
}

function inherited(ancestor: Ancestor, name: string): Value | undefined {
  if (typeof ancestor !== 'string') return ancestor.scope.names.get(name)
  return isMigration(ancestor) ? DEFAULTS.get(name) : undefined
}

/** Classes whose names in the body become members, objects of the class itself (library reference, enum; Django's enumeration types). */
const ENUMERATION = /(?:^|\.)\w*(?:Enum|Flag|Choices)$/

export function isEnumeration(py: Pick<Interpreter, 'resolve'>, owner: ClassValue): boolean {
  return owner.bases.length > 0 && resolutionOrder(py, owner).some((one) => typeof one === 'string' && ENUMERATION.test(one))
}

/** Members of these are texts or numbers, and are equal to what is written; a label may stand behind it. */
const OF_PLAIN = /(?:^|\.)(?:StrEnum|IntEnum|TextChoices|IntegerChoices)$/

/** What a name of an enumeration is worth, of which the body of its class says something else. */
function memberOf(order: readonly Ancestor[], { name: owner, file, line }: ClassValue, name: string, written: Value): Value {
  const kinds = order.filter((one): one is string => typeof one === 'string' && ENUMERATION.test(one))
  if (kinds.length === 0 || /^__/.test(name) || written.kind === 'function' || written.kind === 'class') return written
  const [first] = kinds.some((one) => one.endsWith('Choices')) && written.kind === 'tuple' ? written.items : [written]
  if (kinds.some((one) => OF_PLAIN.test(one)) && (first?.kind === 'string' || first?.kind === 'number')) return first
  return { kind: 'unknown', reason: `${owner}.${name} is a member of an enumeration`, file: file.file, line }
}

/** A class attribute, its own or inherited; undefined where a base class was not read. */
export function classAttribute(py: Pick<Interpreter, 'resolve'>, owner: ClassValue, name: string): Value | undefined {
  const own = owner.scope.names.get(name)
  if (owner.bases.length === 0) return own
  if (own) return own.kind === 'function' ? own : memberOf(resolutionOrder(py, owner), owner, name, own)
  // One base, as nearly all have, needs no order.
  const only = owner.bases.length === 1 ? py.resolve(owner.bases[0] as Value) : undefined
  if (only?.kind === 'reference') return inherited(only.name, name)
  const order = resolutionOrder(py, owner)
  for (const ancestor of order) {
    const value = inherited(ancestor, name)
    if (value) return memberOf(order, owner, name, value)
  }
  return undefined
}
