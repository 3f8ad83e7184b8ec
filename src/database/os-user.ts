import { userInfo } from 'node:os'
import { MigstateError } from '../errors/index.js'

/** The clients' default for the user. @throws MigstateError `bad-url` for a user id without a name (containers) */
export function osUser(): string {
  try {
    return userInfo().username
  } catch (error) {
    throw new MigstateError('bad-url', 'The database URL names no user, and this process has none either. No database was opened.', { cause: error })
  }
}
