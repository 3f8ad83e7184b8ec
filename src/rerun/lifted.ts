import type { Row } from '../database/index.js'
import type { EventRecord } from '../journal/index.js'

/** In the detail of the event `lifted`: everything that `recover` needs, from any machine, without the project. */
export interface Lifted {
  app: string
  name: string
  /** The last one is kept and gets the new time. */
  target: Row[]
  hidden: Row[]
  /** Ids that were in the table after the lift; a row with another id came in meanwhile. */
  rest: string[]
  unrecordedSquashes: [app: string, name: string][]
  /** An absent target row proves that the migration did not run, once every session of the child is gone. */
  absentMeansNotRun: boolean
  /** Sessions of the child carry the operation's name where the database shows names. */
  namedSessions: boolean
  /** For `applied` if a person says that it ran: IANA name, or null for UTC. */
  timeZone: string | null
  sequence: string | null
}

/** Detail of the event `child-started`, written before the child does anything. */
export interface ChildStarted {
  pid: number
  /** When the process began, in the system's own words; tells a reused pid from the child. */
  startTime: string | null
  host: string
  command: string
}

export interface ChildExited {
  exitCode: number | null
  signal: string | null
  /** The last lines of its output. */
  tail: string[]
  durationMs: number
}

export function detailOf<T>(events: readonly EventRecord[], name: string): T | null {
  return (events.findLast((event) => event.event === name)?.detail as T | undefined) ?? null
}

/** The name that the child's database sessions carry. */
export function sessionName(operation: string): string {
  return `migstate:${operation}`
}
