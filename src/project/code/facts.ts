/** Evidence with its line, for a person to weigh. */
export interface Hazard {
  code: string
  message: string
  line: number
}

/** One thing that code does to a model, with its line. */
export interface ModelUse {
  app: string
  /** Lower case, as Django keeps it in its state. */
  model: string
  /** As written, for people. */
  name: string
  kind: 'read' | 'insert' | 'update' | 'delete'
  /** An insert that first looks whether the row is there: `get_or_create`, `ignore_conflicts`, an `if` around it. */
  guarded: boolean
  /** A value that is computed from itself. */
  accumulates: boolean
  /** Fields that are named, without their look-ups. */
  fields: string[]
  line: number
}

/** What the code of a data migration does, as far as it can be seen; evidence for a person to weigh. */
export interface CodeFacts {
  uses: ModelUse[]
  hazards: Hazard[]
  /** It names the alias that is migrated: `using(…)`, `schema_editor.connection.alias`. */
  namesAlias: boolean
}
