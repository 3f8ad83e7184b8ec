import type { ShadowCheck } from './shadow-check.js'

/** How the server itself makes a digest of each row. */
interface RowDigest {
  /** False, null or an error: it cannot. */
  probe: string
  /** Of the row `t`; `{columns}`: what `columns` gives for its table (one parameter: its name). */
  row: string
  columns: string | null
  /** An exact sum over many of them, in the column `d`. */
  total: string
}

/** What a rehearsal in another program's session asks and sends; every statement stands alone, parameters in the style of that driver. */
export interface RehearsalSql {
  /** That it is this database. */
  checks: ShadowCheck[]
  /** Before the transaction begins. */
  before: string[]
  /** The first statements of the transaction. */
  inside: string[]
  /** What else would only be checked by COMMIT; sent after each run. */
  deferred: string[]
  /** Tables that this transaction has written to, as the server counts them: SQL name and label. */
  touched: string | null
  /** A name as statements write it (one parameter) to SQL name and label. */
  resolve: string | null
  /** All tables by name, where there is no `resolve`. */
  tables: string
  /** Pairs: a table, and a text with the names of those that a write to it may reach (foreign keys, bodies of triggers). */
  related: string
  /** Columns of the primary key of a table (one parameter: its SQL name where there is `resolve`, else its name). */
  primaryKey: string
  /** Sent before rows are read, and taken back after it: what a text of them depends on. */
  reading: string[]
  /** Null: rows are fetched. */
  rowDigest: RowDigest | null
  /** Statements that drop the session's own tables, one a row; null: those that the code has made, by name. */
  temporary: string | null
  /** How many columns of a table (one parameter: its name) may hold a time in whole seconds; null: the server has no such clock. */
  wholeSeconds: string | null
  /** Counters that no rollback gives back: name and value. */
  counters: string | null
  /** Tables whose engine has no transactions. */
  loose: string | null
  ddlCommits: boolean
  /** A statement that fails aborts the transaction. */
  failureAborts: boolean
  /** Codes of errors that come of others at work: locks, serialisation. */
  busyCodes: (string | number)[]
  /** Parts of messages about statements that need to be outside of a transaction. */
  apartTexts: string[]
}
