import type { ConnectionSpec } from '../config/index.js'
import type { HistoryTable, JournalFacts, JournalTables, TableSearch } from './history-table.js'
import type { Schema, TableFacts } from './schema-facts.js'
import type { Capabilities, Engine, ServerFacts } from './server-facts.js'
import type { RehearsalSql } from './rehearsal.js'
import type { ShadowCheck } from './shadow-check.js'
import type { History, NewRow, Row } from './row.js'
import type { Question, Session } from './session.js'

/** `instant`: with its offset, UTC; `local`: the naive text of USE_TZ and TIME_ZONE; `day`: no time of the day. */
export type TimeKept = 'instant' | 'local' | 'day'

/** Milliseconds for which one try to get the table may keep others waiting. */
export const SHORT_WAIT = 50

/** A lock that lives as long as its session; `release` is for the orderly end. */
export interface AdvisoryLock {
  release(): Promise<void>
}

export interface ConnectOptions {
  /** SQLite: open the file with mode=ro. Servers: no difference, every read is a read-only transaction. */
  readOnly: boolean
  /** Milliseconds to wait for a file that somebody else has to himself. */
  patience: number
}

/** A shadow table to make, told to the dialect. */
export interface ShadowRequest {
  history: HistoryTable
  journal: JournalTables
  operation: string
  /** The snapshot whose rows the shadow gets … */
  snapshot: string
  /** … less these ids. */
  hidden: readonly string[]
}

/** How a TEMPORARY table named `django_migrations` is made in the session of another program; every statement stands alone. */
export interface ShadowSql {
  /** Asked before the drop: a session that cannot even do that. */
  early: ShadowCheck[]
  /** Drops a shadow of this session and never the real table. */
  drop: string
  checks: ShadowCheck[]
  make: string[]
  /** In Python's `%s` style: operation, history table, at, event, detail. */
  insertEvent: string
  /** The role that the session works as. */
  role: string
  /** Counts the rows that the session sees under Django's own name for the table, by the column that only a shadow has. */
  live: string
}

/**
 * Everything that differs between databases. One implementation for each folder beside this file; nothing else in the
 * program asks which database it is. Statements run on the session they are given.
 */
export interface Dialect {
  readonly engine: Engine
  readonly capabilities: Capabilities

  quote(identifier: string): string
  connect(spec: ConnectionSpec, options: ConnectOptions): Promise<Session>
  describe(session: Session, spec: ConnectionSpec): Promise<ServerFacts>
  /** Without `schema` the table that the connection itself would find, as Django does. */
  findTable(session: Session, wanted: { schema?: string | undefined; name: string }): Promise<TableSearch>
  /** One try: runs `work` in a transaction that cannot write and sees one state of the table; fails as `busy` when it is locked. */
  reading<T>(session: Session, work: () => Promise<T>): Promise<T>
  /** Inside `reading`, what is asked last: the transaction may end in one message with it. */
  last<T>(session: Session, question: () => Promise<T>): Promise<T>
  /** The same for a single question. */
  readingOnce<T>(session: Session, question: Question<T>): Promise<T>
  /** Inside any transaction. */
  journalFacts(session: Session, table: HistoryTable): Promise<JournalFacts>

  /** Six digits of a second's fraction as this column gives them back, with their point; cut and not rounded, as Django does. */
  fractionText(table: HistoryTable, microseconds: string): string
  /** What the column `applied` keeps of a time besides its fraction. */
  timeKept(table: HistoryTable): TimeKept
  /** A table beside the history table. Inside `reading`. */
  tableFacts(session: Session, beside: HistoryTable, name: string): Promise<TableFacts>
  /** All tables that Django would find from here, and the history itself. Inside `reading`; needs no right but to connect. */
  introspect(session: Session, history: HistoryTable | null): Promise<Schema>
  /** Other sessions that hold locks on the history or on these tables, a line each, as far as this role can see. */
  sessionsUsing(session: Session, history: HistoryTable, tables: readonly string[]): Promise<string[]>
  readRows(session: Session, table: HistoryTable): Promise<Row[]>
  /** Rows and counter, as the table was made when it was looked at. @param first asked before, in one message with them where the protocol has room */
  readHistory(session: Session, table: HistoryTable, first?: readonly Question[]): Promise<History>
  /** The id that the next insert without one would get; null when the table has no counter. */
  readSequence(session: Session, table: HistoryTable): Promise<string | null>

  /**
   * Looked at before an operation takes its lock: what makes every change unsafe on this server.
   * @param purpose `answer`: nothing is written, but what is read has to be the newest
   * @throws MigstateError `pooler` `standby-missing`
   */
  refuseUnsafeServer(session: Session, purpose: 'change' | 'answer'): Promise<void>
  /** What the statement of another session waits for, and which one that is, for people; asked on a session of its own. */
  waitsFor(side: Session, waiting: Session): Promise<string | null>

  /**
   * One try, no waiting. The key covers database, schema and table.
   * @param name what the session is called for others (`application_name`), where the database has such names
   */
  tryAdvisoryLock(session: Session, table: HistoryTable, name?: string): Promise<AdvisoryLock | null>
  /** Who holds the advisory lock, as far as this role can see. */
  advisoryLockHolder(session: Session, table: HistoryTable): Promise<string | null>
  /** Sessions other than the tool's own that carry this name, or hold a lock of it; null where the database shows neither. */
  sessionsNamed(session: Session, name: string): Promise<string[] | null>

  /**
   * Before code runs whose outcome is written in an edit later: the right to take the table for it.
   * @throws DatabaseFailure `missing-rights` `busy`
   */
  proveTableLock(session: Session, journal: JournalTables): Promise<void>

  /**
   * Begins the edit: a transaction that keeps Django's first read out. Waits no longer than `SHORT_WAIT`, for whoever comes meanwhile waits behind it.
   * @param side a second connection, which can end the wait where the server knows no time as short
   * @returns the table, looked at anew while it is held; null: somebody else holds it, nothing is open
   */
  tryBeginEdit(session: Session, table: HistoryTable, journal: JournalTables, side: () => Promise<Session>): Promise<TableSearch | null>
  /**
   * One try: begins a transaction that writes to the side tables and sees one state of the history, without taking the table; fails as
   * `busy`. `commitEdit` and `rollbackEdit` end it.
   */
  beginJournaling(session: Session, table: HistoryTable, journal: JournalTables): Promise<void>
  /** Inside a transaction: what `work` writes is taken back, whatever comes of it. A counter need not be. */
  attempt<T>(session: Session, work: () => Promise<T>): Promise<T>
  /** The SQL of a shadow table for another program's session; asks on the session that holds the advisory lock. */
  shadow(session: Session, request: ShadowRequest): Promise<ShadowSql>
  /** The SQL of a rehearsal in another program's session; asks on the session that holds the advisory lock. `lockTimeout`: seconds. */
  rehearsal(session: Session, history: HistoryTable, lockTimeout: number): Promise<RehearsalSql>
  /** The GRANTs that this role lacks for a change, and `shadow`: for a temporary table too; empty also where that cannot be told. Inside `reading`. */
  missingGrants(session: Session, table: HistoryTable, journal: JournalTables, purpose: 'change' | 'shadow'): Promise<string[]>
  /** The GRANT statements that a role needs for a shadow: on the side tables … */
  shadowGrants(journal: JournalTables, role: string): string[]
  /** … and in the database of this name. */
  temporaryGrant(database: string, role: string): string
  /** Who stands in the way of `tryBeginEdit`; null: nobody, undefined: that cannot be seen here. */
  tableLockHolder(session: Session, table: HistoryTable): Promise<string | null | undefined>
  /** Inside the edit, once the rows are written: what waits for the COMMIT happens now, so that it is seen before. */
  readonly fireDeferred: readonly Question<void>[]
  commitEdit(session: Session): Promise<void>
  /** After `commitEdit`: steps that commit by themselves may follow before this gives the table back. */
  endEdit(session: Session): Promise<void>
  rollbackEdit(session: Session): Promise<void>

  /** Answered with the row's id. */
  insertRow(table: HistoryTable, row: NewRow): Question<string>
  /**
   * Tables of which rows go or change when rows of the history with these ids are deleted (ON DELETE CASCADE, SET NULL or SET DEFAULT), as far as
   * this role sees them. Inside `reading` or an edit.
   */
  takenAlong(session: Session, table: HistoryTable, ids: readonly string[]): Promise<string[]>
  /** Answered with the number of rows deleted. */
  deleteRow(table: HistoryTable, id: string): Question<number>
  /** Answered with the number of rows updated. */
  updateRow(table: HistoryTable, id: string, after: Row): Question<number>
  /**
   * How this role can move the counter: `inside` the edit's transaction (rolls back with it), `after` the rows are
   * committed (takes effect at once), or not at all; `shared`: other tables get their ids from it too.
   */
  sequenceStep(session: Session, table: HistoryTable): Promise<'inside' | 'after' | 'never' | 'shared'>
  setSequence(session: Session, table: HistoryTable, next: string): Promise<void>
  /**
   * Whether the column `id`, which fills itself no more, can be made to `inside` the edit's transaction, only by the `owner` of the table, or why not, a
   * clause. Inside any transaction.
   */
  idMending(session: Session, table: HistoryTable): Promise<'inside' | 'owner' | string>
  /** Inside the edit: the column `id` as Django makes it, with a counter; rows stay as they are. Asked for only after `idMending`. */
  mendId(session: Session, table: HistoryTable): Promise<void>

  createJournal(session: Session, table: HistoryTable, journal: JournalTables): Promise<void>
  /** Makes the indexes of the side tables that are missing, as far as this role may. @throws DatabaseFailure where it has tried in vain */
  indexJournal(session: Session, table: HistoryTable, journal: JournalTables): Promise<void>
  /** Gives snapshots of an older version their place for what four texts cannot hold. @throws DatabaseFailure `missing-rights` `busy` */
  widenJournal(session: Session, journal: JournalTables): Promise<void>
  /** The statement for it, to hand to a DBA. */
  wideDdl(journal: JournalTables): string
  /** A column of text as SQL, compared byte by byte: as its index in `journalDdl` has it. */
  byBytes(column: string): string
  /** A text as SQL, for statements that are printed. */
  textSql(text: string): string
  /** A time in the database's own form as SQL, for the column `applied`. */
  timeSql(table: HistoryTable, stamp: string): string
  /** The condition that a column of the history holds this text byte for byte, whatever its collation. */
  exactly(column: string, text: string): string
  /** Drops the side tables: all of them or, where the database can, none. */
  dropJournal(session: Session, journal: JournalTables): Promise<void>
  /** The DDL of the side tables, to hand to a DBA. */
  journalDdl(table: HistoryTable, journal: JournalTables): string[]
  /** INSERT … SELECT of the whole history: the server copies, no driver touches a value. */
  copyRows(table: HistoryTable, journal: JournalTables, snapshot: string): Question<void>
  readSnapshotRows(journal: JournalTables, snapshot: string): Question<Row[]>
}

/** Roles of a dialect, a file each. */
export type Locks = Pick<
  Dialect,
  | 'tryAdvisoryLock'
  | 'advisoryLockHolder'
  | 'sessionsNamed'
  | 'sessionsUsing'
  | 'tableLockHolder'
  | 'tryBeginEdit'
  | 'proveTableLock'
  | 'beginJournaling'
  | 'fireDeferred'
  | 'commitEdit'
  | 'endEdit'
  | 'rollbackEdit'
  | 'waitsFor'
>
export type Catalogue = Pick<Dialect, 'describe' | 'findTable' | 'tableFacts'>
