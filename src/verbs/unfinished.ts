import { inShort, type Operation, unfinished } from '../journal/index.js'
import type { Warnings } from '../errors/index.js'
import type { Workspace } from './workspace.js'

/**
 * Reading commands say that an operation is unfinished, or in progress while its lock is held, and what of the journal cannot be
 * understood; they never fail for it.
 */
export async function warnUnfinished(workspace: Workspace, known?: readonly Operation[]): Promise<void> {
  const { database } = workspace
  if (!database.hasTable) return
  const operations = known ?? (await workspace.operations())
  warnUnreadable(workspace.warnings, operations ?? [])
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

/** Others may write to the side tables too: what is wrong there is named, and the rest is read. */
function warnUnreadable(warnings: Warnings, operations: readonly Operation[]): void {
  for (const { id, format, newer, problems } of operations) {
    if (newer)
      warnings.add('newer-format', `the operation ${inShort(id)} was written by a later migstate (format ${format}), so what it changed cannot be told`)
    for (const problem of problems) warnings.add('damaged-journal', `of operation ${inShort(id)} ${problem}`)
  }
}
