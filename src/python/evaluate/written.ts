import { payCopy } from '../budget.js'
import type { Value } from './value.js'

/** What names had before something was written to them, or what they have been given; undefined: the name was not there. */
export type Changes = Map<Names, Map<string, Value | undefined>>

interface Note {
  began: number
  before: Changes
  outer: Note | undefined
}

/** Evaluation is synchronous: whoever takes notes last is the innermost. */
let notes: Note | undefined
let clock = 0

/** The names of a module, a class or a call. Whoever follows a way that Python may not take can take back what was written on it. */
export class Names extends Map<string, Value> {
  readonly #born = ++clock

  constructor(names: Iterable<readonly [string, Value]> = []) {
    super()
    for (const [name, value] of names) super.set(name, value)
  }

  override set(name: string, value: Value): this {
    this.#note(name)
    return super.set(name, value)
  }

  override delete(name: string): boolean {
    this.#note(name)
    return super.delete(name)
  }

  /** @param value undefined: the name is not there */
  put(name: string, value: Value | undefined): void {
    if (value === undefined) this.delete(name)
    else this.set(name, value)
  }

  /** Unlike `put` this is no change that anybody notes. */
  putBack(name: string, value: Value | undefined): void {
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
export function noting<T>(before: Changes, run: () => T): T {
  const outer = notes
  notes = { began: ++clock, before, outer }
  try {
    return run()
  } finally {
    notes = outer
  }
}

/** The names are again what they were. @returns what they had been given */
export function takeBack(before: Changes): Changes {
  const after: Changes = new Map()
  for (const [names, own] of before) {
    payCopy(8 * own.size)
    after.set(names, new Map([...own.keys()].map((name) => [name, names.get(name)])))
    for (const [name, value] of own) names.putBack(name, value)
  }
  return after
}

/** What was taken back is so after all. */
export function redo(after: Changes): void {
  for (const [names, own] of after) for (const [name, value] of own) names.put(name, value)
}

/** Of two in a row. */
export function together(first: Changes, second: Changes): Changes {
  const both: Changes = new Map([...first].map(([names, own]) => [names, new Map(own)]))
  for (const [names, own] of second) {
    payCopy(8 * own.size)
    both.set(names, new Map([...(both.get(names) ?? []), ...own]))
  }
  return both
}
