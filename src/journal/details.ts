import type { Row } from '../database/index.js'
import type { Outcome, SnapshotHeader } from './records.js'
import { digits, list, object, oneOf, optional, orNull, pid, sha256, type Shape, text, texts, tuple, whole, yesOrNo } from './shapes.js'

/** In the detail of the event `lifted`: everything that `recover` needs, from any machine, without the project. */
export interface Lifted {
  app: string
  name: string
  /** The last one is kept and gets the new time. */
  target: Row[]
  hidden: Row[]
  /** --reverse-first: what the way back migrates to. */
  reverse: string | null
  /** Ids that were in the table after the lift; a row with another id came in meanwhile. */
  rest: string[]
  unrecordedSquashes: [app: string, name: string][]
  /** An absent target row proves that the migration did not run, once every session of the child is gone. */
  absentMeansNotRun: boolean
  /** Sessions of the child carry the operation's name where the database shows names. */
  namedSessions: boolean
  /** The command is only the client of a container or another machine: when it is gone, manage.py may go on. Absent in older journals. */
  remote?: boolean
  /** For `applied` if a person says that it ran: IANA name, or null for UTC. */
  timeZone: string | null
  sequence: string | null
}

/** In the detail of the event `shadowed`: everything that `recover` needs, from any machine, without the project. */
export interface Shadowed {
  app: string
  name: string
  /** The last one is kept and gets the new time. */
  target: Row[]
  /** A first run: what is recorded in the end. Absent for a rerun, and in journals that were written before there were first runs. */
  records?: [app: string, name: string][]
  /** What Django does not see besides the target while it runs. */
  hidden: Row[]
  /** The halves in their order: `backward` only with --reverse-first. */
  halves: Half[]
  /** A session of the child can be seen from other machines. */
  showsSessions: boolean
  /** Who starts the child is on the machine where Django runs: its process tells whether it lives. */
  local: boolean
  /** For `applied`: IANA name, or null for UTC. */
  timeZone: string | null
  sequence: string | null
}

export type Half = 'backward' | 'forward'

/** Detail of the event `ready`: what Django says about the migration. */
export interface Ready {
  pid: number
  host: string
  django: string
  python: string
  atomic: boolean
  canRollbackDdl: boolean
  /** Statements are watched (Django 2.0 and later), so that a commit behind a transaction's back is marked. */
  watched: boolean
  /** Class of each operation, and whether it is a RunPython with a transaction of its own on a database that needs one. */
  operations: [type: string, transactional: boolean][]
}

/** Detail of the event `child-started`, written before the child does anything. */
export interface ChildStarted {
  pid: number
  /** When the process began, in the system's own words; tells a reused pid from the child. */
  startTime: string | null
  host: string
  command: string
  half?: string
}

export interface ChildExited {
  exitCode: number | null
  signal: string | null
  /** The last lines of its output. */
  tail: string[]
  durationMs: number
  /** By Ctrl-C or `--timeout`. */
  stopped?: boolean
  /** Shadow mode: manage.py itself has said that it came to its end, in whatever way. */
  ended?: boolean
}

/** Detail of `sequence-pending`: the rows are committed, the counter still has to be put back. */
export interface SequenceStep {
  operation: string
  /** The counter as the edit left it. */
  expected: string
  wanted: string
  /** The event that the operation gets afterwards. */
  then: string
  outcome: Outcome & Record<string, unknown>
}

/** Detail of `settled`, of no operation: all operations up to this one have ended. */
export interface Settled {
  /** The `seq` of its row. */
  through: string
}

/** Detail of `snapshot-pruned`, of the operation whose copy is no longer kept. */
export interface Pruned {
  /** Of the snapshot. */
  id: string
  actor: string
}

/** Detail of `rehearsed`, of no operation: what `rehearse --record` has seen. */
export interface Rehearsed {
  app: string
  name: string
  answer: string
  /** The sentence for people. */
  verdict: string
  /** sha256 of the migration's file; null where it was not found. */
  file: string | null
  /** Digest of all rows of the history, as a snapshot has it. */
  history: string
  engine: string
  database: string
  actor: string
}

/** What the events that something follows from carry. */
export interface Details {
  snapshot: SnapshotHeader
  lifted: { lifted: Lifted }
  shadowed: { shadowed: Shadowed }
  'child-started': ChildStarted
  'child-exited': ChildExited
  ready: Ready
  'reverse-ready': Ready
  'sequence-pending': SequenceStep
  done: Outcome
  failed: Outcome
  aborted: Outcome
  'snapshot-pruned': Pruned
  rehearsed: Rehearsed
}

const counter = orNull(digits)
// Django's column allows no null in `applied`; a table that was made by hand may.
const row = object({
  id: text,
  app: text,
  name: text,
  applied: orNull(text),
  appliedType: optional(oneOf('integer', 'real', 'blob', 'null')),
  extra: optional(texts),
  nulls: optional(list(oneOf('id', 'app', 'name'))),
})
const rows = list(row)
const pair = tuple(text, text)
const changes = object({ removed: rows, added: rows, updated: list(object({ before: row, after: row })) })
const outcome = object({
  changes,
  sequence: object({ before: counter, after: counter }),
  undoes: optional(text),
  undoesAll: optional(list(text)),
  saw: optional(text),
})
const ready = object({
  pid,
  host: text,
  django: text,
  python: text,
  atomic: yesOrNo,
  canRollbackDdl: yesOrNo,
  watched: yesOrNo,
  operations: list(tuple(text, yesOrNo)),
})
const marked = object({ rows: optional(orNull(object({}))) })

/** What the detail of each event has to be; of one that is not here nothing is asked, and nothing follows from it. */
const SHAPES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  [
    'snapshot',
    object({ id: text, rows: whole, digest: sha256, sequence: counter, engine: text, database: text, reason: optional(text), actor: optional(text) }),
  ],
  [
    'lifted',
    object({
      lifted: object({
        app: text,
        name: text,
        target: list(row, 1),
        hidden: rows,
        reverse: orNull(text),
        rest: list(text),
        unrecordedSquashes: list(pair),
        absentMeansNotRun: yesOrNo,
        namedSessions: yesOrNo,
        remote: optional(yesOrNo),
        timeZone: orNull(text),
        sequence: counter,
      }),
    }),
  ],
  [
    'shadowed',
    object({
      shadowed: object({
        app: text,
        name: text,
        target: rows,
        records: optional(list(pair)),
        hidden: rows,
        halves: list(oneOf('backward', 'forward'), 1),
        showsSessions: yesOrNo,
        local: yesOrNo,
        timeZone: orNull(text),
        sequence: counter,
      }),
    }),
  ],
  ['child-started', object({ pid, startTime: orNull(text), host: text, command: text, half: optional(text) })],
  ['child-exited', object({ exitCode: orNull(whole), signal: orNull(text), tail: optional(list(text)), stopped: optional(yesOrNo), ended: optional(yesOrNo) })],
  ['ready', ready],
  ['reverse-ready', ready],
  ['applied', marked],
  ['unapplied', marked],
  ['sequence-pending', object({ operation: text, expected: digits, wanted: digits, then: oneOf('done', 'failed', 'aborted'), outcome })],
  ['done', outcome],
  ['failed', outcome],
  ['aborted', outcome],
  ['settled', object({ through: digits })],
  ['snapshot-pruned', object({ id: text, actor: text })],
  [
    'rehearsed',
    object({ app: text, name: text, answer: text, verdict: text, file: orNull(sha256), history: sha256, engine: text, database: text, actor: text }),
  ],
])

export function shapeOf(event: string): Shape | undefined {
  return SHAPES.get(event)
}
