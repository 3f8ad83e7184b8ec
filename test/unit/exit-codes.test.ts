import { expect, it } from 'vitest'
import { CATALOGUE, MigstateError, type ErrorCode } from '../../src/errors/index.js'
import { promisedExit } from '../support/contract.js'

it.each(Object.keys(CATALOGUE) as ErrorCode[])('%s has the exit that was promised, and says what to type next', (code) => {
  const error = new MigstateError(code, 'It did not work.')
  expect(error.exitCode).toBe(promisedExit(code))
  expect(error.hint.length).toBeGreaterThan(10)
})
