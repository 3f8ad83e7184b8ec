import type { Row } from '../../database/index.js'
import { MigstateError } from '../../errors/index.js'
import type { Lifted } from '../../journal/index.js'
import { recogniseCause } from '../causes.js'
import { type ChildResult, tailOf } from '../child.js'
import { hintReversed, sayReversed } from '../outcome.js'
import { sayEnd } from './end-of-child.js'
import { targetIsBack } from './plan-close.js'

interface WayBack {
  run: ChildResult
  interrupted: boolean
  /** Django has given up by itself: what it had begun is not done. */
  orderly: boolean
}

/** Why it was not taken back, or must not run forward after it; else null. */
export function notBack(lifted: Lifted, rows: readonly Row[], { run, interrupted, orderly }: WayBack): MigstateError | null {
  const name = `${lifted.app}.${lifted.name}`
  const details = { exitCode: run.exitCode, tail: tailOf(run.output) }
  if (!targetIsBack(lifted, rows))
    return interrupted
      ? new MigstateError('interrupted', 'Interrupted.', { more: sayReversed(lifted), hint: hintReversed(lifted), details: { ...details, half: 'reversed' } })
      : null
  const code = interrupted ? 'interrupted' : 'manage-failed'
  const cause = recogniseCause(run.output)
  if (orderly) {
    const more = ['What its reverse code did to schema and data outside a transaction stays.', interrupted ? null : cause].filter(Boolean).join(' ')
    return new MigstateError(code, interrupted ? `Interrupted: ${name} was not taken back.` : `manage.py (${sayEnd(run)}) did not take ${name} back.`, {
      more,
      details,
    })
  }
  // Django takes the row out after the transaction of the reverse code, on every database.
  const fact = `manage.py (${sayEnd(run)}) ended before it was recorded that ${name} is taken back.`
  return new MigstateError(code, interrupted ? `Interrupted: ${fact}` : fact, {
    more: ['Whether its reverse code has run nobody can know; its forward code has not.', cause].filter(Boolean).join(' '),
    hint: `Look at the data. If its reverse code has run: ${hintReversed(lifted)}`,
    details,
  })
}

/** Why the target did not run. */
export function notRun(lifted: Lifted, result: ChildResult, interrupted: boolean): MigstateError {
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
  const how = result.exitCode === 0 ? 'manage.py ended with exit 0 but did not run' : `manage.py (${sayEnd(result)}) did not run`
  return new MigstateError('manage-failed', `${how} ${name}.`, { more, details })
}
