import { hostname } from 'node:os'
import { applyChange, finishSequence, type Patience, type SequenceStep } from '../change/index.js'
import { failpoint } from '../config/index.js'
import type { Database, Row } from '../database/index.js'
import { MigstateError, type Warnings } from '../errors/index.js'
import { type Changes, Journal, NO_CHANGES, type Operation } from '../journal/index.js'
import { type ChildExited, type ChildStarted, detailOf, type Lifted, sessionName } from './lifted.js'
import { planClose, targetIsRecorded, type Verdict } from './plan-close.js'
import { isAlive } from './process.js'

export interface RecoverRequest {
  operation: Operation
  /** What a person says; only heard where the facts cannot tell. */
  assume: 'applied' | 'not-applied' | undefined
  /** For the first lock only; once this operation's lock is held, rows are put back whatever it takes. */
  patience: Patience
  stamp(timeZone: string | null): () => string
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

/** What `recoverOperation` would do to the rows as they are now; writes nothing, takes no lock. */
export async function previewRecovery(database: Database, request: RecoverRequest): Promise<Changes> {
  const judgement = await judgeOperation(database, request)
  if (judgement.kind === 'sequence') return judgement.step.outcome.changes
  if (judgement.kind === 'abort') return NO_CHANGES
  const now = await database.reading(() => database.readHistory())
  const { lifted, verdict } = judgement
  const edit = planClose(lifted, now, targetIsRecorded(lifted, now.rows) ? 'ran' : verdict, 'done', request.stamp(lifted.timeZone), request.warnings)
  const stamped = edit.change.add.map((row) => ({ ...row, id: row.id ?? '', applied: row.applied ?? '' }))
  return { removed: edit.change.remove, added: stamped, updated: [] }
}

/** @throws MigstateError `outcome-unknown` where only a person can know, `unfinished-operation` while the child lives */
export async function judgeOperation(database: Database, request: RecoverRequest): Promise<Judgement> {
  const { operation } = request
  const step = detailOf<SequenceStep>(operation.events, 'sequence-pending')
  if (step) return { kind: 'sequence', step }
  const lifted = detailOf<{ lifted: Lifted }>(operation.events, 'lifted')?.lifted
  if (!lifted) return { kind: 'abort', saw: 'the operation changed no row' }
  const started = detailOf<ChildStarted>(operation.events, 'child-started')
  const exited = detailOf<ChildExited>(operation.events, 'child-exited')
  if (!started) return known(request, lifted, 'not-run', 'manage.py was never started')
  if (!exited) await waitForChild(database, request, started)
  if (targetIsRecorded(lifted, await rowsNow(database))) return known(request, lifted, 'ran', `${lifted.app}.${lifted.name} has a row of its own`)
  if (exited && (exited.exitCode !== null || exited.signal === 'SIGINT'))
    return known(request, lifted, 'not-run', `manage.py ended (${exited.exitCode ?? exited.signal}) without recording it`)
  const gone = exited !== null || (await childIsGone(database, request, started, lifted))
  if (lifted.absentMeansNotRun && gone) return known(request, lifted, 'not-run', 'it has no row, and here that proves that it did not run')
  if (request.assume) return { kind: 'close', lifted, verdict: request.assume === 'applied' ? 'ran' : 'not-run', saw: `a person says: ${request.assume}` }
  throw new MigstateError('outcome-unknown', `${whatWasSeen(database, lifted, started, gone)} Nothing was changed.`, { details: { operation: operation.id } })
}

function known(request: RecoverRequest, lifted: Lifted, verdict: Verdict, saw: string): Judgement {
  if (request.assume && (request.assume === 'applied') !== (verdict === 'ran'))
    request.warnings.add('assume-ignored', `--assume ${request.assume} was not needed and not followed: ${saw}`)
  return { kind: 'close', lifted, verdict, saw }
}

function whatWasSeen(database: Database, lifted: Lifted, started: ChildStarted, gone: boolean): string {
  const name = `${lifted.app}.${lifted.name}`
  const row = `${name} has no row, but on this ${database.facts.engine} with this migration that does not prove that it did not run.`
  if (gone) return `manage.py (process ${started.pid}) was killed. ${row}`
  return `manage.py ran as process ${started.pid} on ${started.host}, where this machine (${hostname()}) cannot look. ${row}`
}

/** A child that can be seen alive is waited for, as long as `--lock-timeout` says. */
async function waitForChild(database: Database, request: RecoverRequest, started: ChildStarted): Promise<void> {
  let told = 0
  for (;;) {
    const alive = await livingChild(database, request, started)
    if (alive === null) return
    if (Date.now() >= request.patience.deadline)
      throw new MigstateError('unfinished-operation', `manage.py of operation ${request.operation.id} is still running (${alive}). Nothing was changed.`, {
        hint: 'Wait until it has ended, or end it, then run "migstate recover" again.',
        details: { operation: request.operation.id },
      })
    if (request.patience.signal?.aborted) throw new MigstateError('interrupted', 'Interrupted while waiting for manage.py. Nothing was changed.')
    if (Date.now() - told > 10_000) {
      told = Date.now()
      request.say(`Waiting for manage.py to end (${alive}) …`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function livingChild(database: Database, { operation }: RecoverRequest, started: ChildStarted): Promise<string | null> {
  if (started.host === hostname() && isAlive(started.pid, started.startTime)) return `process ${started.pid}`
  const [session] = (await database.dialect.sessionsNamed(database.edit, sessionName(operation.id))) ?? []
  return session ?? null
}

/** Whether every session of the child is known to be gone. */
async function childIsGone(database: Database, request: RecoverRequest, started: ChildStarted, lifted: Lifted): Promise<boolean> {
  const here = started.host === hostname()
  if (here && isAlive(started.pid, started.startTime)) return false
  if (lifted.namedSessions) return (await database.dialect.sessionsNamed(database.edit, sessionName(request.operation.id)))?.length === 0
  // Without names only this machine's own process can be seen; what it started elsewhere cannot.
  return here
}

async function rowsNow(database: Database): Promise<Row[]> {
  return (await database.reading(() => database.readHistory())).rows
}
