import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import { type MigstateError, tooManyFiles } from '../../errors/index.js'
import { driverHint } from './driver-hint.js'
import { DatabaseFailure, diskFull, serverMessage } from '../failure.js'

/** By SQLite's result codes (sqlite.org/rescode.html) and better-sqlite3's own errors. */
export function classify(error: unknown): DatabaseFailure {
  if (error instanceof DatabaseFailure) return error
  const code = String((error as { code?: string }).code ?? '')
  const message = serverMessage(error)
  const failure = (...[errorCode, kind, text]: [DatabaseFailure['code'], DatabaseFailure['kind'], string]) => new DatabaseFailure(errorCode, kind, text, error)
  const tooMany = /^(SQLITE_(CANTOPEN|IOERR)|MODULE_NOT_FOUND|ERR_DLOPEN_FAILED|E[MN]FILE)/.test(code) ? whyNotOpened(`SQLite: ${message}`) : undefined
  if (tooMany) return failure(tooMany.code, 'other', tooMany.fact)
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED' || /better-sqlite3|bindings file/i.test(message))
    return new DatabaseFailure(
      'driver-missing',
      'other',
      `The SQLite driver better-sqlite3 is not installed or not built for this Node (${process.version}).`,
      error,
      driverHint(),
    )
  if (code === 'SQLITE_NOTADB') return failure('not-a-database', 'other', 'The file is not a SQLite database.')
  if (code === 'SQLITE_READONLY_ROLLBACK' || code === 'SQLITE_READONLY_RECOVERY')
    return failure('hot-journal', 'other', 'The database has a journal of an interrupted transaction, and a reading command does not roll it back.')
  if (code === 'SQLITE_CANTOPEN') return failure('cannot-connect', 'other', `SQLite: ${message}.`)
  if (code === 'SQLITE_READONLY_DBMOVED') return failure('read-only', 'moved', `SQLite: the file was moved or replaced while it was open (${message}).`)
  if (code.startsWith('SQLITE_READONLY')) return failure('read-only', 'other', `SQLite: ${message}.`)
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return failure('lock-timeout', 'busy', `SQLite: ${message}.`)
  if (code === 'SQLITE_CONSTRAINT_PRIMARYKEY' || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_ROWID')
    return failure(/: (?!migstate_)[^,]*\.id$/.test(message) ? 'sequence-behind' : 'database-error', 'duplicate-key', `SQLite: ${message}.`)
  if (code === 'SQLITE_FULL') return diskFull(`SQLite: ${message} (${code}).`, error)
  if (/no such column/i.test(message)) return failure('database-error', 'no-column', `SQLite: ${message}.`)
  if (/no such table/i.test(message)) return failure('table-missing', 'no-table', `SQLite: ${message}.`)
  return failure('database-error', 'other', `SQLite: ${message}${code ? ` (${code})` : ''}.`)
}

/** SQLite does not tell the reason of the system; opening something that is always there does. */
function whyNotOpened(doing: string): MigstateError | undefined {
  if (/too many open files|EMFILE/i.test(doing)) return tooManyFiles({ code: 'EMFILE' }, 'The SQLite driver could not be opened')
  try {
    closeSync(openSync(devNull, 'r'))
    return undefined
  } catch (error) {
    return tooManyFiles(error, doing)
  }
}
