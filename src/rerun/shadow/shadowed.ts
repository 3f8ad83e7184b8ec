import type { Row } from '../../database/index.js'

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

/** The names of a half's events in the journal. */
export interface HalfEvents {
  /** Everything is proven, nothing has run. */
  ready: string
  /** `%d`: the operation's index. */
  operation: string
  /** Before a statement that commits behind a transaction's back (MySQL manual 15.3.3). */
  commits: string
  /** `Migration.apply` or `unapply` has returned, in the migration's own transaction where there is one. */
  whole: string
  /** The executor has returned. */
  end: string
}

export const EVENTS: Readonly<Record<Half, HalfEvents>> = {
  forward: { ready: 'ready', operation: 'op:%d', commits: 'commits:%d', whole: 'applied', end: 'finished' },
  backward: { ready: 'reverse-ready', operation: 'reverse-op:%d', commits: 'reverse-commits:%d', whole: 'unapplied', end: 'reverse-finished' },
}

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
