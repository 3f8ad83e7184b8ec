/** What one run did to a table, row by row. */
export interface RowChanges {
  inserted: number
  updated: number
  deleted: number
}

export interface RunReport {
  outcome: 'ran' | 'failed'
  durationMs: number
  /** `operation`: its index; `line`: of the migration's file. */
  error: { exception: string; message: string; operation: number | null; line: number | null } | null
  rows: Record<string, RowChanges>
}

/** `key`: the primary key as text. */
export interface Example {
  change: 'inserted' | 'updated' | 'deleted'
  key: Record<string, string>
}

export interface Difference extends RowChanges {
  table: string
  examples: Example[]
}

/** What would have got out, or may have. */
export interface Outside {
  kind: 'mail' | 'connect' | 'file' | 'process' | 'commit' | 'callback' | 'sequence' | 'alias'
  what: string
  line: number | null
}

export type Answer = 'repeatable' | 'changes-more' | 'would-fail' | 'cannot-rehearse' | 'unknown' | 'ran'

/** One migration of a rehearsal. */
export interface Rehearsal {
  target: [app: string, name: string]
  outcome: 'ran' | 'failed' | 'cannot-rehearse'
  answer: Answer
  /** One sentence for a person. */
  verdict: string
  /** A second run changes no row; null where there was none, or it cannot be known. */
  idempotent: boolean | null
  runs: RunReport[]
  /** Between the first run and the second. */
  differences: Difference[]
  outside: Outside[]
  /** Beginnings of the statements by which it changes the schema: what is compared are rows. */
  defines: string[]
  compared: { tables: number; rows: number; left: string[] }
}
