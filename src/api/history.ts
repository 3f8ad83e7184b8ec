import { type EventRecord, findOperation, type Operation, prunedOf, targetOf } from '../journal/index.js'
import type { HistoryListResult, OperationResult, OperationSummary } from './results.js'
import { GLANCE, glance, warnUnfinished } from './unfinished.js'
import type { Workspace } from './workspace.js'

export interface HistoryArgs {
  /** Id or unique prefix. */
  operation?: string | undefined
  limit?: number | undefined
}

/** The journal, newest first; without side tables it is empty. With an operation all about that one. */
export async function history(workspace: Workspace, args: HistoryArgs & { operation: string }): Promise<OperationResult>
export async function history(workspace: Workspace, args: HistoryArgs & { operation?: undefined }): Promise<HistoryListResult>
export async function history(workspace: Workspace, args: HistoryArgs): Promise<HistoryListResult | OperationResult>
export async function history(workspace: Workspace, args: HistoryArgs): Promise<HistoryListResult | OperationResult> {
  const { database } = workspace
  const limit = args.limit ?? GLANCE
  const seen = database.hasTable ? await database.reading(() => glance(database, args.operation === undefined ? limit : GLANCE)) : null
  await warnUnfinished(workspace, seen)
  const { operation: named } = args
  if (named === undefined) return { operations: (seen?.newest ?? []).slice(0, limit).map(summary) }
  const operation = await database.reading(() => findOperation(database, named))
  const { changes: _counts, ...rest } = summary(operation)
  return { operation: { ...rest, snapshot: operation.snapshot, changes: operation.changes, events: operation.events.map(shownEvent) } }
}

function shownEvent({ at, event, detail, problem }: EventRecord): OperationResult['operation']['events'][number] {
  return { at, event, detail, ...(problem === null ? {} : { problem }) }
}

function summary(operation: Operation): OperationSummary {
  const { id, kind, status, startedAt, finishedAt, actor, host, reason, command, changes, undoes, undoneBy, readable } = operation
  return {
    id,
    kind,
    target: targetOf(operation),
    status,
    startedAt,
    finishedAt,
    actor,
    host,
    reason,
    command,
    undoes,
    undoneBy,
    readable,
    copyPrunedAt: prunedOf(operation)?.at ?? null,
    changes: { removed: changes.removed.length, added: changes.added.length, updated: changes.updated.length },
  }
}
