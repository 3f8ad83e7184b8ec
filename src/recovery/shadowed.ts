import { applyChange, type Patience } from '../change/index.js'
import { failpoint } from '../config/index.js'
import type { Database } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { type Changes, detailOf, eventsOf, Journal, NO_CHANGES, type Shadowed } from '../journal/index.js'
import {
  childIsGone,
  EVENTS,
  type Halves,
  hintReversed,
  judgeHalves,
  type LeftChild,
  planShadowClose,
  refuseDamagedMarkers,
  sayReversed,
  targetIsUntouched,
  type Verdict,
  waitForChild,
  whereItRan,
} from '../rerun/index.js'
import { exitOf, ignoreAssume, type Interruption, type RecoverRequest, type Recovery, rowsNow } from './interruption.js'

interface Judged extends Pick<Halves, 'at' | 'reversed' | 'saw'> {
  verdict: Verdict
}

/**
 * A run in shadow mode: the table was never changed. From the markers, once no session of the child can write one any more.
 * @throws MigstateError `outcome-unknown` where only a person can know, `unfinished-operation` while the child lives
 */
export async function judgeShadowed(database: Database, request: RecoverRequest, shadowed: Shadowed): Promise<Interruption> {
  const judged = await judge(database, request, shadowed)
  return {
    preview: () => preview(database, request, shadowed, judged),
    finish: (patience) => (judged.verdict === 'not-run' ? giveUp(database, request, shadowed, judged) : close(database, request, shadowed, judged, patience)),
  }
}

async function preview(database: Database, request: RecoverRequest, shadowed: Shadowed, { verdict, at }: Judged): Promise<Changes> {
  if (verdict === 'not-run') return NO_CHANGES
  const now = await database.reading(() => database.readHistory())
  const { update, add } = planShadowClose(shadowed, now, request.stamp(shadowed.timeZone)(at)).change
  return { removed: [], added: add.map((row) => ({ ...row, id: '', applied: row.applied ?? '' })), updated: update }
}

/** Nothing happens to the table. */
async function giveUp(database: Database, request: RecoverRequest, shadowed: Shadowed, judged: Judged): Promise<Recovery> {
  const { operation, warnings } = request
  const { reversed } = judged
  const sequence = { before: shadowed.sequence, after: shadowed.sequence }
  const outcome = { changes: NO_CHANGES, sequence, reversed, ...detail(request, judged) }
  await new Journal(database).append(database.edit, operation.id, 'failed', outcome, new Date().toISOString())
  await failpoint('recovered')
  if (reversed) warnings.add('half-done', `${sayReversed(shadowed)} ${hintReversed(shadowed)}`)
  return { changes: NO_CHANGES, status: 'failed', rows: await rowsNow(database) }
}

/** The target's row gets its time. */
async function close(database: Database, request: RecoverRequest, shadowed: Shadowed, judged: Judged, patience: Patience): Promise<Recovery> {
  const { operation, warnings } = request
  const { at } = judged
  const stamp = request.stamp(shadowed.timeZone)
  const result = await applyChange(database, {
    operation,
    opens: false,
    plan: (now) => {
      if (!targetIsUntouched(shadowed, now.rows))
        warnings.add('interleaved', `somebody else has changed or deleted the row of ${shadowed.app}.${shadowed.name} meanwhile; it stays as they left it`)
      return { ...planShadowClose(shadowed, now, stamp(at)), detail: detail(request, judged) }
    },
    stamp,
    patience,
    warnings,
  })
  await failpoint('recovered')
  return { changes: result?.changes ?? NO_CHANGES, status: 'done', rows: result?.rows ?? [] }
}

function detail({ assume }: RecoverRequest, { saw }: Judged) {
  return { recovered: true, saw, assumed: assume ?? null }
}

async function judge(database: Database, request: RecoverRequest, shadowed: Shadowed): Promise<Judged> {
  const { operation } = request
  const started = detailOf(database, operation, 'child-started')
  const decide = (verdict: Verdict, { at, reversed, saw }: Omit<Judged, 'verdict'>): Judged => {
    ignoreAssume(request, verdict, saw)
    return { verdict, at, reversed, saw }
  }
  if (!started) return decide('not-run', { at: null, reversed: false, saw: 'manage.py was never started' })
  const exited = exitOf(database, operation)
  const half = EVENTS[started.half === 'backward' ? 'backward' : 'forward']
  const says = detailOf(database, operation, half.ready) ?? undefined
  const child: LeftChild = { operation: operation.id, started, local: shadowed.local, showsSessions: shadowed.showsSessions, says }
  if (exited?.ended !== true) await waitForChild(database, child, request.patience, request.say)
  const gone = exited?.ended === true || (await childIsGone(database, child))
  const own = await database.reading(() => eventsOf(database, operation.id))
  refuseDamagedMarkers(database, operation, own)
  const halves = judgeHalves(shadowed, own, exited?.ended === true)
  if (halves.outcome === 'ran') return decide('ran', halves)
  if (halves.outcome === 'not-run' && gone) return decide('not-run', halves)
  if (request.assume) {
    const verdict = request.assume === 'applied' ? 'ran' : 'not-run'
    return { verdict, at: null, reversed: halves.reversed, saw: `a person says: ${request.assume}` }
  }
  const name = `${shadowed.app}.${shadowed.name}`
  throw new MigstateError('outcome-unknown', `${whereItRan(child, exited)} Nobody can know whether ${name} ran to its end: ${halves.saw}.`, {
    details: { operation: operation.id },
  })
}
