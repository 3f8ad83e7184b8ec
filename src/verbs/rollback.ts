import { EMPTY, hasChanges, newestUndoable, planRollback, rollbackSequence } from '../change/index.js'
import { MigstateError } from '../errors/index.js'
import { findOperation, NO_CHANGES, readOperations } from '../journal/index.js'
import { nextPlan, runChange, settle } from './change-flow.js'
import type { Interaction } from './interaction.js'
import type { ChangeResult } from './results.js'
import type { Workspace } from './workspace.js'

export interface RollbackArgs {
  /** Id or unique prefix; without: the newest done operation that changed a row. */
  operation?: string | undefined
  dryRun?: boolean
  reason?: string | undefined
}

/** Undoes one operation exactly, and is itself an operation: twice is redo. */
export async function rollback(workspace: Workspace, args: RollbackArgs, ui: Interaction): Promise<ChangeResult> {
  const { database } = workspace
  await settle(workspace, ui, args.dryRun ?? false)
  const operations = await database.reading(() => readOperations(database))
  const operation = args.operation === undefined ? newestUndoable(operations) : findOperation(operations, args.operation)
  if (!operation) return { operation: null, dryRun: args.dryRun ?? false, changes: NO_CHANGES, next: nextPlan(workspace, (await workspace.read()).rows) }
  if (operation.finishedAt === null)
    throw new MigstateError(
      'unfinished-operation',
      `The operation ${operation.id} (${operation.kind}) is unfinished, so there is nothing to roll back yet. Nothing was changed.`,
      { details: { operation: operation.id } },
    )
  const notes = operation.kind === 'rerun' ? ['Only the row is put back: what the migration did to data is not undone.'] : []
  const result = await runChange(
    workspace,
    {
      kind: 'rollback',
      plan: (now) => (hasChanges(operation) ? planRollback(operation, now) : EMPTY),
      edit: (now) => ({ sequence: rollbackSequence(operation, now), detail: { undoes: operation.id } }),
      question: { title: `rollback ${operation.id} (${operation.kind}, ${operation.startedAt})`, notes, ask: 'Put these rows back?' },
      dryRun: args.dryRun ?? false,
      reason: args.reason ?? null,
    },
    ui,
  )
  if (result.operation) for (const note of notes) ui.say(note)
  return result
}
