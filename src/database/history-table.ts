import type { TableShape } from './table-shape.js'
import type { Follower } from './taken-along.js'

/** The history table as found in the catalogue. */
export interface HistoryTable {
  /** PostgreSQL's schema; null elsewhere. */
  schema: string | null
  name: string
  /** Quoted and, on PostgreSQL, schema-qualified: ready for SQL. */
  sql: string
  /** For people: `public.django_migrations`. */
  label: string
  /** The column type of `applied`, as the catalogue writes it. */
  appliedType: string
  shape: TableShape
  /** PostgreSQL: tables of which rows go or change with rows of this one. Elsewhere that is a question of its own. */
  followers?: readonly Follower[]
  /** PostgreSQL: what gives the ids. */
  sequence?: Sequence | null
  /** SQLite: its ids are counted (AUTOINCREMENT). */
  hasCounter?: boolean
  /** MySQL and MariaDB: the database as the server writes its name. */
  database?: string
  /** This role has more rights than the table's owner, who may have set traps. */
  stranger?: boolean
}

/** The sequence behind the column `id`, and what this role may do with it. */
export interface Sequence {
  /** Quoted and schema-qualified. */
  sql: string
  owned: boolean
  mayUpdate: boolean
  mayRead: boolean
  /** Columns of other tables that get their values from it, or own it. */
  others: string[]
}

/** Whether a role can use a table without lending its rights to the table's owner. */
export interface Trust {
  stranger: boolean
  /** Said once: which role would be enough, and how. */
  advice: string | null
  /** What of the table would run the owner's code when it is read … */
  reading: string[]
  /** … and what when it is changed. */
  writing: string[]
}

/** What stands beside the history under the names of the side tables. */
export interface JournalFacts {
  /** Names of the side tables that are there. DDL that commits by itself may have been killed between two of them. */
  there: string[]
  /** Snapshots have a place for what four texts cannot hold (format 2). */
  wide: boolean
  /** They have the indexes and the owner that this version gives them. */
  settled: boolean
  /** Why it cannot be the tool's journal, a line each. */
  problems: string[]
}

export interface TableSearch {
  table: HistoryTable | null
  /** Labels of tables of the same name in other schemas that the role may read. */
  others: string[]
  /** PostgreSQL: the schema that a new table would land in; null elsewhere. */
  currentSchema: string | null
  /** Of the table that was found; absent where the database has no such traps. */
  trust?: Trust
}

/** The three side tables, quoted for SQL, beside the history table. */
export interface JournalTables {
  operation: string
  event: string
  snapshotRow: string
}
