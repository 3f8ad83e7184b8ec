import { isFailure } from '../failure.js'
import { lockFileHolder, tryLockFile } from './lock-file.js'
import { untilFree } from './until-free.js'
import { catalogue } from './catalogue.js'
import type { Session } from '../session.js'
import type { Locks } from '../dialect.js'

/** Who may change the history, and who waits. */
export const locks: Locks = {
  async sessionsUsing() {
    return []
  },

  // A file has no sessions that could have a name.
  async tryAdvisoryLock(session) {
    const lock = await tryLockFile(await fileOf(session))
    // As a server's lock ends with its session.
    if (lock) session.alsoEnd(() => lock.release())
    return lock
  },

  async advisoryLockHolder(session) {
    return lockFileHolder(await fileOf(session))
  },

  async sessionsNamed() {
    return null
  },

  async tryBeginEdit(session, { name }) {
    try {
      // Not a deferred BEGIN: its first write after a read fails at once on a stale WAL snapshot.
      await session.run('BEGIN IMMEDIATE')
    } catch (error) {
      if (isFailure(error, 'busy')) return null
      throw error
    }
    try {
      return await catalogue.findTable(session, { name })
    } catch (error) {
      await session.run('ROLLBACK').catch(() => {})
      throw error
    }
  },

  async proveTableLock() {
    // Who may write the file may.
  },

  async beginJournaling(session) {
    await session.run('BEGIN IMMEDIATE')
  },

  async tableLockHolder() {
    return undefined
  },

  // Foreign keys alone can wait for the COMMIT, and they only refuse (sqlite.org/foreignkeys.html, 4.2).
  fireDeferred: [],

  async commitEdit(session) {
    // A reader of the rollback journal mode delays COMMIT; it goes away, we stay.
    await untilFree(() => session.run('COMMIT'))
  },

  async endEdit() {
    // COMMIT has given the file back already.
  },

  async rollbackEdit(session) {
    await session.run('ROLLBACK')
  },

  async waitsFor() {
    return null
  },
}

/** The path of the file that a session has open. */
export async function fileOf(session: Session): Promise<string> {
  const [main] = await session.rows<{ file: string }>('PRAGMA database_list')
  return main?.file ?? ''
}
