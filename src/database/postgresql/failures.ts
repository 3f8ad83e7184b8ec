import { MigstateError } from '../../errors/index.js'
import { DatabaseFailure, diskFull, networkFailure, serverMessage } from '../failure.js'

const ROW_SECURITY_HINT = 'Connect as the owner of the table (not under FORCE ROW LEVEL SECURITY), or as a role with BYPASSRLS.'

/** A trigger's function in which it happened: the last line of the error's context. */
function functionOf(error: unknown): string | null {
  const { where } = error as { where?: unknown }
  const line = typeof where === 'string' ? (/(?:PL\/\w+ function|SQL function) [^\n]{1,200}/.exec(where)?.[0] ?? null) : null
  return line === null ? null : `the ${line}`
}

/** By SQLSTATE (PostgreSQL manual, appendix A). */
export function classify(error: unknown): DatabaseFailure {
  if (error instanceof DatabaseFailure) return error
  if (error instanceof MigstateError) return new DatabaseFailure(error.code, 'other', error.fact, error, error.hint)
  const network = networkFailure(error)
  if (network) return network
  const code = (error as { code?: string }).code ?? ''
  const message = serverMessage(error)
  const failure = (...[errorCode, kind, text]: [DatabaseFailure['code'], DatabaseFailure['kind'], string]) => new DatabaseFailure(errorCode, kind, text, error)
  const inside = functionOf(error)
  if (inside !== null && /^42/.test(code))
    return new DatabaseFailure(
      'database-error',
      'other',
      `PostgreSQL: ${message}, in ${inside}.`,
      error,
      'migstate works with the search path pg_catalog alone; give the function its own: ALTER FUNCTION … SET search_path = ….',
    )
  switch (code) {
    case '28P01':
    case '28000':
      return failure('wrong-password', 'other', `PostgreSQL refused the login: ${message}.`)
    case '3D000':
      return failure('database-missing', 'other', `PostgreSQL: ${message}.`)
    case '42501':
      // With row_security = off a policy that would hide rows is this error (manual 20.11.1).
      if ((error as { routine?: string }).routine === 'check_enable_rls' || /row-level security/i.test(message))
        return new DatabaseFailure(
          'missing-rights',
          'missing-rights',
          `A policy hides rows from this role, so the history would not be whole: ${message}.`,
          error,
          ROW_SECURITY_HINT,
        )
      return failure('missing-rights', 'missing-rights', `PostgreSQL: ${message}.`)
    case '42P01':
      return failure('table-missing', 'no-table', `PostgreSQL: ${message}.`)
    case '42703':
      return failure('database-error', 'no-column', `PostgreSQL: ${message}.`)
    case '25006':
      return failure('read-only', 'other', `PostgreSQL is read-only here: ${message}.`)
    case '23505':
      return failure(isId(error) ? 'sequence-behind' : 'database-error', 'duplicate-key', `PostgreSQL: ${message}.`)
    case '55P03':
    case '40P01':
    // A row that another session changed after this transaction's snapshot was taken: trying again reads it anew.
    case '40001':
      return failure('lock-timeout', 'busy', `PostgreSQL: ${message}.`)
    case '53100':
      return diskFull(`PostgreSQL: ${message} (${code}).`, error)
    case '57P01':
    case '57P02':
    case '57P03':
    case '08006':
    case '08003':
    case '08000':
      return failure('cannot-connect', 'lost', `The connection to PostgreSQL was lost: ${message}.`)
  }
  if (/^SASL: Only mechanism|^Unknown authentication/i.test(message))
    return failure('cannot-connect', 'other', `The server asks for a kind of login that migstate does not know: ${message}.`)
  if (/^SASL/i.test(message)) return failure('wrong-password', 'other', `The login failed: ${message}.`)
  if (/Connection terminated|not queryable|Connection ended/i.test(message))
    return failure('cannot-connect', 'lost', `The connection to PostgreSQL was lost: ${message}.`)
  if (/SSL|certificate|self[- ]signed|CERT_|unable to (get|verify)/i.test(`${code} ${message}`))
    return failure('cannot-connect', 'other', `TLS with PostgreSQL failed: ${message}.`)
  if (/timeout (expired|exceeded)/i.test(message)) return failure('cannot-connect', 'lost', 'The server cannot be reached: no answer in time.')
  return failure('database-error', 'other', `PostgreSQL: ${message}${code ? ` (${code})` : ''}.`)
}

/** The id of a row of the history, and no other unique index: `Key (id)=(12) already exists.`, in whatever language. */
function isId(error: unknown): boolean {
  const { detail = '', table = '' } = error as { detail?: string; table?: string }
  return detail.includes('(id)=(') && !table.startsWith('migstate_')
}
