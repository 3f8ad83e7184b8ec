import type { ConnectionSpec } from '../config/index.js'
import type { NewRow, Row } from './row.js'
import type { Session } from './session.js'

export type Engine = 'postgresql' | 'mysql' | 'mariadb' | 'sqlite'

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
}

export interface TableSearch {
  table: HistoryTable | null
  /** Labels of tables of the same name in other schemas that the role may read. */
  others: string[]
  /** PostgreSQL: the schema that a new table would land in; null elsewhere. */
  currentSchema: string | null
}

export interface ServerFacts {
  engine: Engine
  version: string
  /** Host as the user knows it, the path of a socket, null for a file. */
  host: string | null
  /** Database name or file. */
  name: string
  /** Why nothing can be written here, or null. */
  readOnly: string | null
  /** A transaction pooler stands between: session locks and settings do not hold. */
  pooled: boolean
}

/** The three side tables, quoted for SQL, beside the history table. */
export interface JournalTables {
  operation: string
  event: string
  snapshotRow: string
}

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

/** What one database can do that another cannot; code outside `database/` asks these, never for an engine's name. */
export interface Capabilities {
  /** A migration's data and its record commit together (Django: `features.can_rollback_ddl`). */
  transactionalDdl: boolean
  /** Other sessions, and the names they carry, can be seen. */
  showsSessions: boolean
  schemas: boolean
  /** `applied` is stored as an instant; elsewhere as the naive text of USE_TZ and TIME_ZONE. */
  storesInstants: boolean
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
  tableExists(session: Session, beside: HistoryTable, name: string): Promise<boolean>

  readRows(session: Session, table: HistoryTable): Promise<Row[]>
  /** The id that the next insert without one would get; null when the table has no counter. */
  readSequence(session: Session, table: HistoryTable): Promise<string | null>

  /** One try, no waiting. The key covers database, schema and table. */
  tryAdvisoryLock(session: Session, table: HistoryTable): Promise<AdvisoryLock | null>
  /** Who holds the advisory lock, as far as this role can see. */
  advisoryLockHolder(session: Session, table: HistoryTable): Promise<string | null>
  /** Names this session for others (`application_name`), where the database has such names. */
  nameSession(session: Session, name: string): Promise<void>
  /** Sessions other than the tool's own that carry this name; null where the database does not show names. */
  sessionsNamed(session: Session, name: string): Promise<string[] | null>

  /** Begins the edit: a transaction that keeps Django's first read out. False: somebody else holds the table, nothing is open. */
  tryBeginEdit(session: Session, table: HistoryTable, journal: JournalTables): Promise<boolean>
  /** Who stands in the way of `tryBeginEdit`, as far as this role can see. */
  tableLockHolder(session: Session, table: HistoryTable): Promise<string | null>
  commitEdit(session: Session): Promise<void>
  /** After `commitEdit`: steps that commit by themselves may follow before this gives the table back. */
  endEdit(session: Session): Promise<void>
  rollbackEdit(session: Session): Promise<void>

  /** @returns the row's id */
  insertRow(session: Session, table: HistoryTable, row: NewRow): Promise<string>
  /** @returns the number of rows deleted */
  deleteRow(session: Session, table: HistoryTable, id: string): Promise<number>
  /** @returns the number of rows updated */
  updateRow(session: Session, table: HistoryTable, id: string, after: Row): Promise<number>
  /**
   * How this role can move the counter: `inside` the edit's transaction (rolls back with it), `after` the rows are
   * committed (takes effect at once), or not at all.
   */
  sequenceStep(session: Session, table: HistoryTable): Promise<'inside' | 'after' | 'never'>
  setSequence(session: Session, table: HistoryTable, next: string): Promise<void>

  createJournal(session: Session, table: HistoryTable, journal: JournalTables): Promise<void>
  /** The DDL of the side tables, to hand to a DBA. */
  journalDdl(table: HistoryTable, journal: JournalTables): string[]
  /** INSERT … SELECT of the whole history: the server copies, no driver touches a value. */
  copyRows(session: Session, table: HistoryTable, journal: JournalTables, snapshot: string): Promise<void>
  readSnapshotRows(session: Session, journal: JournalTables, snapshot: string): Promise<Row[]>
}
