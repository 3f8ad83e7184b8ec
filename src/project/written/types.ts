/** A value as a migration's file gives it: known, or unknown with its reason. A call keeps its arguments as values. */
export type Written =
  | { kind: 'text'; value: string }
  | { kind: 'number'; value: number }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'none' }
  /** A list, a tuple or a set. */
  | { kind: 'list'; items: readonly Written[] }
  | { kind: 'dict'; entries: readonly (readonly [Written, Written])[] }
  /** A function, a module, or something imported that was not found. */
  | { kind: 'name'; name: string }
  | WrittenClass
  | WrittenCall
  | WrittenUnknown

export interface WrittenClass {
  kind: 'class'
  /** Dotted as far as known. */
  name: string
  /** The classes above it in Python's order, dotted as far as known. */
  bases: readonly string[]
}

/** A field, an index, a constraint, an expression: an object by what makes it. */
export interface WrittenCall {
  kind: 'call'
  /** Class or function, dotted as far as known. */
  callee: string
  /** The classes above it in Python's order; empty where its class was not read. */
  bases: readonly string[]
  args: readonly Written[]
  keywords: ReadonlyMap<string, Written>
  /** `*` or `**` of something that is not known: there may be more arguments. */
  isOpen: boolean
  /** Names that occur in an `__init__` or the like of a class of its own: what is not given for them may be set there. */
  sets: readonly string[]
}

export interface WrittenUnknown {
  kind: 'unknown'
  reason: string
}

/** An operation by the values that it is given. */
export interface Given {
  /** Django's class, or the one that a class of the project extends; null: not known, so it may do anything. */
  kind: string | null
  /** What a class of its own does in place of Django's: to the state, to the database. */
  overrides: { state: boolean; database: boolean }
  /** By parameter; positional ones that have no name by their number. */
  values: ReadonlyMap<string, Written>
}
