import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs'
import { MigstateError, tooManyFiles } from '../../errors/index.js'

/** The lock lives in a SQLite file of its own, so that the child never meets it; one for all names of a database file. */
export function lockPath(database: string): string {
  return `${realpathSync(database)}-migstate-lock`
}

/** Never through a link, and never waiting for the other end of a pipe. Absent on Windows. */
const CAREFUL = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/**
 * Makes the lock file where there is none, for everybody who may write the database: its mode, its group and, as root, its owner. One
 * that is there is opened only when it is a lock file; the folder may be a stranger's.
 * @returns the file's inode; null when somebody has just removed it
 * @throws MigstateError `not-a-database` `missing-rights` `read-only`; nothing was touched
 */
export function readyLockFile(path: string, database: string): number | null {
  const beside = statSync(database)
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | CAREFUL, 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const tooMany = tooManyFiles(error, `The lock file ${path} cannot be made`)
    if (tooMany) throw tooMany
    if (code !== 'EEXIST') throw new MigstateError('read-only', `The lock file ${path} cannot be made (${code}).`, { cause: error })
  }
  try {
    file ??= openExisting(path)
    const found = fstatSync(file)
    // Opened, and removed by the one who held it.
    if (found.nlink === 0) return null
    checkLockFile(file, path, found, beside)
    share(file, found, beside)
    mayWrite(path, found)
    return found.ino
  } catch (error) {
    if (isGone(error)) return null
    throw error
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Whether a lock file is there. For one who only asks: nothing is made or mended. */
export function isLockFile(path: string, database: string): boolean {
  let file: number | undefined
  try {
    file = openExisting(path)
    checkLockFile(file, path, fstatSync(file), statSync(database))
    return true
  } catch (error) {
    if (error instanceof MigstateError || isGone(error)) return false
    throw error
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** SQLite opens by name and follows links: is what the name leads to still the file that was looked at? */
export function isStill(path: string, inode: number): boolean {
  const now = lstatSync(path, { throwIfNoEntry: false })
  return now?.isFile() === true && now.ino === inode
}

/**
 * The process id in the header, and the file that it stands in. SQLite's file format keeps user_version in bytes 60 to 63, big-endian.
 * Never for a file on which this process holds a lock. null where there is none.
 */
export function marked(path: string): { inode: number; pid: number } | null {
  let file: number | undefined
  try {
    file = openExisting(path)
    const bytes = Buffer.alloc(4)
    return { inode: fstatSync(file).ino, pid: readSync(file, bytes, 0, 4, 60) === 4 ? bytes.readUInt32BE(0) : 0 }
  } catch (error) {
    if (error instanceof MigstateError || isGone(error)) return null
    throw error
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** For the one who holds the lock. Where the folder is closed to this user the file stays: it is no lock by itself. */
export function removeLockFile(path: string, inode: number): void {
  try {
    if (isStill(path, inode)) unlinkSync(path)
  } catch {
    // It stays.
  }
}

function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

function openExisting(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | CAREFUL)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ELOOP') throw strange(path, 'is a link')
    if (code === 'EACCES') throw closedFile(path, error, lstatSync(path))
    throw error
  }
}

function checkLockFile(file: number, path: string, found: Stats, database: Stats): void {
  if (!found.isFile()) throw strange(path, 'is no plain file')
  if (found.nlink > 1) throw strange(path, 'has another name too (a hard link)')
  const owners = [process.getuid?.() ?? found.uid, database.uid, 0]
  if (!owners.includes(found.uid) && found.gid !== database.gid) throw strange(path, `belongs to user ${found.uid}, who has nothing to do with the database`)
  if (found.size > 0 && !isEmptyDatabase(file, found.size)) throw strange(path, 'has contents of its own')
}

/** One page, and on it a schema without a table (sqlite.org/fileformat2.html, 1.3 and 1.6): more than that is no lock file. */
function isEmptyDatabase(file: number, size: number): boolean {
  const head = Buffer.alloc(108)
  if (readSync(file, head, 0, 108, 0) < 108 || head.toString('latin1', 0, 16) !== 'SQLite format 3\0') return false
  const page = head.readUInt16BE(16)
  return size === (page === 1 ? 65536 : page) && head[100] === 13 && head.readUInt16BE(103) === 0
}

/** Whoever may write the database may take its lock. Only our own file is changed; where the system refuses, it stays as it is. */
function share(file: number, found: Stats, database: Stats): void {
  const me = process.getuid?.()
  if (me === undefined || (found.uid !== me && me !== 0)) return
  try {
    if (found.gid !== database.gid || (me === 0 && found.uid !== database.uid)) fchownSync(file, me === 0 ? database.uid : found.uid, database.gid)
    fchmodSync(file, database.mode & 0o666)
  } catch {
    // Another group's file can be given away only by root.
  }
}

function mayWrite(path: string, found: Stats): void {
  try {
    accessSync(path, constants.W_OK)
  } catch (error) {
    throw isGone(error) ? error : closedFile(path, error, found)
  }
}

function closedFile(path: string, cause: unknown, found: Stats): MigstateError {
  return new MigstateError('missing-rights', `The lock file ${path} belongs to user ${found.uid} and may not be used by this one.`, {
    hint: 'While no migstate runs, let its owner remove it: it is made anew with the rights of the database.',
    cause,
  })
}

function strange(path: string, why: string): MigstateError {
  return new MigstateError('not-a-database', `The lock file ${path} ${why}, so it is not migstate's and was not touched.`, {
    hint: 'Look who has put it there, and move it away.',
  })
}
