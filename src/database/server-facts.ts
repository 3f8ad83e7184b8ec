export type Engine = 'postgresql' | 'mysql' | 'mariadb' | 'sqlite'

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
  /** Several servers take writes of the same tables: what they are called; null: this one alone does. */
  cluster?: Cluster | null
  /** A server of another make that speaks the protocol, and why nothing is written there; null: one that is proven. */
  unsupported?: Unsupported | null
}

export type Cluster = 'Galera' | 'MySQL group replication'

/** An engine on which nothing is written until its locks are proven. */
export interface Unsupported {
  /** As it calls itself, for people: `CockroachDB`. */
  name: string
  /** A clause: `its session locks succeed and lock nothing`. */
  reason: string
}

/** What one database can do that another cannot; code outside `database/` asks these, never for an engine's name. */
export interface Capabilities {
  /** A migration's data and its record commit together (Django: `features.can_rollback_ddl`). */
  transactionalDdl: boolean
  /** Other sessions, and the names they carry, can be seen. */
  showsSessions: boolean
  /** A session that holds a shadow can be seen from other machines. */
  showsShadows: boolean
  /** A second connection can write while a migration has a transaction open. */
  writesBesideChild: boolean
  schemas: boolean
  /** Django's backend makes an aware time of what the driver gives it (`convert_datetimefield_value`), and dies of what is no datetime. */
  convertsTimes: boolean
  /** Whoever waits for the table makes those wait who come after; elsewhere a try fails at once. */
  waitingBlocks: boolean
  /** Whom a session's lock keeps out: whoever uses this database, or only those who use this server of a cluster. */
  sessionLocks: 'everybody' | 'one-node'
  /** The table can be taken so that nobody reads it; elsewhere two edits exclude each other, and a reader sees the state before. */
  tableLocks: boolean
  /** The counter of the ids is one that can be put back. */
  counters: boolean
  /** Of a table's name (Django: `connection.ops.max_name_length()`); null for none. */
  maxNameLength: number | null
}
