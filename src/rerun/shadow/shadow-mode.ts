import { applyChange, EndedMeanwhile, type EditResult, openOperation, type Patience } from '../../change/index.js'
import { failpoint, maskedWords } from '../../config/index.js'
import type { Database, History } from '../../database/index.js'
import { factOf, MigstateError } from '../../errors/index.js'
import { eventsOf, type Half, NO_CHANGES, type OperationRecord, type Shadowed } from '../../journal/index.js'
import { tailOf } from '../child.js'
import type { Interrupts } from '../interrupts.js'
import type { HalfVerdict, OpenedRerun, RerunMode } from '../mode.js'
import { hintReversed, type RerunOutcome, sayReversed } from '../outcome.js'
import type { RerunPlan } from '../preflight.js'
import { childIsGone } from '../child-life.js'
import type { RerunRequest } from '../request.js'
import { type ChildRun, record, runChild, sessionName } from '../run-child.js'
import { notRun } from './failures.js'
import { type Halves, judgeHalves } from './halves.js'
import { refuseDamagedMarkers } from './markers.js'
import { planShadowClose, reportInterleaved, targetIsUntouched } from './plan-shadow-close.js'
import { ShimTalk } from './shim-talk.js'
import { shimLine, shimMark } from './spec.js'

interface Opened extends OpenedRerun {
  plan: RerunPlan
  shadowed: Shadowed
  before: History
  /** Milliseconds of all halves so far. */
  durationMs: number
}

interface Run {
  run: ChildRun
  talk: ShimTalk
}

interface Verdict extends HalfVerdict {
  halves: Halves
  /** null where no child was started. */
  ended: Run | null
}

/**
 * The real table stays as it is: Django sees, in its own session, a temporary table without the target and its dependants. Then one
 * ordinary change gives the target's row its new time.
 */
export function shadowMode(database: Database, request: RerunRequest): RerunMode<Opened, Run, Verdict> {
  return {
    promise: 'The table is as it was all the time',
    open: () => open(database, request),
    stops: (opened, _half, interrupts) => stops(database, request, opened, interrupts),
    run: (opened, half, interrupts) => runHalf(database, request, opened, half, interrupts),
    judge: (opened, half, run) => judgeHalf(database, request, opened, half, run),
    close: (opened, verdict, interrupts) =>
      verdict.ran ? close(database, request, opened, verdict, interrupts) : giveUp(database, request, opened, verdict, interrupts),
  }
}

async function open(database: Database, request: RerunRequest): Promise<Opened> {
  let opened: Omit<Opened, 'before'> | undefined
  const before = await openOperation(database, {
    operation: request.operation,
    patience: request.patience,
    begin: (now) => {
      const plan = request.plan(now.rows)
      const shadowed: Shadowed = {
        app: plan.app,
        name: plan.name,
        target: plan.target,
        ...(plan.records.length > 0 ? { records: plan.records } : {}),
        hidden: plan.hidden,
        halves: plan.reverse ? ['backward', 'forward'] : ['forward'],
        showsSessions: database.dialect.capabilities.showsShadows,
        local: request.manage.local,
        timeZone: request.timeZone,
        sequence: now.sequence,
      }
      opened = { plan, shadowed, halves: shadowed.halves, durationMs: 0 }
      // A first run adds a row: what the column keeps of a time any other one shows.
      const row = plan.target.at(-1) ?? now.rows.at(-1)
      return { event: 'shadowed', detail: { shadowed }, update: row ? { row, time: request.stamp(null) } : null }
    },
  })
  await failpoint('shadowed')
  return { ...(opened as Omit<Opened, 'before'>), before }
}

/** Ctrl-C while no child runs. */
async function stops(database: Database, request: RerunRequest, { shadowed }: Opened, interrupts: Interrupts): Promise<Verdict | null> {
  if (interrupts.count === 0) return null
  const events = await ownEvents(database, request.operation).catch((error: unknown) => Promise.reject(unfinished(request, error)))
  return { ran: false, halves: judgeHalves(shadowed, events, true), ended: null }
}

/** One run of manage.py with the shim. */
async function runHalf(database: Database, request: RerunRequest, { plan, before }: Opened, half: Half, interrupts: Interrupts): Promise<Run> {
  const { manage, operation, ui } = request
  const talk = new ShimTalk(shimMark(operation.id))
  try {
    const hidden = half === 'forward' ? [...plan.target, ...plan.hidden] : (plan.reverse?.hidden ?? [])
    const input = shimLine({
      operation: operation.id,
      historyTable: database.table.name,
      alias: request.alias,
      managePy: manage.managePy,
      settings: manage.settings,
      half,
      app: plan.app,
      recordedAs: plan.file.recordedAs ?? plan.app,
      name: plan.name,
      to: half === 'forward' ? plan.name : (plan.reverse?.to ?? 'zero'),
      sql: await database.dialect.shadow(database.edit, {
        history: database.table,
        journal: database.journal,
        operation: operation.id,
        snapshot: operation.snapshot,
        hidden: hidden.map((row) => row.id),
      }),
      visible: before.rows.length - hidden.length,
    })
    const words = manage.shim(operation.id)
    const verb = half === 'forward' ? 'Running' : 'Reversing'
    ui.say(`${verb} ${plan.app}.${plan.name} with: ${maskedWords(words)}`)
    const run = await runChild(database, {
      operation: operation.id,
      words,
      folder: manage.folder,
      env: { ...request.env, PYTHONUNBUFFERED: '1', PGAPPNAME: sessionName(operation.id) },
      input,
      filter: (chunk, stream) => talk.filter(chunk, stream),
      ui,
      interrupts,
      label: `${plan.app}.${plan.name}${half === 'backward' ? ' (backwards)' : ''}`,
      timeout: request.timeout,
      seesSessions: database.dialect.capabilities.showsShadows,
      says: () => ({
        ended: talk.lines.some((line) => (line.event === 'ended' && line.lost !== true) || line.event === 'refused'),
        at: talk.lines.find((line) => line.event === 'started'),
      }),
      doing: () => sayOperation(talk),
      half,
    })
    return { run, talk }
  } catch (error) {
    throw unfinished(request, error)
  }
}

/** `operation 2 of 3: RunPython fill_slugs`. */
function sayOperation({ lines }: ShimTalk): string | null {
  const last = lines.findLast((line) => line.event === 'operation')
  return last ? `operation ${last.index + 1} of ${last.of}: ${last.what}` : null
}

async function judgeHalf(database: Database, request: RerunRequest, opened: Opened, half: Half, ended: Run): Promise<Verdict> {
  opened.durationMs += ended.run.durationMs
  const halves = await judge(database, request, opened.shadowed, ended)
  const ran = halves.half !== half || halves.outcome === 'ran'
  if (ran) await failpoint(`${half}-ran`)
  return { ran, halves, ended }
}

/** @throws MigstateError `outcome-unknown` */
async function judge(database: Database, request: RerunRequest, shadowed: Shadowed, { run, talk }: Run): Promise<Halves> {
  let halves: Halves
  let gone = true
  try {
    const says = talk.lines.find((line) => line.event === 'started')
    if (run.started && !run.ended)
      gone = await childIsGone(database, {
        operation: request.operation.id,
        started: run.started,
        local: shadowed.local,
        showsSessions: shadowed.showsSessions,
        says,
      })
    const events = await ownEvents(database, request.operation)
    halves = judgeHalves(shadowed, events, run.ended)
    // What may still be at work somewhere may still commit.
    if (halves.outcome === 'not-run' && !gone)
      halves = { ...halves, outcome: 'unknown', saw: `${halves.saw}, and whether it is still at work cannot be seen from here` }
    if (halves.outcome === 'unknown')
      await record(database, request.operation.id, 'outcome-unknown', { exitCode: run.exitCode, signal: run.signal, saw: halves.saw })
  } catch (error) {
    throw unfinished(request, error)
  }
  if (halves.outcome !== 'unknown') {
    database.effects.settle(halves.outcome === 'ran' ? 'committed' : 'rolled-back')
    return halves
  }
  throw new MigstateError(
    'outcome-unknown',
    `manage.py ended (${run.signal ?? `exit ${run.exitCode}`}) ${talk.lines.some(({ event }) => event === 'ended') ? 'after its connection was lost' : 'without a word'}, and nobody can know whether ${shadowed.app}.${shadowed.name} ran to its end: ${halves.saw}.`,
    { details: { operation: request.operation.id } },
  )
}

/** The history is as it was; the journal says how it ended. @throws MigstateError why the target did not run, always */
async function giveUp(database: Database, request: RerunRequest, { shadowed }: Opened, verdict: Verdict, interrupts: Interrupts): Promise<never> {
  const { halves, ended } = verdict
  const { sequence } = shadowed
  const outcome = { changes: NO_CHANGES, sequence: { before: sequence, after: sequence }, saw: halves.saw, reversed: halves.reversed }
  try {
    await record(database, request.operation.id, interrupts.count > 0 ? 'aborted' : 'failed', outcome)
    database.effects.settle('rolled-back', true)
  } catch (error) {
    throw unfinished(request, error)
  }
  if (ended) {
    const timeout = request.timeout && request.timeout / 1000
    throw notRun(database, { shadowed, halves, ...ended, interrupted: interrupts.count > 0, timeout })
  }
  if (!halves.reversed) throw new MigstateError('interrupted', `Interrupted before ${shadowed.app}.${shadowed.name} ran.`)
  throw new MigstateError('interrupted', 'Interrupted.', { more: sayReversed(shadowed), hint: hintReversed(shadowed), details: { half: 'reversed' } })
}

/** Waits as long as it takes: only another Ctrl-C ends it, and then the operation is unfinished (exit 8). */
async function close(
  database: Database,
  request: RerunRequest,
  { shadowed, before, durationMs }: Opened,
  { halves, ended }: Verdict,
  interrupts: Interrupts,
): Promise<RerunOutcome> {
  const name = `${shadowed.app}.${shadowed.name}`
  const patience: Patience = {
    deadline: Number.POSITIVE_INFINITY,
    signal: interrupts.next(),
    onWait: (state) => request.ui.waiting(state && { ...state, what: `${state.what} (the migration ran; its row still has to be written)` }),
  }
  let result: EditResult | null
  try {
    await failpoint('before-close')
    result = await applyChange(database, {
      operation: request.operation,
      opens: false,
      plan: (now) => {
        reportInterleaved(shadowed, before.rows, now.rows, request.warnings)
        return targetIsUntouched(shadowed, now.rows) ? planShadowClose(shadowed, now, request.stamp(halves.at)) : null
      },
      stamp: () => request.stamp(halves.at),
      patience,
      warnings: request.warnings,
    })
    await failpoint('closed')
  } catch (error) {
    throw unfinished(request, error)
  }
  if (!result)
    throw new MigstateError('unfinished-operation', `${name} ran, but somebody else has changed or deleted its row meanwhile, and that is not overwritten.`, {
      hint: 'Look at "migstate status"; then "migstate recover" ends the operation and leaves their row as it is.',
      details: { operation: request.operation.id },
    })
  const { run, talk } = ended as Run
  const skipped = talk.lines.flatMap((line) => (line.event === 'skipped' ? line.what : []))
  if (skipped.length > 0)
    request.warnings.add(
      'router-skipped',
      `the routers of the project skip a part of ${name} on the database "${request.alias}", which did not run: ${skipped.join(', ')}`,
    )
  if (run.exitCode !== 0)
    request.warnings.add(
      'manage-failed-after',
      `the migration ran, and manage.py failed afterwards (${run.exitCode === null ? run.signal : `exit ${run.exitCode}`}): ${tailOf(run.output).slice(-3).join(' | ')}`,
    )
  return { changes: result.changes, rows: result.rows, durationMs, exitCode: run.exitCode, hidden: shadowed.hidden, rowCounts: halves.rows }
}

/** @throws MigstateError `damaged-journal` when Django's session, or somebody else, has left a marker that is none */
async function ownEvents(database: Database, operation: OperationRecord) {
  const own = await database.reading(() => eventsOf(database, operation.id), Number.POSITIVE_INFINITY)
  refuseDamagedMarkers(database, operation, own)
  return own
}

function unfinished({ operation }: RerunRequest, error: unknown): MigstateError {
  if (error instanceof EndedMeanwhile) return error
  return new MigstateError('unfinished-operation', `The operation ${operation.id} is not finished: ${factOf(error)}.`, {
    details: { operation: operation.id },
    cause: error,
  })
}
