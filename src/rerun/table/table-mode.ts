import { applyChange, type EditResult, type Patience, withOperationLock } from '../../change/index.js'
import { failpoint, maskedWords } from '../../config/index.js'
import type { Database, Row } from '../../database/index.js'
import { factOf, MigstateError } from '../../errors/index.js'
import type { Lifted } from '../../journal/index.js'
import { type ChildResult, tailOf } from '../child.js'
import { recogniseCause } from '../causes.js'
import { countInterrupts, type Interrupts, stopIfInterrupted } from '../interrupts.js'
import { gaveUp, mayGoOn } from './end-of-child.js'
import { planClose, targetIsBack, targetIsRecorded, type Verdict } from './plan-close.js'
import { hintReversed, type RerunOutcome, sayReversed } from '../outcome.js'
import type { RerunPlan } from '../preflight.js'
import type { RerunRequest } from '../request.js'
import { type ChildRun, record, runChild, sessionName } from '../run-child.js'
import { askDjango } from './prove-database.js'

export interface TableModeRequest extends RerunRequest {
  /** `applied` for now. */
  stamp(): string
}

/**
 * Takes the target and its dependants out, lets manage.py run the target, puts everything back: two journaled changes with a
 * child in between, under one advisory lock.
 * @throws MigstateError `manage-failed` `django-does-not-start` `other-database` `interrupted` (the history is as before),
 *   `outcome-unknown` (nothing was put back; `recover` asks)
 */
export async function rerunInTableMode(database: Database, request: TableModeRequest): Promise<RerunOutcome> {
  const { operation, patience } = request
  return withOperationLock(database, { patience, multiStep: true, name: `migstate rerun ${operation.id}`, makeJournal: true }, async () => {
    const interrupts = countInterrupts(request.ui, 'The rows are put back before the end')
    try {
      const before = request.plan((await database.reading(() => database.readHistory())).rows)
      if (request.manage.canAsk) await proveBefore(database, request, before, interrupts)
      stopIfInterrupted(interrupts)
      const lifted = await lift(database, request)
      return await runLifted(database, request, lifted, interrupts)
    } finally {
      interrupts.stop()
    }
  })
}

async function proveBefore({ redactor }: Database, { manage, env, ui }: TableModeRequest, plan: RerunPlan, interrupts: Interrupts): Promise<void> {
  ui.say('Asking manage.py which database it uses …')
  const mark = await askDjango(manage, plan.app, plan.name, env, interrupts, redactor)
  if (mark === 'X') return
  throw new MigstateError(
    'other-database',
    `manage.py shows ${plan.app}.${plan.name} as ${mark === null ? 'unknown' : 'not applied'}, but it is recorded in the table that would be edited: it uses another database.`,
  )
}

async function lift(database: Database, request: TableModeRequest): Promise<Lifted> {
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
    stamp: request.stamp,
    patience: request.patience,
    warnings: request.warnings,
  })
  await failpoint('lifted')
  return lifted as Lifted
}

/** From here on every way out has put the rows back, or says with exit 8 that it could not. */
async function runLifted(database: Database, request: TableModeRequest, lifted: Lifted, interrupts: Interrupts): Promise<RerunOutcome> {
  const failure = await proveAfter(database, request, lifted, interrupts)
  if (failure) {
    await close(database, request, lifted, 'not-run', interrupts)
    throw failure
  }
  const stuck = lifted.reverse === null ? null : await runBackward(database, request, lifted, lifted.reverse, interrupts)
  if (stuck) {
    await close(database, request, lifted, 'not-run', interrupts)
    throw stuck
  }
  const result = await runTarget(database, request, lifted, lifted.name, interrupts)
  const verdict = await judge(database, request, lifted, result, interrupts)
  await failpoint('before-close')
  const closed = await close(database, request, lifted, verdict, interrupts)
  if (closed.verdict === 'not-run') throw notRun(lifted, result, interrupts.count > 0)
  if (result.exitCode !== 0)
    request.warnings.add(
      'manage-failed-after',
      `the migration ran, and manage.py failed afterwards (${result.exitCode === null ? result.signal : `exit ${result.exitCode}`}): ${tailOf(result.output).slice(-3).join(' | ')}`,
    )
  return { changes: closed.changes, rows: closed.rows, durationMs: result.durationMs, exitCode: result.exitCode, hidden: lifted.hidden, rowCounts: null }
}

/** After the lift manage.py must see the target as not applied; before it forward migrate is never started. */
async function proveAfter({ redactor }: Database, { manage, env }: TableModeRequest, lifted: Lifted, interrupts: Interrupts): Promise<MigstateError | null> {
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

/**
 * The way back: only for it the target's own row is in the table. Django takes the row out after its code has run.
 * @returns why it was not taken back, or null
 */
async function runBackward(database: Database, request: TableModeRequest, lifted: Lifted, to: string, interrupts: Interrupts): Promise<MigstateError | null> {
  const name = `${lifted.app}.${lifted.name}`
  try {
    await applyChange(database, {
      operation: request.operation,
      opens: false,
      plan: () => ({ change: { remove: [], add: lifted.target, update: [] }, event: 'target-back' }),
      stamp: request.stamp,
      patience: { deadline: Number.POSITIVE_INFINITY, signal: interrupts.next() },
      warnings: request.warnings,
    })
  } catch (error) {
    throw unfinishedOperation(request, error)
  }
  await failpoint('target-back')
  const result = await runTarget(database, request, lifted, to, interrupts)
  const { rows } = await database.reading(() => database.readHistory(), Number.POSITIVE_INFINITY)
  await failpoint('backward-ran')
  const details = { exitCode: result.exitCode, tail: tailOf(result.output) }
  if (targetIsBack(lifted, rows)) {
    const left = 'What its reverse code did to schema and data outside a transaction stays.'
    if (interrupts.count > 0) return new MigstateError('interrupted', `Interrupted: ${name} was not taken back.`, { more: left, details })
    const more = [left, recogniseCause(result.output)].filter(Boolean).join(' ')
    return new MigstateError('manage-failed', `manage.py (${result.exitCode ?? result.signal}) did not take ${name} back.`, { more, details })
  }
  if (interrupts.count === 0) return null
  return new MigstateError('interrupted', 'Interrupted.', {
    more: sayReversed(lifted),
    hint: hintReversed(lifted),
    details: { ...details, half: 'reversed' },
  })
}

async function runTarget(database: Database, request: TableModeRequest, lifted: Lifted, to: string, interrupts: Interrupts): Promise<ChildRun> {
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

function unfinishedOperation({ operation }: TableModeRequest, error: unknown): MigstateError {
  return new MigstateError('unfinished-operation', `The rows of operation ${operation.id} are still out of the table: ${factOf(error)}.`, {
    details: { operation: operation.id },
    cause: error,
  })
}

/**
 * An orderly end without a record means that Django gave up; a violent one proves that only where record and data commit together.
 * @throws MigstateError `outcome-unknown`
 */
async function judge(database: Database, request: TableModeRequest, lifted: Lifted, result: ChildRun, interrupts: Interrupts): Promise<Verdict> {
  try {
    const { rows } = await database.reading(() => database.readHistory(), Number.POSITIVE_INFINITY)
    database.effects.settle('committed')
    if (targetIsRecorded(lifted, rows)) return 'ran'
    // A command that was stopped may be the client of a container or another machine, where manage.py goes on.
    const end = { exitCode: result.exitCode, signal: result.signal, stopped: interrupts.count > 0 || result.timedOut }
    const { mayBeRemote } = request.manage
    if (result.startError !== null || gaveUp(mayBeRemote, end) || (lifted.absentMeansNotRun && !mayGoOn(mayBeRemote, end))) return 'not-run'
    database.effects.settle('unknown')
    await record(database, request.operation.id, 'outcome-unknown', { exitCode: result.exitCode, signal: result.signal })
  } catch (error) {
    throw unfinishedOperation(request, error)
  }
  throw new MigstateError(
    'outcome-unknown',
    `manage.py ended (${result.signal ?? `exit ${result.exitCode}`}) and ${lifted.app}.${lifted.name} has no row; on this database that does not prove that it did not run. ${lifted.hidden.length + lifted.target.length} rows are still out of the table.`,
    { details: { operation: request.operation.id } },
  )
}

/** Waits as long as it takes: only another Ctrl-C ends it, and then the operation is unfinished (exit 8). */
async function close(database: Database, request: TableModeRequest, lifted: Lifted, verdict: Verdict, interrupts: Interrupts): Promise<Closed> {
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
        return planClose(lifted, now, settled, event, request.stamp, request.warnings)
      },
      stamp: request.stamp,
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

function notRun(lifted: Lifted, result: ChildResult, interrupted: boolean): MigstateError {
  const error = reason(lifted, result, interrupted)
  if (lifted.reverse === null) return error
  return error.with({ more: sayReversed(lifted), hint: hintReversed(lifted), details: { half: 'reversed' } })
}

function reason(lifted: Lifted, result: ChildResult, interrupted: boolean): MigstateError {
  const name = `${lifted.app}.${lifted.name}`
  const details = { exitCode: result.exitCode, tail: tailOf(result.output) }
  const left = lifted.absentMeansNotRun ? undefined : 'What it did to schema and data outside a transaction stays.'
  if (interrupted) return new MigstateError('interrupted', `Interrupted: ${name} did not run to its end.`, { more: left, details })
  if (result.startError !== null) return new MigstateError('django-does-not-start', `manage.py could not be started: ${result.startError}.`, { details })
  const more = [left, recogniseCause(result.output)].filter(Boolean).join(' ') || undefined
  const how =
    result.exitCode === 0
      ? 'manage.py ended with exit 0 but did not run'
      : `manage.py (${result.exitCode === null ? result.signal : `exit ${result.exitCode}`}) did not run`
  return new MigstateError('manage-failed', `${how} ${name}.`, { more, details })
}
