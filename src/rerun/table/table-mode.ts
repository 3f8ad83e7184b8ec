import { applyChange, EndedMeanwhile, type EditResult, type Patience } from '../../change/index.js'
import { failpoint, maskedWords } from '../../config/index.js'
import type { Database, Row } from '../../database/index.js'
import { factOf, MigstateError } from '../../errors/index.js'
import type { Half, Lifted } from '../../journal/index.js'
import { tailOf } from '../child.js'
import { type Interrupts, stopIfInterrupted } from '../interrupts.js'
import { type End, gaveUp, mayGoOn, sayEnd } from './end-of-child.js'
import { notBack, notRun } from './failures.js'
import { planClose, targetIsBack, targetIsRecorded, type Verdict } from './plan-close.js'
import type { HalfVerdict, OpenedRerun, RerunMode } from '../mode.js'
import type { RerunOutcome } from '../outcome.js'
import type { RerunPlan } from '../preflight.js'
import type { RerunRequest } from '../request.js'
import { type ChildRun, record, runChild, sessionName } from '../run-child.js'
import { askDjango } from './prove-database.js'

interface Opened extends OpenedRerun {
  lifted: Lifted
}

interface Judged extends HalfVerdict {
  /** null where no child was started. */
  run: ChildRun | null
  /** Why the way forward was not even begun. */
  failure: MigstateError | null
}

/** Takes the target and its dependants out, lets manage.py run the target, puts everything back: two journaled changes with a child in between. */
export function tableMode(database: Database, request: RerunRequest): RerunMode<Opened, ChildRun, Judged> {
  return {
    promise: 'The rows are put back before the end',
    open: (interrupts) => open(database, request, interrupts),
    stops: (opened, half, interrupts) => stops(database, request, opened, half, interrupts),
    run: (opened, half, interrupts) => runHalf(database, request, opened, half, interrupts),
    judge: (opened, half, run, interrupts) =>
      half === 'backward' ? judgeBackward(database, request, opened, run, interrupts) : judgeForward(database, request, opened, run, interrupts),
    close: (opened, judged, interrupts) => end(database, request, opened, judged, interrupts),
  }
}

async function open(database: Database, request: RerunRequest, interrupts: Interrupts): Promise<Opened> {
  const before = request.plan((await database.reading(() => database.readHistory())).rows)
  if (request.manage.canAsk) await proveBefore(database, request, before, interrupts)
  stopIfInterrupted(interrupts)
  const lifted = await lift(database, request)
  return { lifted, halves: lifted.reverse === null ? ['forward'] : ['backward', 'forward'] }
}

async function proveBefore({ redactor }: Database, { manage, env, ui }: RerunRequest, plan: RerunPlan, interrupts: Interrupts): Promise<void> {
  ui.say('Asking manage.py which database it uses …')
  const mark = await askDjango(manage, plan.app, plan.name, env, interrupts, redactor)
  if (mark === 'X') return
  throw new MigstateError(
    'other-database',
    `manage.py shows ${plan.app}.${plan.name} as ${mark === null ? 'unknown' : 'not applied'}, but it is recorded in the table that would be edited: it uses another database.`,
  )
}

async function lift(database: Database, request: RerunRequest): Promise<Lifted> {
  let lifted: Lifted | undefined
  await failpoint('before-lift')
  await applyChange(database, {
    operation: request.operation,
    opens: true,
    plan: (now) => {
      const plan = request.plan(now.rows)
      const hidden = plan.reverse?.hidden ?? plan.hidden
      const gone = new Set([...plan.target, ...hidden].map((row) => row.id))
      lifted = {
        app: plan.app,
        name: plan.name,
        target: plan.target,
        hidden,
        reverse: plan.reverse?.to ?? null,
        rest: now.rows.filter((row) => !gone.has(row.id)).map((row) => row.id),
        unrecordedSquashes: plan.unrecordedSquashes,
        absentMeansNotRun: plan.recordsInTransaction && database.dialect.capabilities.transactionalDdl,
        namedSessions: request.manage.local && database.dialect.capabilities.showsSessions,
        remote: request.manage.mayBeRemote,
        timeZone: request.timeZone,
        sequence: now.sequence,
      }
      const comesBack = { target: plan.target.at(-1) as Row, time: request.stamp() }
      return { change: { remove: [...plan.target, ...hidden], add: [], update: [] }, event: 'lifted', detail: { lifted }, comesBack }
    },
    stamp: () => request.stamp(),
    patience: request.patience,
    warnings: request.warnings,
  })
  await failpoint('lifted')
  return lifted as Lifted
}

async function stops(database: Database, request: RerunRequest, { lifted, halves }: Opened, half: Half, interrupts: Interrupts): Promise<Judged | null> {
  if (half !== halves[0]) return null
  const failure = await proveAfter(database, request, lifted, interrupts)
  return failure && { ran: false, run: null, failure }
}

async function runHalf(database: Database, request: RerunRequest, { lifted }: Opened, half: Half, interrupts: Interrupts): Promise<ChildRun> {
  if (half === 'forward') return runTarget(database, request, lifted, lifted.name, interrupts)
  await putTargetBack(database, request, lifted, interrupts)
  return runTarget(database, request, lifted, lifted.reverse as string, interrupts)
}

/** After the lift manage.py must see the target as not applied; before it forward migrate is never started. */
async function proveAfter({ redactor }: Database, { manage, env }: RerunRequest, lifted: Lifted, interrupts: Interrupts): Promise<MigstateError | null> {
  if (interrupts.count > 0) return new MigstateError('interrupted', 'Interrupted before the migration ran.')
  if (!manage.canAsk) return null
  try {
    const mark = await askDjango(manage, lifted.app, lifted.name, env, interrupts, redactor)
    if (mark === ' ') return null
    return new MigstateError(
      'other-database',
      `manage.py still shows ${lifted.app}.${lifted.name} as applied although its row is gone: it uses another database.`,
      { more: 'The rows were put back.' },
    )
  } catch (error) {
    return error instanceof MigstateError ? error : new MigstateError('internal-error', (error as Error).message, { cause: error })
  }
}

/** The way back: only for it the target's own row is in the table. Django takes the row out after its code has run. */
async function putTargetBack(database: Database, request: RerunRequest, lifted: Lifted, interrupts: Interrupts): Promise<void> {
  try {
    await applyChange(database, {
      operation: request.operation,
      opens: false,
      plan: () => ({ change: { remove: [], add: lifted.target, update: [] }, event: 'target-back' }),
      stamp: () => request.stamp(),
      patience: { deadline: Number.POSITIVE_INFINITY, signal: interrupts.next() },
      warnings: request.warnings,
    })
  } catch (error) {
    throw unfinishedOperation(request, error)
  }
  await failpoint('target-back')
}

/** @throws MigstateError `outcome-unknown` where manage.py may go on without its client, and take the row out later */
async function judgeBackward(database: Database, request: RerunRequest, { lifted }: Opened, run: ChildRun, interrupts: Interrupts): Promise<Judged> {
  const { rows } = await database.reading(() => database.readHistory(), Number.POSITIVE_INFINITY)
  await failpoint('backward-ran')
  const end = endOf(run, interrupts)
  if (targetIsBack(lifted, rows) && mayGoOn(request.manage.mayBeRemote, end)) await leaveOpen(database, request, run)
  const failure = notBack(lifted, rows, { run, interrupted: interrupts.count > 0, orderly: gaveUp(request.manage.mayBeRemote, end) })
  return { ran: failure === null, run, failure }
}

/** A command that was stopped may be the client of a container or another machine, where manage.py goes on. */
function endOf(run: ChildRun, interrupts: Interrupts): End {
  return { exitCode: run.exitCode, signal: run.signal, stopped: interrupts.count > 0 || run.timedOut, tail: tailOf(run.output) }
}

async function leaveOpen(database: Database, request: RerunRequest, run: ChildRun): Promise<never> {
  const { operation } = request
  database.effects.settle('unknown')
  try {
    await record(database, operation.id, 'outcome-unknown', { exitCode: run.exitCode, signal: run.signal })
  } catch (error) {
    throw unfinishedOperation(request, error)
  }
  throw new MigstateError('outcome-unknown', `The command has ended (${sayEnd(run)}), and manage.py may go on with the way back without it.`, {
    hint: 'Look whether it is still at work; when it has ended, run "migstate recover --assume not-applied".',
    details: { operation: operation.id },
  })
}

async function judgeForward(database: Database, request: RerunRequest, { lifted }: Opened, run: ChildRun, interrupts: Interrupts): Promise<Judged> {
  const verdict = await judge(database, request, lifted, run, interrupts)
  await failpoint('before-close')
  return { ran: verdict === 'ran', run, failure: null }
}

/** The rows are back, and it is said how it ended. */
async function end(
  database: Database,
  request: RerunRequest,
  { lifted }: Opened,
  { ran, run, failure }: Judged,
  interrupts: Interrupts,
): Promise<RerunOutcome> {
  const closed = await close(database, request, lifted, ran ? 'ran' : 'not-run', interrupts)
  if (failure) throw failure
  const result = run as ChildRun
  if (closed.verdict === 'not-run') throw notRun(lifted, result, interrupts.count > 0)
  if (result.exitCode !== 0)
    request.warnings.add(
      'manage-failed-after',
      `the migration ran, and manage.py failed afterwards (${sayEnd(result)}): ${tailOf(result.output).slice(-3).join(' | ')}`,
    )
  return { changes: closed.changes, rows: closed.rows, durationMs: result.durationMs, exitCode: result.exitCode, hidden: lifted.hidden, rowCounts: null }
}

async function runTarget(database: Database, request: RerunRequest, lifted: Lifted, to: string, interrupts: Interrupts): Promise<ChildRun> {
  const { manage, operation, ui } = request
  const backward = to !== lifted.name
  const words = manage.migrate(lifted.app, to)
  ui.say(`Running: ${maskedWords(words)}`)
  // libpq reads PGAPPNAME, so the child's sessions can be told from others.
  const env = { ...request.env, PYTHONUNBUFFERED: '1', PGAPPNAME: sessionName(operation.id) }
  try {
    return await runChild(database, {
      operation: operation.id,
      words,
      folder: manage.folder,
      env,
      ui,
      interrupts,
      label: `${lifted.app}.${lifted.name}${backward ? ' (backwards)' : ''}`,
      half: backward ? 'backward' : 'forward',
      timeout: request.timeout,
      seesSessions: lifted.namedSessions,
    })
  } catch (error) {
    throw unfinishedOperation(request, error)
  }
}

function unfinishedOperation({ operation }: RerunRequest, error: unknown): MigstateError {
  if (error instanceof EndedMeanwhile) return error
  return new MigstateError('unfinished-operation', `The rows of operation ${operation.id} are still out of the table: ${factOf(error)}.`, {
    details: { operation: operation.id },
    cause: error,
  })
}

/**
 * An orderly end without a record means that Django gave up; a violent one proves that only where record and data commit together.
 * @throws MigstateError `outcome-unknown`
 */
async function judge(database: Database, request: RerunRequest, lifted: Lifted, result: ChildRun, interrupts: Interrupts): Promise<Verdict> {
  try {
    const { rows } = await database.reading(() => database.readHistory(), Number.POSITIVE_INFINITY)
    database.effects.settle('committed')
    if (targetIsRecorded(lifted, rows)) return 'ran'
    const end = endOf(result, interrupts)
    const { mayBeRemote } = request.manage
    if (result.startError !== null || gaveUp(mayBeRemote, end) || (lifted.absentMeansNotRun && !mayGoOn(mayBeRemote, end))) return 'not-run'
    database.effects.settle('unknown')
    await record(database, request.operation.id, 'outcome-unknown', { exitCode: result.exitCode, signal: result.signal })
  } catch (error) {
    throw unfinishedOperation(request, error)
  }
  throw new MigstateError(
    'outcome-unknown',
    `manage.py ended (${sayEnd(result)}) and ${lifted.app}.${lifted.name} has no row; on this database that does not prove that it did not run. ${lifted.hidden.length + lifted.target.length} rows are still out of the table.`,
    { details: { operation: request.operation.id } },
  )
}

/** Waits as long as it takes: only another Ctrl-C ends it, and then the operation is unfinished (exit 8). */
async function close(database: Database, request: RerunRequest, lifted: Lifted, verdict: Verdict, interrupts: Interrupts): Promise<Closed> {
  const patience: Patience = {
    deadline: Number.POSITIVE_INFINITY,
    signal: interrupts.next(),
    onWait: (state) => request.ui.waiting(state && { ...state, what: `${state.what} (the rows still have to be put back)` }),
  }
  let settled = verdict
  try {
    const result = await applyChange(database, {
      operation: request.operation,
      opens: false,
      plan: (now) => {
        // A row may have come between the look and the lock; a present row always means that it ran.
        if (targetIsRecorded(lifted, now.rows)) settled = 'ran'
        const event = settled === 'ran' ? 'done' : interrupts.count > 0 ? 'aborted' : 'failed'
        return planClose(lifted, now, settled, event, () => request.stamp(), request.warnings)
      },
      stamp: () => request.stamp(),
      patience,
      warnings: request.warnings,
    })
    await failpoint('closed')
    return { ...(result as EditResult), verdict: settled }
  } catch (error) {
    throw unfinishedOperation(request, error)
  }
}

interface Closed extends EditResult {
  verdict: Verdict
}
