import { hostname } from 'node:os'
import type { Patience } from '../change/index.js'
import type { Database } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { isAlive, isPython, startTimeOf } from './process.js'
import type { ChildExited, ChildStarted } from '../journal/index.js'
import { sessionName } from './run-child.js'

/** A child that an interrupted operation has left, and what can be seen of it from here. */
export interface LeftChild {
  operation: string
  started: ChildStarted
  /** Its process is the one that works in the database, not a client of a container or another machine. */
  local: boolean
  /** Its database sessions carry the operation's name or lock. */
  showsSessions: boolean
  /** Where it says itself that it runs. */
  says?: { pid: number; host: string } | undefined
}

/** A child that can be seen alive is waited for, as long as `--lock-timeout` says. @throws MigstateError `unfinished-operation` `interrupted` */
export async function waitForChild(database: Database, child: LeftChild, patience: Patience, say: (line: string) => void): Promise<void> {
  let told = 0
  for (;;) {
    const alive = await signOfLife(database, child)
    if (alive === null) return
    if (Date.now() >= patience.deadline)
      throw new MigstateError('unfinished-operation', `manage.py of operation ${child.operation} is still running (${alive}).`, {
        hint: 'Wait until it has ended, or end it, then run "migstate recover" again.',
        details: { operation: child.operation },
      })
    if (patience.signal?.aborted) throw new MigstateError('interrupted', 'Interrupted while waiting for manage.py.')
    if (Date.now() - told > 10_000) {
      told = Date.now()
      say(`Waiting for manage.py to end (${alive}) …`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function signOfLife(database: Database, { operation, started, says }: LeftChild): Promise<string | null> {
  if (started.host === hostname() && isAlive(started.pid, started.startTime)) return `process ${started.pid}`
  if (says?.host === hostname() && startTimeOf(says.pid) !== null && isPython(says.pid)) return `process ${says.pid}`
  const [session] = (await database.dialect.sessionsNamed(database.edit, sessionName(operation))) ?? []
  return session ?? null
}

/** Whether every session of the child is known to be gone. */
export async function childIsGone(database: Database, child: LeftChild): Promise<boolean> {
  const { operation, started, local, showsSessions, says } = child
  if ((await signOfLife(database, child)) !== null) return false
  if (showsSessions) return (await database.dialect.sessionsNamed(database.edit, sessionName(operation)))?.length === 0
  // Without names only this machine's own processes can be seen; what was started elsewhere cannot.
  return says ? says.host === hostname() : local && started.host === hostname()
}

/** Where it ran, for the one who has to look. */
export function whereItRan({ started }: LeftChild, exited: ChildExited | null): string {
  if (exited !== null && exited.exitCode !== null) return `manage.py ended (exit ${exited.exitCode}).`
  if (started.host === hostname()) return `manage.py (process ${started.pid}) was killed.`
  return `manage.py ran as process ${started.pid} on ${started.host}, where this machine (${hostname()}) cannot look.`
}
