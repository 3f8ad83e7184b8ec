import { expect, it } from 'vitest'
import { CATALOGUE, MigstateError, type ErrorCode } from '../../src/errors/index.js'
import { promisedExit } from '../support/contract.js'

it.each(Object.keys(CATALOGUE) as ErrorCode[])('%s has the exit that was promised', (code) => {
  expect(new MigstateError(code, 'It did not work.').exitCode).toBe(promisedExit(code))
})
