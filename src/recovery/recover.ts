import { failpoint } from '../config/index.js'
import type { Database } from '../database/index.js'
import { type Changes, detailOf, type Operation, refuseIncredibleCounter, refuseUnbelievable } from '../journal/index.js'
import { counterPending } from './counter-pending.js'
import type { Interruption, RecoverRequest, Recovery } from './interruption.js'
import { judgeLifted } from './lifted.js'
import { judgeShadowed } from './shadowed.js'
import { unchanged } from './unchanged.js'

/** Finishes or undoes an interrupted operation from what the journal says; under the advisory lock. */
export async function recoverOperation(database: Database, request: RecoverRequest): Promise<Recovery> {
  const interruption = await judgeOperation(database, request)
  await failpoint('recover-judged')
  // Once it is known what to do, only an interrupt ends the waiting.
  return interruption.finish({ ...request.patience, deadline: Number.POSITIVE_INFINITY })
}

/** What `recoverOperation` would do to the rows as they are now; writes nothing, takes no lock. */
export async function previewRecovery(database: Database, request: RecoverRequest): Promise<Changes> {
  return (await judgeOperation(database, request)).preview()
}

/** @throws MigstateError `outcome-unknown` where only a person can know, `unfinished-operation` while the child lives */
async function judgeOperation(database: Database, request: RecoverRequest): Promise<Interruption> {
  const { operation } = request
  await refuseForged(database, operation)
  const step = detailOf(database, operation, 'sequence-pending')
  if (step) return counterPending(database, request, step)
  const shadowed = detailOf(database, operation, 'shadowed')?.shadowed
  if (shadowed) return judgeShadowed(database, request, shadowed)
  const lifted = detailOf(database, operation, 'lifted')?.lifted
  return lifted ? judgeLifted(database, request, lifted) : unchanged(database, request)
}

/**
 * What is about to be written is in the operation's own snapshot, and the counter is near the table.
 * @throws MigstateError `damaged-journal` `newer-format`
 */
export async function refuseForged(database: Database, operation: Operation): Promise<void> {
  await database.reading(async () => {
    await refuseUnbelievable(database, operation)
    const now = await database.readHistory()
    const lifted = detailOf(database, operation, 'lifted')?.lifted
    const out = lifted ? [...lifted.target, ...lifted.hidden] : []
    refuseIncredibleCounter(lifted?.sequence ?? null, now, out)
    refuseIncredibleCounter(detailOf(database, operation, 'sequence-pending')?.wanted ?? null, now, out)
  })
}
