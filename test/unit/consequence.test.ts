import { describe, expect, it } from 'vitest'
import { type Consequence, Effects, type ErrorCode, MigstateError, toFailure } from '../../src/errors/index.js'

function left(code: ErrorCode, consequence: Consequence, { finished = false, operation = 'abc' as string | null } = {}): MigstateError {
  const effects = new Effects()
  effects.begin(operation)
  effects.settle(consequence, finished)
  return new MigstateError(code, 'It broke.').after(effects)
}

/** Exit code and sentence follow from what has become of the change, and from nothing else. */
describe('a failure that leaves a run', () => {
  it.each<[ErrorCode, Consequence, number, string]>([
    ['cannot-connect', 'nothing', 1, 'It broke. Nothing was changed.'],
    ['cannot-connect', 'rolled-back', 1, 'It broke. The change was rolled back: nothing was changed.'],
    ['table-changed', 'rolled-back', 6, 'It broke. The change was rolled back: nothing was changed.'],
    ['manage-failed', 'rolled-back', 7, 'It broke. The history is as before.'],
    ['interrupted', 'rolled-back', 130, 'It broke. The history is as before.'],
    ['unfinished-operation', 'nothing', 8, 'It broke. Nothing was changed.'],
  ])('%s, %s: exit %i', (code, consequence, exit, message) => {
    expect(left(code, consequence)).toMatchObject({ code, consequence, exitCode: exit, message })
  })

  it.each<[ErrorCode, Consequence, ErrorCode]>([
    ['cannot-connect', 'committed', 'unfinished-operation'],
    ['internal-error', 'unknown', 'outcome-unknown'],
    ['usage', 'committed', 'unfinished-operation'],
    ['lock-timeout', 'committed', 'unfinished-operation'],
    ['table-changed', 'unknown', 'outcome-unknown'],
    ['manage-failed', 'committed', 'manage-failed'],
  ])('%s of a change that is there, or may be (%s): exit 8 and never one that promises that nothing was changed', (code, consequence, becomes) => {
    const error = left(code, consequence)
    expect(error).toMatchObject({ code: becomes, consequence, fact: 'It broke.', details: { operation: 'abc' } })
    expect(error.exitCode).toBe(becomes === 'manage-failed' ? 7 : 8)
    if (becomes !== code) expect(error.details).toMatchObject({ reason: code })
    expect(error.message).not.toMatch(/nothing was changed/i)
  })

  it('the next command: what there is to look at, and recover only where something is unfinished', () => {
    expect(left('internal-error', 'committed', { finished: true }).hint).toBe('Run "migstate history abc" to see what it did.')
    expect(left('internal-error', 'committed').hint).toBe('Run "migstate recover".')
  })

  it('a bug is one too', () => {
    expect(toFailure(new TypeError('x is not a function'))).toMatchObject({ code: 'internal-error', exitCode: 1 })
    expect(toFailure('text')).toMatchObject({ code: 'internal-error' })
    expect(toFailure(Object.assign(new Error('open'), { code: 'EMFILE' }))).toMatchObject({ code: 'too-many-files' })
  })

  it('more to say stands after the consequence', () => {
    const error = new MigstateError('manage-failed', 'It broke', { more: 'The data stays.' })
    expect(error.message).toBe('It broke. Nothing was changed. The data stays.')
    expect(error.with({ more: 'So it is.' }).message).toBe('It broke. Nothing was changed. The data stays. So it is.')
  })
})
