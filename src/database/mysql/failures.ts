import { MigstateError } from '../../errors/index.js'
import { DatabaseFailure, diskFull, networkFailure, serverMessage } from '../failure.js'
import { UNSAFE_LOGIN } from './login.js'

/** The server's number of an error that was classified. */
export function errnoOf(error: unknown): number | undefined {
  return ((error as Error).cause as { errno?: number } | undefined)?.errno
}

/** By error number (MySQL server error reference; MariaDB keeps the same numbers for these). */
export function classify(error: unknown): DatabaseFailure {
  if (error instanceof DatabaseFailure) return error
  if (error instanceof MigstateError) return new DatabaseFailure(error.code, 'other', error.fact, error, error.hint)
  const { errno, code = '' } = error as { errno?: number; code?: string }
  const message = serverMessage(error)
  const failure = (...[errorCode, kind, text]: [DatabaseFailure['code'], DatabaseFailure['kind'], string]) => new DatabaseFailure(errorCode, kind, text, error)
  switch (errno ?? 0) {
    case 1045: // ER_ACCESS_DENIED_ERROR
    case 1698: // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
      return failure('wrong-password', 'other', `The server refused the login: ${message}.`)
    case 1049: // ER_BAD_DB_ERROR
      return failure('database-missing', 'other', `The server: ${message}.`)
    case 1044: // ER_DBACCESS_DENIED_ERROR
    case 1142: // ER_TABLEACCESS_DENIED_ERROR
    case 1143: // ER_COLUMNACCESS_DENIED_ERROR
    case 1227: // ER_SPECIFIC_ACCESS_DENIED_ERROR
      return failure('missing-rights', 'missing-rights', `The server: ${message}.`)
    case 1146: // ER_NO_SUCH_TABLE
      return failure('table-missing', 'no-table', `The server: ${message}.`)
    case 1054: // ER_BAD_FIELD_ERROR
      return failure('database-error', 'no-column', `The server: ${message}.`)
    case 1290: // ER_OPTION_PREVENTS_STATEMENT (--read-only)
    case 1792: // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
    case 1836: // ER_READ_ONLY_MODE
      return failure('read-only', 'other', `The server is read-only: ${message}.`)
    case 1062: // ER_DUP_ENTRY
      // `for key 'PRIMARY'`, since MySQL 8.0.19 `for key 'django_migrations.PRIMARY'`.
      return failure(/'((?!migstate_)[^'.]*\.)?PRIMARY'/.test(message) ? 'sequence-behind' : 'database-error', 'duplicate-key', `The server: ${message}.`)
    case 1020: // ER_CHECKREAD: changed since the snapshot (MariaDB 11.6, innodb_snapshot_isolation)
    case 1412: // ER_TABLE_DEF_CHANGED: the table was made or altered after the snapshot
    case 1205: // ER_LOCK_WAIT_TIMEOUT
    case 1317: // ER_QUERY_INTERRUPTED: we have ended our own wait
    case 1969: // MariaDB ER_STATEMENT_TIMEOUT
    case 1213: // ER_LOCK_DEADLOCK; at COMMIT: another node's write came first (Galera, certification)
    case 3101: // ER_TRANSACTION_ROLLBACK_DURING_COMMIT (group replication)
      return failure('lock-timeout', 'busy', `The server: ${message}.`)
    case 1180: // ER_ERROR_DURING_COMMIT; handler error 149 is a deadlock: another member's write came first (group replication), and all is rolled back
      if (/\b149\b|\bdeadlock\b/i.test(message)) return failure('lock-timeout', 'busy', `The server: ${message}.`)
      break
    case 1021: // ER_DISK_FULL
    case 1114: // ER_RECORD_FILE_FULL
      return diskFull(`The server: ${message} (${errno}).`, error)
    case 1047: // ER_UNKNOWN_COM_ERROR: a Galera node that has lost the others
      return failure('cannot-connect', 'other', `The server does not take statements: ${message}.`)
    case 1053: // ER_SERVER_SHUTDOWN
    case 1927: // MariaDB ER_CONNECTION_KILLED
    case 3169: // ER_SESSION_WAS_KILLED
    case 4031: // ER_CLIENT_INTERACTION_TIMEOUT
      return failure('cannot-connect', 'lost', `The connection to the server was lost: ${message}.`)
  }
  if (code === 'PROTOCOL_CONNECTION_LOST' || /closed state|Connection lost|server has gone away/i.test(message))
    return failure('cannot-connect', 'lost', `The connection to the server was lost: ${message}.`)
  if (code === UNSAFE_LOGIN)
    return new DatabaseFailure(
      'cannot-connect',
      'other',
      `The password was not sent: ${message}.`,
      error,
      'Let the server use TLS, or reach it through its socket or a tunnel that ends on this machine.',
    )
  if (/SSL|TLS|certificate/i.test(`${code} ${message}`)) return failure('cannot-connect', 'other', `TLS with the server failed: ${message}.`)
  return networkFailure(error) ?? failure('database-error', 'other', `The server: ${message}${errno ? ` (${errno})` : ''}.`)
}
