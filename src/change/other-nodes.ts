import { hostname } from 'node:os'
import type { Database } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { eventsOf, Journal, type Operation, unfinishedOperations } from '../journal/index.js'
import { refuseInterrupted, type Patience } from './begin-edit.js'
import { EndedMeanwhile } from './ended-meanwhile.js'

/** Milliseconds: a little longer than two signs of life of a rerun lie apart (rerun/run-child). */
const SILENCE = 12_500

/**
 * Where a lock reaches one node of a cluster only, tools on other nodes are seen in the journal alone. Asked inside an edit, which excludes
 * every other edit: of operations that others have begun when this one begins, and of this one's own end when it goes on.
 * @throws MigstateError `unfinished-operation` `table-changed`
 */
export async function refuseOtherNodes(database: Database, operation: string, opens: boolean): Promise<void> {
  if (database.dialect.capabilities.sessionLocks === 'everybody') return
  const running = await unfinishedOperations(database)
  const [other] = running.filter(({ id }) => id !== operation)
  if (opens && other) throw elsewhere(other, 'is unfinished: another node is at work on it, or it was interrupted')
  if (!opens && !running.some(({ id }) => id === operation))
    throw new EndedMeanwhile(
      operation,
      await new Journal(database).endOf(operation),
      `The operation ${operation} has been ended from another node of the cluster.`,
    )
}

/**
 * What is to be recovered may be at work on another node, where its lock cannot be seen: its process here, or its signs of life in the journal, tell.
 * @throws MigstateError `unfinished-operation` `interrupted`
 */
export async function refuseLivingElsewhere(database: Database, patience: Patience): Promise<void> {
  if (database.dialect.capabilities.sessionLocks === 'everybody') return
  const open = await database.reading(() => unfinishedOperations(database, { everywhere: true }))
  const silent: Operation[] = []
  for (const operation of open) {
    if (operation.host !== hostname()) silent.push(operation)
    else if (lives(Number(operation.pid))) throw elsewhere(operation, `is in progress on another node (process ${operation.pid} of this machine)`)
  }
  if (silent.length === 0) return
  const count = (operation: Operation) => database.reading(async () => (await eventsOf(database, operation.id)).length)
  const before = await Promise.all(silent.map((operation) => count(operation)))
  for (const end = Date.now() + SILENCE; Date.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 250))
    await refuseInterrupted(patience)
  }
  for (const [index, operation] of silent.entries())
    if ((await count(operation)) !== before[index]) throw elsewhere(operation, `is in progress on another node (${operation.host})`)
}

function lives(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}

function elsewhere({ id, kind, startedAt, actor, host }: Operation, state: string): MigstateError {
  return new MigstateError('unfinished-operation', `The operation ${id} (${kind}, started ${startedAt} by ${actor} on ${host}) ${state}.`, {
    hint: 'Wait until it has ended; if it was interrupted, run "migstate recover".',
    details: { operation: id },
  })
}
