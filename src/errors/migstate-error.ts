import { CATALOGUE, type ErrorCode } from './catalogue.js'
import { type Consequence, type Effects, sentences } from './consequence.js'

export interface ErrorOptions {
  /** The next command to type; the catalogue's hint when absent. */
  hint?: string
  /** Said after the consequence. */
  more?: string | undefined
  /** Machine-readable facts, documented per code in docs/json.md. */
  details?: Record<string, unknown> | undefined
  cause?: unknown
}

/** The only error that the program raises on purpose: a stable code, one fact, its consequence, and what to type next. */
export class MigstateError extends Error {
  readonly code: ErrorCode
  /** Without the consequence. */
  readonly fact: string
  readonly more: string | undefined
  readonly hint: string
  readonly details: Record<string, unknown> | undefined
  #consequence: Consequence = 'nothing'

  constructor(code: ErrorCode, fact: string, options: ErrorOptions = {}) {
    super('', options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'MigstateError'
    this.code = code
    this.fact = fact
    this.more = options.more
    this.hint = options.hint ?? CATALOGUE[code].hint
    this.details = options.details
    this.message = this.#sentences()
  }

  get consequence(): Consequence {
    return this.#consequence
  }

  /** The same failure with more to say. */
  with(options: Pick<ErrorOptions, 'hint' | 'more' | 'details'>): MigstateError {
    const more = [this.more, options.more].filter(Boolean).join(' ')
    const details = options.details ? { ...this.details, ...options.details } : this.details
    return new MigstateError(this.code, this.fact, { hint: options.hint ?? this.hint, more: more || undefined, details, cause: this })
  }

  get exitCode(): number {
    return CATALOGUE[this.code].exit
  }

  /**
   * What leaves a run: the failure with the consequence that the run's edits have left. A change that is there, or may be, is exit 8, whatever
   * the reason of the failure is.
   */
  after(effects: Pick<Effects, 'consequence' | 'operation' | 'finished'>): MigstateError {
    const { consequence, operation, finished } = effects
    const open = consequence === 'committed' || consequence === 'unknown'
    const error = open && LEAVES_NOTHING.has(this.exitCode) ? this.#unfinished(effects, finished) : this
    error.#consequence = consequence
    error.message = error.#sentences()
    if (operation === null || error.details?.operation !== undefined || !open) return error
    return Object.assign(error, { details: { ...error.details, operation } })
  }

  /** The same error, and what caused it, with every text as `text` gives it. */
  redacted(redactor: { text(text: string): string; data<T>(value: T): T }): MigstateError {
    const text = (one: string) => redactor.text(one)
    const error = new MigstateError(this.code, text(this.fact), {
      hint: text(this.hint),
      more: this.more === undefined ? undefined : text(this.more),
      details: redactor.data(this.details),
      cause: this.cause,
    })
    error.#consequence = this.#consequence
    error.message = error.#sentences()
    if (this.stack !== undefined) error.stack = text(this.stack)
    for (let cause = this.cause; cause instanceof Error; cause = cause.cause) redactCause(cause, text)
    return error
  }

  #sentences(): string {
    return sentences(this.fact, this.#consequence, { ranCode: RAN_CODE.has(this.exitCode), more: this.more })
  }

  #unfinished({ consequence, operation }: Pick<Effects, 'consequence' | 'operation'>, finished: boolean): MigstateError {
    const code = consequence === 'unknown' ? 'outcome-unknown' : 'unfinished-operation'
    const look = operation === null ? undefined : `Run "migstate history ${operation}" to see what it did.`
    return new MigstateError(code, this.fact, {
      ...(look !== undefined && (finished || consequence === 'unknown') ? { hint: look } : {}),
      more: this.more,
      details: { ...this.details, reason: this.code },
      cause: this,
    })
  }
}

/** Exit codes that promise that nothing was changed (docs/exit-codes.md). */
const LEAVES_NOTHING: ReadonlySet<number> = new Set([1, 2, 4, 5, 6])

/** A driver's error shows what it was given. */
function redactCause(cause: Error, text: (text: string) => string): void {
  if (cause.message !== '') cause.message = text(cause.message)
  if (cause.stack !== undefined) cause.stack = text(cause.stack)
}

/** Exit codes of what may come after code of the project has run. */
const RAN_CODE: ReadonlySet<number> = new Set([7, 8, 130])

/** What an error says, for the sentence of another one. */
export function factOf(error: unknown): string {
  const text = error instanceof MigstateError ? error.fact : ((error as Error | undefined)?.message ?? String(error))
  return text.replace(/\.$/, '')
}

/** A fact that weakens an answer without making it an error; printed once for each code. */
export interface Warning {
  code: string
  message: string
}
