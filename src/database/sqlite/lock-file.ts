import { lstatSync } from 'node:fs'
import type { AdvisoryLock } from '../dialect.js'
import { isFailure } from '../failure.js'
import type { Session } from '../session.js'
import { openFile } from './connect.js'
import { isLockFile, isStill, lockPath, marked, readyLockFile, removeLockFile } from './lock-path.js'

/**
 * Locks that this process holds. Closing any descriptor of a file drops all POSIX locks of the process on it (fcntl(2)), so a
 * held lock file is never opened except through SQLite, which knows that.
 */
const held = new Set<string>()

/** An exclusive transaction on the lock file; the system frees it when the process dies. Whoever holds it removes the file in the end. */
export async function tryLockFile(database: string): Promise<AdvisoryLock | null> {
  const path = lockPath(database)
  // What is held has been looked at, and must not be opened and closed again.
  const inode = held.has(path) ? undefined : readyLockFile(path, database)
  if (inode === null) return null
  let session: Session | undefined
  try {
    session = await openFile(path, false)
    // It means nothing once the system is down, so no write of it waits for the disk: other processes see it all the same.
    await session.rows('PRAGMA synchronous = OFF')
    if (await take(session, path, inode)) return lockOf(session, path, inode)
    await session.close()
    return null
  } catch (error) {
    // Before it is closed: then its inode may be that of another file.
    const isGone = isFailure(error, 'moved') || (inode !== undefined && !isStill(path, inode))
    await session?.close()
    if (isFailure(error, 'busy') || isGone) return null
    throw error
  }
}

/**
 * @param inode of the file that was looked at; undefined for a second try beside a lock of this process
 * @returns false when somebody else was faster, or has removed the file meanwhile: the lock has to be that of the file that the name
 * leads to. A file that is open keeps its inode for itself, so that a name with this inode leads to this file.
 */
async function take(session: Session, path: string, inode: number | undefined): Promise<boolean> {
  if (inode !== undefined && !isStill(path, inode)) return false
  // The holder's process id, for the one who waits: committed before the lock is taken, read from the file's header.
  await session.rows(`PRAGMA user_version = ${process.pid}`)
  if (inode !== undefined) {
    const now = marked(path)
    if (now?.inode !== inode || now.pid !== process.pid) return false
  }
  await session.run('BEGIN EXCLUSIVE')
  const [written] = await session.rows<{ user_version: number }>('PRAGMA user_version')
  // Somebody wrote in between: step back, so that the header always names the one who holds the lock.
  return Number(written?.user_version) === process.pid && (inode === undefined || isStill(path, inode))
}

function lockOf(session: Session, path: string, inode: number | undefined): AdvisoryLock {
  held.add(path)
  let released = false
  return {
    async release() {
      if (released) return
      released = true
      held.delete(path)
      if (inode !== undefined) removeLockFile(path, inode)
      await session.run('ROLLBACK').catch(() => {})
      await session.close()
    },
  }
}

/** Who holds the lock, or null when nobody does. */
export async function lockFileHolder(database: string): Promise<string | null> {
  const path = lockPath(database)
  if (held.has(path)) return `process ${process.pid} on this machine`
  if (!isLockFile(path, database) || (await isFree(path))) return null
  // A plain read: the lock is advisory, and only its header is wanted.
  const holder = marked(path)
  return holder && (holder.pid > 0 ? `process ${holder.pid} on this machine` : 'another process on this machine')
}

/** A folder that cannot be entered says nothing of it. */
function isGone(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined
  } catch {
    return false
  }
}

/** A file left behind by a run that was killed is no lock. */
async function isFree(path: string): Promise<boolean> {
  let session: Session | undefined
  try {
    session = await openFile(path, true)
    await session.rows('SELECT count(*) FROM sqlite_master')
    return true
  } catch (error) {
    if (isFailure(error, 'busy')) return false
    // Removed meanwhile.
    if (isGone(path)) return true
    throw error
  } finally {
    await session?.close()
  }
}
