import { CATALOGUE, type ErrorCode } from './catalogue.js'

export interface ErrorOptions {
  /** The next command to type; the catalogue's hint when absent. */
  hint?: string
  /** Machine-readable facts, documented per code in docs/json.md. */
  details?: Record<string, unknown>
  cause?: unknown
}

/** The only error that the program raises on purpose: a stable code, one sentence, and what to type next. */
export class MigstateError extends Error {
  readonly code: ErrorCode
  readonly hint: string
  readonly exitCode: number
  readonly details: Record<string, unknown> | undefined

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'MigstateError'
    this.code = code
    this.hint = options.hint ?? CATALOGUE[code].hint
    this.exitCode = CATALOGUE[code].exit
    this.details = options.details
  }
}

/** A fact that weakens an answer without making it an error; printed once for each code. */
export interface Warning {
  code: string
  message: string
}
