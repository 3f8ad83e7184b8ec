import { findOperation, type Operation, readOperations } from '../journal/index.js'
import type { HistoryResult, OperationResult, OperationSummary } from './results.js'
import { warnUnfinished } from './unfinished.js'
import type { Workspace } from './workspace.js'

export interface HistoryArgs {
  /** Id or unique prefix. */
  operation?: string | undefined
  limit?: number | undefined
}

/** The journal, newest first; without side tables it is empty. */
export async function history(workspace: Workspace, args: HistoryArgs): Promise<HistoryResult | OperationResult> {
  const { database } = workspace
  const operations = database.hasTable ? await database.reading(() => readOperations(database)) : []
  if (database.hasTable) await warnUnfinished(workspace, operations)
  if (args.operation === undefined) return { operations: operations.slice(0, args.limit ?? 50).map(summary) }
  const operation = findOperation(operations, args.operation)
  const { changes: _counts, ...rest } = summary(operation)
  return { operation: { ...rest, snapshot: operation.snapshot, changes: operation.changes, events: operation.events, undoneBy: operation.undoneBy } }
}

function summary(operation: Operation): OperationSummary {
  const { id, kind, status, startedAt, finishedAt, actor, host, reason, command, changes } = operation
  return {
    id,
    kind,
    status,
    startedAt,
    finishedAt,
    actor,
    host,
    reason,
    command,
    changes: { removed: changes.removed.length, added: changes.added.length, updated: changes.updated.length },
  }
}
