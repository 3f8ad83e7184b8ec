import { type Operation, unfinished } from '../journal/index.js'
import type { Workspace } from './workspace.js'

/** Reading commands say that an operation is unfinished, or in progress while its lock is held; they never fail for it. */
export async function warnUnfinished(workspace: Workspace, known?: readonly Operation[]): Promise<void> {
  const { database } = workspace
  if (!database.hasTable) return
  const operations = known ?? (await workspace.operations())
  const [operation] = unfinished(operations ?? [])
  if (!operation) return
  const missing = operation.events.some(({ event }) => event === 'lifted')
  const holder = await database.dialect.advisoryLockHolder(database.edit, database.table)
  workspace.warnings.add(
    'unfinished-operation',
    holder
      ? `the operation ${operation.id} (${operation.kind}) is in progress (${holder})${missing ? ', so rows may be missing for now' : ''}`
      : `the operation ${operation.id} (${operation.kind}) was interrupted${missing ? ', so rows may be missing' : ''}; run "migstate recover"`,
  )
}
