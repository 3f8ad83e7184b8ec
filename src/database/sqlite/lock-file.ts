import { closeSync, openSync, readSync } from 'node:fs'
import type { AdvisoryLock } from '../dialect.js'
import { isFailure } from '../failure.js'
import { openFile } from './connect.js'
import { isLockFile, lockPath, readyLockFile, stillThere } from './lock-path.js'

/**
 * Locks that this process holds. Closing any descriptor of a file drops all POSIX locks of the process on it (fcntl(2)), so a
 * held lock file is never opened except through SQLite, which knows that.
 */
const held = new Set<string>()

/** An exclusive transaction on the lock file; the system frees it when the process dies. */
export async function tryLockFile(database: string): Promise<AdvisoryLock | null> {
  const path = lockPath(database)
  // What is held has been looked at, and must not be opened and closed again.
  const inode = held.has(path) ? undefined : readyLockFile(path, database)
  const session = await openFile(path, false)
  try {
    if (inode !== undefined) stillThere(path, inode)
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
  held.add(path)
  return {
    async release() {
      held.delete(path)
      await session.run('ROLLBACK').catch(() => {})
      await session.close()
    },
  }
}

/** Who holds the lock, or null when nobody does. SQLite's file format keeps user_version in bytes 60 to 63, big-endian. */
export async function lockFileHolder(database: string): Promise<string | null> {
  const path = lockPath(database)
  if (held.has(path)) return `process ${process.pid} on this machine`
  if (!isLockFile(path, database) || (await isFree(path))) return null
  const file = openSync(path, 'r')
  try {
    // A plain read: the lock is advisory, and only its header is wanted.
    const bytes = Buffer.alloc(4)
    const pid = readSync(file, bytes, 0, 4, 60) === 4 ? bytes.readUInt32BE(0) : 0
    return pid > 0 ? `process ${pid} on this machine` : 'another process on this machine'
  } finally {
    closeSync(file)
  }
}

/** A file left behind by an earlier run is no lock. */
async function isFree(path: string): Promise<boolean> {
  const session = await openFile(path, true)
  try {
    await session.rows('SELECT count(*) FROM sqlite_master')
    return true
  } catch (error) {
    if (isFailure(error, 'busy')) return false
    throw error
  } finally {
    await session.close()
  }
}
