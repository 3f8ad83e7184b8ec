import { EMPTY, hasChanges, isUndoable, planRollbackOf, rollbackSequence } from '../change/index.js'
import type { Database, Row } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import {
  findOperation,
  idToType,
  newestOperation,
  NO_CHANGES,
  type Operation,
  operationsDownTo,
  refuseIncredibleCounter,
  refuseUnbelievable,
  refuseUnreadable,
  targetOf,
} from '../journal/index.js'
import { nextPlan, runChange, settle } from './change-flow.js'
import type { Interaction } from './interaction.js'
import type { RollbackResult, UndoneOperation } from './results.js'
import type { Workspace } from './workspace.js'

export interface RollbackArgs {
  /** Id or unique prefix; without: the newest done operation that changed a row. */
  operation?: string | undefined
  /** Id or unique prefix: everything down to and including this operation, as one. */
  to?: string | undefined
  dryRun?: boolean | undefined
  /** Nobody is asked (`--yes`): then an operation of somebody else, or an old one, has to be named. */
  unattended?: boolean | undefined
  reason?: string | undefined
}

/** Older operations are not undone by guess. */
const RECENT_MS = 3_600_000

/** Undoes operations exactly, and is itself one: twice is redo. */
export async function rollback(workspace: Workspace, args: RollbackArgs, ui: Interaction): Promise<RollbackResult> {
  const { database } = workspace
  if (args.operation !== undefined && args.to !== undefined)
    throw new MigstateError('usage', 'Name one operation, or with --to the last one to undo, not both.', {
      hint: `migstate rollback --to ${args.to}`,
    })
  const opening = await settle(workspace, ui, args.dryRun ?? false)
  const { operations, undoneBy } = await database.reading(() => chosen(database, args))
  for (const operation of operations) refuseUnreadable(database, operation)
  const undoes = operations.map(describe)
  const nothing = async (): Promise<RollbackResult> => {
    const next = nextPlan(workspace, (await workspace.read()).rows)
    return { operation: null, dryRun: args.dryRun ?? false, changes: NO_CHANGES, next, creates: [], undoes, undoneBy: undoneBy && describe(undoneBy) }
  }
  if (operations.length === 0 || undoneBy !== null) return nothing()
  const snapshots = new Map<Operation, readonly Row[]>()
  await database.reading(async () => {
    for (const operation of operations) if (hasChanges(operation)) snapshots.set(operation, await refuseUnbelievable(database, operation))
  })
  if (args.unattended && !args.dryRun && args.operation === undefined && args.to === undefined) refuseGuess(operations[0] as Operation, workspace.actor)
  const ids = operations.map((operation) => operation.id)
  const notes = operations.some(({ kind }) => kind === 'rerun' || kind === 'run')
    ? ['Only rows are put back: what the migration did to data and schema is not undone.']
    : []
  const result = await runChange(
    workspace,
    opening,
    {
      kind: 'rollback',
      plan: (now) => {
        refuseIncredibleCounter(operations.at(-1)?.sequence.before ?? null, now)
        return operations.some(hasChanges) ? planRollbackOf(operations, now, snapshots) : EMPTY
      },
      edit: (now) => ({ sequence: rollbackSequence(operations, now), detail: { undoes: ids[0], ...(ids.length > 1 ? { undoesAll: ids } : {}) } }),
      question: {
        title: `rollback of ${sayShort(undoes)}`,
        notes: [...undoes.map((one) => `Undoes ${sayOne(one)}.`), ...notes],
        ask: 'Put these rows back?',
      },
      dryRun: args.dryRun ?? false,
      reason: args.reason ?? null,
    },
    ui,
  )
  if (result.operation) for (const note of notes) ui.say(note)
  return { ...result, undoes, undoneBy: null }
}

async function chosen(database: Database, args: RollbackArgs): Promise<{ operations: Operation[]; undoneBy: Operation | null }> {
  if (args.to !== undefined) return { operations: (await operationsDownTo(database, args.to)).filter(isUndoable), undoneBy: null }
  const operation = args.operation === undefined ? await newestOperation(database, isUndoable) : await findOperation(database, args.operation)
  if (!operation) return { operations: [], undoneBy: null }
  if (operation.finishedAt === null)
    throw new MigstateError('unfinished-operation', `The operation ${operation.id} (${operation.kind}) is unfinished, so there is nothing to roll back yet.`, {
      details: { operation: operation.id },
    })
  return { operations: [operation], undoneBy: operation.undoneBy === null ? null : await findOperation(database, operation.undoneBy) }
}

/** @throws MigstateError `name-the-operation` */
function refuseGuess(operation: Operation, actor: string): void {
  const age = Date.now() - Date.parse(operation.finishedAt ?? operation.startedAt)
  const old = Number.isNaN(age) ? 'nobody can tell when it was' : age > RECENT_MS ? `it is ${sayAge(age)} old` : null
  const why = operation.actor !== actor ? `it is of ${operation.actor} and not of ${actor}` : old
  if (why === null) return
  throw new MigstateError('name-the-operation', `The newest operation is ${sayOne(describe(operation))}; ${why}, and with --yes nobody is asked.`, {
    hint: `If it is the one: migstate rollback${idToType(operation.id) || ' OPERATION'} --yes`,
    details: { operation: operation.id },
  })
}

function sayAge(ms: number): string {
  const hours = Math.floor(ms / 3_600_000)
  return hours < 48 ? `${hours} hour${hours === 1 ? '' : 's'}` : `${Math.floor(hours / 24)} days`
}

function describe(operation: Operation): UndoneOperation {
  const { id, kind, actor, host, startedAt, reason } = operation
  return { id, kind, target: targetOf(operation), actor, host, startedAt, reason }
}

function sayShort(undoes: readonly UndoneOperation[]): string {
  const [first] = undoes
  return undoes.length === 1 && first ? `${first.kind} ${first.target}`.trim() : `${undoes.length} operations`
}

function sayOne({ id, kind, target, actor, host, startedAt, reason }: UndoneOperation): string {
  const why = reason === null ? '' : `, "${reason}"`
  // In the form in which every time is shown: six digits, UTC.
  const at = startedAt.replace('T', ' ').replace(/\.(\d{3})Z$/, '.$1000+00')
  return `${`${kind} ${target}`.trim()} (${id}, by ${actor} on ${host} at ${at}${why})`
}
