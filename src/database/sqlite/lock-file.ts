import { closeSync, openSync, readSync, realpathSync } from 'node:fs'
import { MigstateError } from '../../errors/index.js'
import type { AdvisoryLock } from '../dialect.js'
import { isFailure } from '../failure.js'
import { openFile } from './connect.js'

/** The lock lives in a SQLite file of its own, so that the child never meets it; one for all names of a database file. */
export function lockPath(database: string): string {
  return `${realpathSync(database)}-migstate-lock`
}

/** An exclusive transaction on the lock file; the system frees it when the process dies. */
export async function tryLockFile(database: string): Promise<AdvisoryLock | null> {
  const path = lockPath(database)
  try {
    closeSync(openSync(path, 'a', 0o600))
  } catch (error) {
    throw new MigstateError('read-only', `The lock file ${path} cannot be made (${(error as NodeJS.ErrnoException).code}). Nothing was changed.`, { cause: error })
  }
  const session = await openFile(path, false)
  try {
    // The holder's process id, for the one who waits: committed before the lock is taken, read from the file's header.
    await session.rows(`PRAGMA user_version = ${process.pid}`)
    await session.run('BEGIN EXCLUSIVE')
    const [written] = await session.rows<{ user_version: number }>('PRAGMA user_version')
    // Somebody wrote in between: step back, so that the header always names the one who holds the lock.
    if (Number(written?.user_version) !== process.pid) {
      await session.close()
      return null
    }
  } catch (error) {
    await session.close()
    if (isFailure(error, 'busy')) return null
    throw error
  }
  return {
    async release() {
      await session.run('ROLLBACK').catch(() => {})
      await session.close()
    },
  }
}

/** SQLite's file format keeps user_version in bytes 60 to 63, big-endian; a plain read ignores the lock. */
export function lockFileHolder(database: string): string | null {
  try {
    const file = openSync(lockPath(database), 'r')
    try {
      const bytes = Buffer.alloc(4)
      if (readSync(file, bytes, 0, 4, 60) < 4) return null
      const pid = bytes.readUInt32BE(0)
      return pid > 0 ? `process ${pid} on this machine` : null
    } finally {
      closeSync(file)
    }
  } catch {
    return null
  }
}
