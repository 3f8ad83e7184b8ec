import { payCopy, payLook } from '../budget.js'
import type { Scope, Value } from './value.js'

/** The same list where no element changes: most of what is looked at holds nothing of what has changed. */
function changedOnly<T>(list: T[], change: (one: T) => T): T[] {
  payLook(list.length)
  let result = list
  for (let index = 0; index < list.length; index++) {
    const before = list[index] as T
    const after = change(before)
    if (after === before) continue
    if (result === list) {
      payCopy(list.length)
      result = [...list]
    }
    result[index] = after
  }
  return result
}

/**
 * Puts a changed container wherever the old object is held: by a name, in another container, in a class or module.
 * @param scopes all that may hold it; in the first one the change is certain, in the others it is `outside`
 * @returns false when nobody holds it
 */
export function replaceEverywhere(scopes: Iterable<Scope>, old: Value, changed: Value, outside: Value): boolean {
  let found = false
  const seen = new Set<Scope>()
  // What two names hold stays one object, whatever changes in it.
  const made = new Map<Value, Map<Value, Value>>([
    [changed, new Map()],
    [outside, new Map()],
  ])
  const replace = (value: Value, into: Value, depth: number): Value => {
    if (value === old) {
      found = true
      return into
    }
    const same = made.get(into)?.get(value)
    if (same) return same
    if (depth > 8) return value
    const after = replaceIn(value, into, depth)
    if (after !== value) made.get(into)?.set(value, after)
    return after
  }
  const replaceIn = (value: Value, into: Value, depth: number): Value => {
    if (value.kind === 'dict') {
      const entries = changedOnly(value.entries, (entry): [Value, Value] => {
        const after = replace(entry[1], into, depth + 1)
        return after === entry[1] ? entry : [entry[0], after]
      })
      return entries === value.entries ? value : { ...value, entries }
    }
    const inside = (item: Value) => replace(item, into, depth + 1)
    if ('items' in value) {
      const items = changedOnly(value.items, inside)
      return items === value.items ? value : { ...value, items }
    }
    if (value.kind === 'either') {
      const options = changedOnly(value.options, inside)
      return options === value.options ? value : { ...value, options }
    }
    if (value.kind === 'class') visit(value.scope, into)
    return value
  }
  const visit = (scope: Scope, into: Value): void => {
    if (seen.has(scope)) return
    seen.add(scope)
    payLook(scope.names.size)
    for (const [name, value] of scope.names) {
      const after = replace(value, into, 0)
      if (after !== value) scope.names.set(name, after)
    }
  }
  let into = changed
  for (const scope of scopes) {
    visit(scope, into)
    into = outside
  }
  return found
}
