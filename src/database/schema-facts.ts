/** What the catalogue says of an application's table. */
export interface TableFacts {
  exists: boolean
  columns: { name: string; nullable: boolean; hasDefault: boolean }[]
  /** As the database estimates it; null where it does not. */
  rows: number | null
}

/** A table as the database has it. */
export interface SchemaTable {
  name: string
  /** Django's own introspection calls it a table: no view, no partition (`introspection.table_names`). */
  isTable: boolean
  columns: { name: string; nullable: boolean }[]
  /** Indexes and constraints that have a name; one that was not built to its end is not valid. */
  indexes: { name: string; valid: boolean }[]
}

/** What the catalogue says of the history table itself. */
export interface HistoryFacts {
  /** An insert without an id gets one. */
  fillsId: boolean
  /** Whether the column `id` can be mended, as `Dialect.idMending` tells; null: it fills itself. */
  mendsId: 'inside' | 'owner' | string | null
  /** The counter is apart from the rows, so it can fall behind them. */
  hasCounterApart: boolean
  /** The name of an engine that cannot undo half a change; null: it can. */
  looseEngine: string | null
  /** Django reads a time from the column `applied` as it is declared. */
  keepsTimes: boolean
  /** Statements for who owns the table: each mends one of the facts above. */
  mend: { id: string; counter: string; engine: string; applied: string }
}

/** Everything of an application's schema that is looked at, read at one moment. */
export interface Schema {
  /** Those that Django's own session would find by their bare names. */
  tables: SchemaTable[]
  /** Names that differ only in upper and lower case are the same here. */
  foldsCase: boolean
  /** The same as Django has it for tables (`features.ignores_table_name_case`). */
  foldsTables: boolean
  /** Why there may be tables that this role does not see; null: it sees all. */
  hidden: string | null
  /** null where there is no history table. */
  history: HistoryFacts | null
}
