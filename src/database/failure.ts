import { type ErrorCode, MigstateError, tooManyFiles } from '../errors/index.js'

/** What the caller can do about a failed statement. */
export type FailureKind = 'busy' | 'lost' | 'moved' | 'missing-rights' | 'duplicate-key' | 'no-table' | 'no-column' | 'other'

/** A driver's error, classified once, at the edge. `cause` keeps the original for `-v`; the message never holds SQL values. */
export class DatabaseFailure extends MigstateError {
  readonly kind: FailureKind

  constructor(code: ErrorCode, kind: FailureKind, message: string, cause: unknown, hint?: string) {
    super(code, message, hint === undefined ? { cause } : { cause, hint })
    this.name = 'DatabaseFailure'
    this.kind = kind
  }
}

export function isFailure(error: unknown, kind: FailureKind): error is DatabaseFailure {
  return error instanceof DatabaseFailure && error.kind === kind
}

export function diskFull(message: string, cause: unknown): DatabaseFailure {
  return new DatabaseFailure('database-error', 'other', message, cause, 'Free space where the database stores its data, and run the same command again.')
}

/** Turns a driver's error into a `DatabaseFailure`; `doing` completes "… failed" for errors without a rule of their own. */
export type Classify = (error: unknown) => DatabaseFailure

/** More than any server has to say. */
const LONGEST_MESSAGE = 4000

/** Knex prefixes a failed query's message with its SQL; what the server said is the part after the last " - ". */
export function serverMessage(error: unknown): string {
  const message = wholeMessage(error)
  return message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE)} … (${message.length} characters in all)`
}

function wholeMessage(error: unknown): string {
  const inner = error as { message?: string; errors?: unknown[]; code?: string }
  const message = inner?.message || (inner?.errors?.[0] as Error | undefined)?.message || inner?.code || String(error)
  const at = message.lastIndexOf(' - ')
  return at < 0 ? message : message.slice(at + 3)
}

const NETWORK: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name could not be looked up',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOENT: 'the socket does not exist',
  EACCES: 'the socket may not be used',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
}

/** The part of classification that all servers share: the socket layer. */
export function networkFailure(error: unknown): DatabaseFailure | undefined {
  const tooMany = tooManyFiles(error, 'No connection could be opened')
  if (tooMany) return new DatabaseFailure(tooMany.code, 'other', tooMany.fact, error)
  const code = (error as { code?: string })?.code ?? ''
  const reason = NETWORK[code]
  if (reason === undefined) return undefined
  const kind = code === 'ECONNRESET' || code === 'EPIPE' || code === 'ETIMEDOUT' ? 'lost' : 'other'
  return new DatabaseFailure('cannot-connect', kind, `The server cannot be reached: ${reason} (${code}).`, error)
}
