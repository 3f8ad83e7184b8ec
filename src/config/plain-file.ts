import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, realpathSync, type Stats } from 'node:fs'
import { dirname, sep } from 'node:path'
import { tooManyFiles } from '../errors/index.js'

/** A file that was opened and read whole, or why it was not. */
export type PlainFile = { text: string; stats: Stats } | { refusal: string; isLink?: boolean }

export const NOT_PLAIN = 'it is not a regular file'

/** Where it is not so, links have to be followed before a file is opened. */
export const REFUSES_LINKS = constants.O_NOFOLLOW !== undefined

/** Not on every system. Without `O_NONBLOCK` the opening of a FIFO waits for somebody to write. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0) | (constants.O_NOFOLLOW ?? 0)

/**
 * The text of a regular file, never of what a link stands for: what is looked at is what was opened, whatever the path names by then.
 * @param limit bytes; a larger file is refused, not read half
 * @throws MigstateError `too-many-files`
 */
export function readPlainFile(path: string, limit: number): PlainFile {
  let descriptor: number
  try {
    descriptor = openSync(path, FLAGS)
  } catch (error) {
    const tooMany = tooManyFiles(error, `${path} could not be read`)
    if (tooMany) throw tooMany
    const { code } = error as NodeJS.ErrnoException
    // FreeBSD says EMLINK of a link.
    if (code === 'ELOOP' || code === 'EMLINK') return { refusal: 'it is a link', isLink: true }
    return { refusal: code === 'ENXIO' ? NOT_PLAIN : `it cannot be opened (${code})` }
  }
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) return { refusal: NOT_PLAIN }
    if (stats.size > limit) return { refusal: tooLarge(limit) }
    const bytes = readUpTo(descriptor, stats.size, limit)
    return bytes === null ? { refusal: tooLarge(limit) } : { text: bytes.toString('utf8'), stats }
  } catch (error) {
    return { refusal: `it cannot be read (${(error as NodeJS.ErrnoException).code})` }
  } finally {
    closeSync(descriptor)
  }
}

function tooLarge(limit: number): string {
  return `the file is larger than ${limit} bytes`
}

/** Files of /proc say size 0, and a file may grow while it is read: it ends where reading ends, or is too large. */
function readUpTo(descriptor: number, size: number, limit: number): Buffer | null {
  let buffer = Buffer.allocUnsafe(size + 1)
  let length = 0
  for (;;) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, null)
    length += count
    if (count === 0) return buffer.subarray(0, length)
    if (length > limit) return null
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(limit, 2 * length) + 1)
  }
}

/**
 * The same where a link may stand for the file, as long as it leads to a file in or below its own folder.
 * @returns null when there is nothing of this name
 */
export function readNear(path: string, limit: number): PlainFile | null {
  if (!isThere(path)) return null
  const folder = realOr(dirname(path))
  const real = realOr(path)
  if (real === null || folder === null) return { refusal: 'it is a link to nothing' }
  if (!real.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return { refusal: `it is a link to ${real}, outside of its folder` }
  return readPlainFile(real, limit)
}

function isThere(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}

function realOr(path: string): string | null {
  try {
    return realpathSync(path)
  } catch {
    return null
  }
}
