import { withOperationLock } from '../change/index.js'
import type { Database } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { findOperation, idToType, NO_CHANGES, type Operation, unfinishedOperations } from '../journal/index.js'
import { previewRecovery, type Recovery, recoverOperation, refuseForged } from '../recovery/index.js'
import { lookAfterwards, nextPlan, patienceOf, whereOf } from './change-flow.js'
import type { Interaction } from './interaction.js'
import { type ChangeResult, preview } from './results.js'
import { zoneStamper } from './stamp.js'
import type { Workspace } from './workspace.js'

export interface RecoverArgs {
  /** Id or unique prefix; without: every unfinished operation. */
  operation?: string | undefined
  assume?: 'applied' | 'not-applied' | undefined
  dryRun?: boolean | undefined
}

/** Finishes or undoes what was interrupted, from any machine, without the project. Twice is once. */
export async function recover(workspace: Workspace, args: RecoverArgs, ui: Interaction): Promise<ChangeResult> {
  const { database, warnings } = workspace
  database.requireTable()
  const { operation: wanted } = args
  const named = wanted === undefined ? undefined : await database.reading(() => findOperation(database, wanted))
  const before = await unfinishedNow(database)
  const nothing: ChangeResult = { operation: null, dryRun: args.dryRun ?? false, changes: NO_CHANGES, next: null, creates: [] }
  const nothingToDo = before.length === 0 || (named && named.finishedAt !== null)
  if (nothingToDo && !args.dryRun) await database.dialect.refuseUnsafeServer(database.edit, 'answer')
  if (nothingToDo) return { ...nothing, next: nextPlan(workspace, (await workspace.read()).rows) }
  const patience = patienceOf(workspace, ui)
  if (args.dryRun) {
    const [operation] = before.filter((one) => named === undefined || one.id === named.id)
    const request = {
      operation: operation as Operation,
      assume: args.assume,
      patience,
      stamp: (zone: string | null) => zoneStamper(database, zone),
      warnings,
      say: ui.say,
    }
    return { ...nothing, changes: await previewRecovery(database, request) }
  }
  let last: { id: string; kind: string; snapshot: string; recovery: Recovery } | undefined
  await withOperationLock(database, { patience, multiStep: true, name: 'migstate recover', makeJournal: false, allowUnfinished: true }, async () => {
    // What was unfinished before the lock may have been finished by the one who held it.
    const open = await unfinishedNow(database)
    const chosen = open.filter((one) => named === undefined || one.id === named.id)
    await refuseAny(database, chosen)
    for (const operation of chosen) {
      ui.say(
        `Recovering operation ${operation.id} (${operation.kind}, started ${operation.startedAt} by ${operation.actor} on ${operation.host}) on ${whereOf(workspace)} …`,
      )
      database.effects.begin(operation.id)
      const stamp = (zone: string | null) => zoneStamper(database, zone)
      const recovery = await recoverOperation(database, { operation, assume: args.assume, patience, stamp, warnings, say: ui.say })
      last = { id: operation.id, kind: operation.kind, snapshot: operation.snapshot, recovery }
    }
  })
  if (!last) return { ...nothing, next: nextPlan(workspace, (await workspace.read()).rows) }
  const { recovery, ...operation } = last
  const { removed, added, updated } = recovery.changes
  const now = await lookAfterwards(workspace, () => workspace.read())
  return {
    operation: { ...operation, status: recovery.status },
    dryRun: false,
    changes: preview({ remove: removed, add: added, update: updated }),
    next: now && nextPlan(workspace, now.rows),
    creates: [],
  }
}

/** Also those that were found to have ended: a DBA may have taken a forged end out of the journal since. */
function unfinishedNow(database: Database): Promise<Operation[]> {
  return database.reading(() => unfinishedOperations(database, { everywhere: true }))
}

/** Of several none is begun when one of them cannot be believed; the others can be named. @throws MigstateError `damaged-journal` `newer-format` */
async function refuseAny(database: Database, operations: readonly Operation[]): Promise<void> {
  const sound: Operation[] = []
  let refusal: MigstateError | undefined
  for (const operation of operations) {
    try {
      await refuseForged(database, operation)
      sound.push(operation)
    } catch (error) {
      if (!(error instanceof MigstateError)) throw error
      refusal ??= error
    }
  }
  if (!refusal) return
  const others = sound.map(({ id }) => `migstate recover${idToType(id)}`).join(', ')
  const hint = others === '' ? refusal.hint : `${refusal.hint}\nThe others can be recovered one by one: ${others}`
  throw refusal.with({ hint })
}
