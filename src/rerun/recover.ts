import { applyChange, finishSequence, type Patience } from '../change/index.js'
import { failpoint } from '../config/index.js'
import type { Database, Row } from '../database/index.js'
import { MigstateError, type Warnings } from '../errors/index.js'
import {
  type Changes,
  type Details,
  detailOf,
  type EventRecord,
  eventsOf,
  Journal,
  type Lifted,
  NO_CHANGES,
  type Operation,
  refuseIncredibleCounter,
  refuseUnbelievable,
  type SequenceStep,
  type Shadowed,
} from '../journal/index.js'
import { childIsGone, type LeftChild, waitForChild, whereItRan } from './child-life.js'
import { hintReversed, sayReversed } from './outcome.js'
import { type Halves, judgeHalves } from './shadow/halves.js'
import { planShadowClose, targetIsUntouched } from './shadow/plan-shadow-close.js'
import { refuseDamagedMarkers } from './shadow/markers.js'
import { EVENTS } from './shadow/shadowed.js'
import { gaveUp, mayGoOn } from './table/end-of-child.js'
import { planClose, targetIsBack, targetIsRecorded, type Verdict } from './table/plan-close.js'

export interface RecoverRequest {
  operation: Operation
  /** What a person says; only heard where the facts cannot tell. */
  assume: 'applied' | 'not-applied' | undefined
  /** For the first lock only; once this operation's lock is held, rows are put back whatever it takes. */
  patience: Patience
  /** `applied` for new rows: now, or at an ISO time. */
  stamp(timeZone: string | null): (at?: string | null) => string
  warnings: Warnings
  say(line: string): void
}

export interface Recovery {
  changes: Changes
  status: 'done' | 'failed' | 'aborted'
  /** All rows afterwards. */
  rows: Row[]
}

/** What recovery would do, decided without writing. */
export type Judgement =
  | { kind: 'sequence'; step: SequenceStep }
  | { kind: 'close'; lifted: Lifted; verdict: Verdict; saw: string }
  | { kind: 'shadow'; shadowed: Shadowed; verdict: Verdict; at: string | null; reversed: boolean; saw: string }
  | { kind: 'abort'; saw: string }

/** Finishes or undoes an interrupted operation from what the journal says; under the advisory lock. */
export async function recoverOperation(database: Database, request: RecoverRequest): Promise<Recovery> {
  const judgement = await judgeOperation(database, request)
  await failpoint('recover-judged')
  const { operation, warnings } = request
  // Once it is known what to do, only an interrupt ends the waiting.
  const patience: Patience = { ...request.patience, deadline: Number.POSITIVE_INFINITY }
  if (judgement.kind === 'sequence') {
    await finishSequence(database, judgement.step, patience, warnings)
    return { changes: judgement.step.outcome.changes, status: judgement.step.then as Recovery['status'], rows: await rowsNow(database) }
  }
  const at = new Date().toISOString()
  if (judgement.kind === 'abort') {
    await new Journal(database).append(database.edit, operation.id, 'aborted', { changes: NO_CHANGES, sequence: operation.sequence, saw: judgement.saw }, at)
    return { changes: NO_CHANGES, status: 'aborted', rows: await rowsNow(database) }
  }
  if (judgement.kind === 'shadow') return closeShadow(database, request, judgement, patience)
  const { lifted, verdict, saw } = judgement
  const stamp = request.stamp(lifted.timeZone)
  let settled: Verdict = verdict
  const result = await applyChange(database, {
    operation,
    opens: false,
    plan: (now) => {
      // Somebody's row may have come between the look and the lock; a present row always means that it ran.
      if (targetIsRecorded(lifted, now.rows)) settled = 'ran'
      const edit = planClose(lifted, now, settled, settled === 'ran' ? 'done' : 'failed', stamp, warnings)
      return { ...edit, detail: { recovered: true, saw, assumed: request.assume ?? null } }
    },
    stamp,
    patience,
    warnings,
  }).catch((error: unknown) => {
    if (!(error instanceof MigstateError) || error.code !== 'interrupted') throw error
    throw new MigstateError('unfinished-operation', `Interrupted: the rows of operation ${operation.id} are still out of the table.`, {
      details: { operation: operation.id },
      cause: error,
    })
  })
  await failpoint('recovered')
  return { changes: result?.changes ?? NO_CHANGES, status: settled === 'ran' ? 'done' : 'failed', rows: result?.rows ?? [] }
}

/** The table was never changed: the target's row gets its time, or nothing at all happens. */
async function closeShadow(
  database: Database,
  request: RecoverRequest,
  judgement: Extract<Judgement, { kind: 'shadow' }>,
  patience: Patience,
): Promise<Recovery> {
  const { operation, warnings } = request
  const { shadowed, verdict, at, reversed, saw } = judgement
  const detail = { recovered: true, saw, assumed: request.assume ?? null }
  if (verdict === 'not-run') {
    const outcome = { changes: NO_CHANGES, sequence: { before: shadowed.sequence, after: shadowed.sequence }, reversed, ...detail }
    await new Journal(database).append(database.edit, operation.id, 'failed', outcome, new Date().toISOString())
    await failpoint('recovered')
    if (reversed) warnings.add('half-done', `${sayReversed(shadowed)} ${hintReversed(shadowed)}`)
    return { changes: NO_CHANGES, status: 'failed', rows: await rowsNow(database) }
  }
  const stamp = request.stamp(shadowed.timeZone)
  const result = await applyChange(database, {
    operation,
    opens: false,
    plan: (now) => {
      if (!targetIsUntouched(shadowed, now.rows))
        warnings.add('interleaved', `somebody else has changed or deleted the row of ${shadowed.app}.${shadowed.name} meanwhile; it stays as they left it`)
      return { ...planShadowClose(shadowed, now, stamp(at)), detail }
    },
    stamp,
    patience,
    warnings,
  })
  await failpoint('recovered')
  return { changes: result?.changes ?? NO_CHANGES, status: 'done', rows: result?.rows ?? [] }
}

/** What `recoverOperation` would do to the rows as they are now; writes nothing, takes no lock. */
export async function previewRecovery(database: Database, request: RecoverRequest): Promise<Changes> {
  const judgement = await judgeOperation(database, request)
  if (judgement.kind === 'sequence') return judgement.step.outcome.changes
  if (judgement.kind === 'abort' || (judgement.kind === 'shadow' && judgement.verdict === 'not-run')) return NO_CHANGES
  const now = await database.reading(() => database.readHistory())
  if (judgement.kind === 'shadow') {
    const { update, add } = planShadowClose(judgement.shadowed, now, request.stamp(judgement.shadowed.timeZone)(judgement.at)).change
    return { removed: [], added: add.map((row) => ({ ...row, id: '', applied: row.applied ?? '' })), updated: update }
  }
  const { lifted, verdict } = judgement
  const edit = planClose(lifted, now, targetIsRecorded(lifted, now.rows) ? 'ran' : verdict, 'done', request.stamp(lifted.timeZone), request.warnings)
  const stamped = edit.change.add.map((row) => ({ ...row, id: row.id ?? '', applied: row.applied ?? '' }))
  return { removed: edit.change.remove, added: stamped, updated: [] }
}

/** @throws MigstateError `outcome-unknown` where only a person can know, `unfinished-operation` while the child lives */
export async function judgeOperation(database: Database, request: RecoverRequest): Promise<Judgement> {
  const { operation } = request
  await refuseForged(database, operation)
  const step = detailOf(database, operation, 'sequence-pending')
  if (step) return { kind: 'sequence', step }
  const shadowed = detailOf(database, operation, 'shadowed')?.shadowed
  if (shadowed) return judgeShadow(database, request, shadowed)
  const lifted = detailOf(database, operation, 'lifted')?.lifted
  if (!lifted) return { kind: 'abort', saw: 'the operation changed no row' }
  const started = detailOf(database, operation, 'child-started')
  const exited = exitOf(database, operation)
  if (!started) return known(database, request, lifted, 'not-run', 'manage.py was never started')
  const remote = lifted.remote === true
  const child: LeftChild = { operation: operation.id, started, local: !remote, showsSessions: lifted.namedSessions }
  // An end that somebody has written down is no reason not to look.
  await waitForChild(database, child, request.patience, request.say)
  const rows = await rowsNow(database)
  if (targetIsRecorded(lifted, rows)) return known(database, request, lifted, 'ran', `${lifted.app}.${lifted.name} has a row of its own`)
  if (exited && gaveUp(remote, exited))
    return known(database, request, lifted, 'not-run', `manage.py ended (${exited.exitCode ?? exited.signal}) without recording it`)
  const gone = exited ? !mayGoOn(remote, exited) : await childIsGone(database, child)
  if (started.half === 'backward' && gone) {
    const back = targetIsBack(lifted, rows)
    if (!back) request.warnings.add('half-done', `${sayReversed(lifted)} ${hintReversed(lifted)}`)
    else if (exited === null)
      request.warnings.add('half-done', `whether the reverse code of ${lifted.app}.${lifted.name} has run nobody can know; its forward code has not`)
    return known(database, request, lifted, 'not-run', `its forward code was never started${back ? '' : ', its reverse code has run'}`)
  }
  if (lifted.absentMeansNotRun && gone) return known(database, request, lifted, 'not-run', 'it has no row, and here that proves that it did not run')
  if (request.assume) return { kind: 'close', lifted, verdict: request.assume === 'applied' ? 'ran' : 'not-run', saw: `a person says: ${request.assume}` }
  const saw = `${whereItRan(child)} ${lifted.app}.${lifted.name} has no row, but on this ${database.facts.engine} with this migration that does not prove that it did not run.`
  throw new MigstateError('outcome-unknown', `${saw}`, { details: { operation: operation.id } })
}

/** From the markers, once no session of the child can write one any more. */
async function judgeShadow(database: Database, request: RecoverRequest, shadowed: Shadowed): Promise<Judgement> {
  const { operation } = request
  const started = detailOf(database, operation, 'child-started')
  const decide = (verdict: Verdict, halves: Pick<Halves, 'at' | 'reversed' | 'saw'>): Judgement => {
    ignoreAssume(request, verdict, halves.saw)
    return { kind: 'shadow', shadowed, verdict, at: halves.at, reversed: halves.reversed, saw: halves.saw }
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
    return { kind: 'shadow', shadowed, verdict, at: null, reversed: halves.reversed, saw: `a person says: ${request.assume}` }
  }
  const name = `${shadowed.app}.${shadowed.name}`
  throw new MigstateError('outcome-unknown', `${whereItRan(child)} Nobody can know whether ${name} ran to its end: ${halves.saw}.`, {
    details: { operation: operation.id },
  })
}

function known(database: Database, request: RecoverRequest, lifted: Lifted, verdict: Verdict, saw: string): Judgement {
  ignoreAssume(request, verdict, saw)
  const started = detailOf(database, request.operation, 'child-started')
  if (verdict === 'not-run' && lifted.reverse !== null && started?.half === 'forward')
    request.warnings.add('half-done', `${sayReversed(lifted)} ${hintReversed(lifted)}`)
  return { kind: 'close', lifted, verdict, saw }
}

function ignoreAssume({ assume, warnings }: RecoverRequest, verdict: Verdict, saw: string): void {
  if (assume && (assume === 'applied') !== (verdict === 'ran')) warnings.add('assume-ignored', `--assume ${assume} was not needed and not followed: ${saw}`)
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

/** How the last child ended; null while it may be running. */
function exitOf(database: Database, operation: Operation): Details['child-exited'] | null {
  const { events } = operation
  const since: EventRecord[] = events.slice(events.findLastIndex(({ event }) => event === 'child-started'))
  return detailOf(database, operation, 'child-exited', since)
}

async function rowsNow(database: Database): Promise<Row[]> {
  return (await database.reading(() => database.readHistory())).rows
}
