import { existsSync, lstatSync, mkdirSync, realpathSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Why others could put files into a folder, or another folder in its place; null: only this user and the system's own can. Every folder
 * above counts, as written and as it really lies: who may write in one of them may rename what is in it.
 */
export function foreignHand(folder: string): string | null {
  if (process.getuid === undefined) return null
  const uid = process.getuid()
  for (const path of new Set([...ancestors(folder), ...ancestors(realFolder(folder))])) {
    const stats = statsOf(path)
    if (stats === null) continue
    if (stats.uid !== uid && stats.uid !== 0) return `${path} belongs to another user`
    // In a sticky folder, as /tmp is, nobody renames what belongs to others.
    const isSticky = (stats.mode & 0o1000) !== 0 && path !== folder
    // A user's own group, as many systems give one to each user.
    const byGroup = (stats.mode & 0o020) !== 0 && !(stats.gid === uid && stats.uid === uid)
    if (!stats.isSymbolicLink() && !isSticky && ((stats.mode & 0o002) !== 0 || byGroup)) return `others may write in ${path}`
  }
  return null
}

/** Of the link itself; nothing where a part of the path is a file. */
function statsOf(path: string): Stats | null {
  try {
    return lstatSync(path)
  } catch {
    return null
  }
}

function ancestors(folder: string): string[] {
  const found = [folder]
  for (let current = folder; dirname(current) !== current; current = dirname(current)) found.push(dirname(current))
  return found
}

/** Of a folder that is not there yet, the nearest one above it. */
function realFolder(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return dirname(folder) === folder ? folder : realFolder(dirname(folder))
  }
}

/** Level by level: a recursive mkdir never ends where the system makes no folders, as below /proc. */
export function makeFolder(folder: string): void {
  const missing: string[] = []
  for (let current = folder; !existsSync(current) && dirname(current) !== current; current = dirname(current)) missing.unshift(current)
  for (const one of missing) mkdirSync(one, { mode: 0o700 })
}
