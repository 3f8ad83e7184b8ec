import type { Row } from '../../database/index.js'

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
