import { payCopy, payLook } from '../budget.js'
import { either } from './operators.js'
import { leadingTo, leadsOn, type Scope, type Unknown, type Value } from './value.js'

/** The same list where no element changes: most of what is looked at holds nothing of what has changed. */
function changedOnly<T>(list: readonly T[], change: (one: T) => T): T[] {
  payLook(list.length)
  let result: T[] | undefined
  for (let index = 0; index < list.length; index++) {
    const before = list[index] as T
    const after = change(before)
    if (after === before) continue
    if (!result) {
      payCopy(list.length)
      result = [...list]
    }
    result[index] = after
  }
  return result ?? (list as T[])
}

/** What lies deeper is not looked for. */
const DEEPEST = 40

function lost(dependsOn: string): Unknown {
  return { kind: 'unknown', reason: `it depends on ${dependsOn}, and on more`, file: '', line: 0 }
}

/**
 * Puts a changed container wherever the old object is held: by a name, in another container, in a class or module.
 * @param scopes all that may hold it; in the first one the change is certain, in the others it is `outside`
 * @returns false when nobody holds it
 */
export function replaceEverywhere(scopes: Iterable<Scope>, old: Value, changed: Value, outside: Value): boolean {
  const [first, ...others] = scopes
  const seen = new Set<Scope>()
  const inside = new Replacing((one) => (one === old ? changed : undefined), seen)
  const beyond = new Replacing((one) => (one === old ? outside : undefined), seen)
  if (first) inside.visit(first)
  for (const scope of others) beyond.visit(scope)
  return inside.found || beyond.found
}

/**
 * Each of these objects becomes another one wherever it is held.
 * @param by of an object in which the others have been replaced
 * @returns false when nobody holds any of them
 */
export function replaceEach(scopes: Iterable<Scope>, objects: ReadonlySet<Value>, by: (object: Value) => Value): boolean {
  const replacing = new Replacing((one, inside) => (objects.has(one) ? by(inside()) : undefined), new Set())
  for (const scope of scopes) replacing.visit(scope)
  return replacing.found
}

type By = (one: Value, inside: () => Value) => Value | undefined

class Replacing {
  found = false
  readonly #by: By
  readonly #seen: Set<Scope>
  /** What two names hold stays one object, whatever changes in it, and is looked through once. */
  readonly #made = new Map<Value, Value>()

  constructor(by: By, seen: Set<Scope>) {
    this.#by = by
    this.#seen = seen
  }

  visit(scope: Scope): void {
    if (this.#seen.has(scope)) return
    this.#seen.add(scope)
    payLook(scope.names.size)
    for (const [name, value] of scope.names) {
      const after = this.#replace(value, 0)
      if (after !== value) scope.names.set(name, after)
    }
  }

  #replace(value: Value, depth: number): Value {
    const known = this.#made.get(value)
    if (known) return known
    const by = this.#by(value, () => this.#inside(value, depth))
    if (by) this.found = true
    if (!by && value.kind !== 'class' && !leadsOn(value)) return value
    const after = by ?? this.#inside(value, depth)
    this.#made.set(value, after)
    return after
  }

  /** With what has changed of what it holds. */
  #inside(value: Value, depth: number): Value {
    if (depth > DEEPEST) return value
    const replace = (item: Value) => this.#replace(item, depth + 1)
    switch (value.kind) {
      case 'dict': {
        const entries = changedOnly(value.entries, (entry): [Value, Value] => {
          const after = replace(entry[1])
          return after === entry[1] ? entry : [entry[0], after]
        })
        return entries === value.entries ? value : { ...value, entries }
      }
      case 'list':
      case 'tuple':
      case 'set': {
        const items = changedOnly(value.items, replace)
        return items === value.items ? value : { ...value, items }
      }
      case 'either': {
        const options = changedOnly(value.options, replace)
        return options === value.options ? value : either(value.dependsOn, options, lost(value.dependsOn))
      }
      case 'unknown': {
        if (!value.mayBe) return value
        // What it may be nobody has by that alone.
        const { found } = this
        const mayBe = changedOnly(value.mayBe, replace)
        this.found = found
        return mayBe === value.mayBe ? value : { ...value, mayBe: leadingTo(mayBe) }
      }
      case 'class':
        this.visit(value.scope)
        return value
      default:
        return value
    }
  }
}
