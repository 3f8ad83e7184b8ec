import { withOperationLock } from '../change/index.js'
import type { Database } from '../database/index.js'
import { countInterrupts, type Interrupts } from './interrupts.js'
import type { HalfVerdict, OpenedRerun, RerunMode } from './mode.js'
import type { RerunOutcome } from './outcome.js'
import type { RerunRequest } from './request.js'
import { shadowMode } from './shadow/shadow-mode.js'
import { tableMode } from './table/table-mode.js'

/**
 * Runs the target again under one advisory lock.
 * @throws MigstateError `manage-failed` `django-does-not-start` `other-database` `shadow-unavailable` `pending-migrations`
 *   `django-would-refuse` `pooler` `interrupted` (the history is as before), `unfinished-operation` `outcome-unknown` (`recover` goes on)
 */
export function rerunMigration(database: Database, mode: 'shadow' | 'table', request: RerunRequest): Promise<RerunOutcome> {
  if (mode === 'table') return drive(database, request, tableMode(database, request), 'change')
  return drive(database, request, shadowMode(database, request), request.sameRole ? 'shadow' : 'change')
}

async function drive<Opened extends OpenedRerun, Run, Verdict extends HalfVerdict>(
  database: Database,
  { operation, patience, ui }: RerunRequest,
  mode: RerunMode<Opened, Run, Verdict>,
  purpose: 'change' | 'shadow',
): Promise<RerunOutcome> {
  const lock = { patience, multiStep: true, name: `migstate ${operation.kind} ${operation.id}`, makeJournal: true, purpose }
  return withOperationLock(database, lock, async () => {
    const interrupts = countInterrupts(ui, mode.promise)
    try {
      const opened = await mode.open(interrupts)
      return await mode.close(opened, await runHalves(mode, opened, interrupts), interrupts)
    } finally {
      interrupts.stop()
    }
  })
}

/** @returns the verdict on the last half, or on the first one that has not run */
async function runHalves<Opened extends OpenedRerun, Run, Verdict extends HalfVerdict>(
  mode: RerunMode<Opened, Run, Verdict>,
  opened: Opened,
  interrupts: Interrupts,
): Promise<Verdict> {
  let verdict: Verdict | null = null
  for (const half of opened.halves) {
    verdict = await mode.stops(opened, half, interrupts)
    verdict ??= await mode.judge(opened, half, await mode.run(opened, half, interrupts), interrupts)
    if (!verdict.ran) break
  }
  if (!verdict) throw new Error('a rerun without its forward half')
  return verdict
}
