import { payCopy } from '../budget.js'

/** What names had before something was written to them, or what they have been given; undefined: the name was not there. */
export type Changes<V> = Map<NotedNames<V>, Map<string, V | undefined>>

interface Note {
  began: number
  before: Changes<unknown>
  outer: Note | undefined
}

/** Evaluation is synchronous: whoever takes notes last is the innermost. */
let notes: Note | undefined
let clock = 0

/** The names of a module, a class or a call. Whoever follows a way that Python may not take can take back what was written on it. */
export class NotedNames<V> extends Map<string, V> {
  readonly #born = ++clock

  constructor(names: Iterable<readonly [string, V]> = []) {
    super()
    for (const [name, value] of names) super.set(name, value)
  }

  override set(name: string, value: V): this {
    this.#note(name)
    return super.set(name, value)
  }

  override delete(name: string): boolean {
    this.#note(name)
    return super.delete(name)
  }

  /** @param value undefined: the name is not there */
  put(name: string, value: V | undefined): void {
    if (value === undefined) this.delete(name)
    else this.set(name, value)
  }

  /** Unlike `put` this is no change that anybody notes. */
  putBack(name: string, value: V | undefined): void {
    if (value === undefined) super.delete(name)
    else super.set(name, value)
  }

  #note(name: string): void {
    // What was made on a way is out of reach where it is not taken.
    for (let note = notes; note && this.#born < note.began; note = note.outer) {
      let own = note.before.get(this)
      if (!own) note.before.set(this, (own = new Map()))
      if (own.has(name)) return
      payCopy(8)
      own.set(name, this.get(name))
    }
  }
}

/** Runs it, and keeps in `before` what the names had that it writes to, also where it throws. */
export function noting<T, V>(before: Changes<V>, run: () => T): T {
  const outer = notes
  notes = { began: ++clock, before: before as Changes<unknown>, outer }
  try {
    return run()
  } finally {
    notes = outer
  }
}

/** The names are again what they were. @returns what they had been given */
export function takeBack<V>(before: Changes<V>): Changes<V> {
  const after: Changes<V> = new Map()
  for (const [names, own] of before) {
    payCopy(8 * own.size)
    after.set(names, new Map([...own.keys()].map((name) => [name, names.get(name)])))
    for (const [name, value] of own) names.putBack(name, value)
  }
  return after
}

/** What was taken back is so after all. */
export function redo<V>(after: Changes<V>): void {
  for (const [names, own] of after) for (const [name, value] of own) names.put(name, value)
}

/** Of two in a row. */
export function together<V>(first: Changes<V>, second: Changes<V>): Changes<V> {
  const both: Changes<V> = new Map([...first].map(([names, own]) => [names, new Map(own)]))
  for (const [names, own] of second) {
    payCopy(8 * own.size)
    both.set(names, new Map([...(both.get(names) ?? []), ...own]))
  }
  return both
}
