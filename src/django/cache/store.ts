import { createHash } from 'node:crypto'
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Answers kept between runs, one file for each question, in the user's cache folder. Never needed: an entry that is corrupt, of
 * another reader or of another user is as good as none, and a folder that cannot be written is no error.
 */
export class Store {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  read(question: string): unknown {
    try {
      const descriptor = openSync(this.#path(question), 'r')
      try {
        const stats = fstatSync(descriptor)
        // Somebody else's file, or one that somebody else may write, could name any path.
        if (process.getuid !== undefined && (stats.uid !== process.getuid() || (stats.mode & 0o022) !== 0)) return null
        const entry = JSON.parse(readFileSync(descriptor, 'utf8')) as { reader?: string; question?: string; answer?: unknown }
        return entry.reader === READER && entry.question === digest(question) ? (entry.answer ?? null) : null
      } finally {
        closeSync(descriptor)
      }
    } catch {
      return null
    }
  }

  write(question: string, answer: unknown): void {
    const path = this.#path(question)
    const part = `${path}.${process.pid}.part`
    try {
      makeFolder(this.folder)
      writeFileSync(part, JSON.stringify({ reader: READER, question: digest(question), answer }), { mode: 0o600, flag: 'wx' })
      renameSync(part, path)
      this.#forgetOldest()
    } catch {
      removeQuietly(part)
    }
  }

  #path(question: string): string {
    return join(this.folder, `${createHash('sha256').update(question).digest('hex').slice(0, 32)}.json`)
  }

  #forgetOldest(): void {
    const names = readdirSync(this.folder).filter((name) => name.endsWith('.json'))
    if (names.length <= MOST) return
    const byAge = names.map((name) => ({ name, at: statSync(join(this.folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 })).sort((a, b) => a.at - b.at)
    for (const { name } of byAge.slice(0, names.length - MOST)) rmSync(join(this.folder, name), { force: true })
  }
}

/** Level by level: a recursive mkdir never ends where the system makes no folders, as below /proc. */
function makeFolder(folder: string): void {
  const missing: string[] = []
  for (let current = folder; !existsSync(current) && dirname(current) !== current; current = dirname(current)) missing.unshift(current)
  for (const one of missing) mkdirSync(one, { mode: 0o700 })
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // A folder that is none has nothing to remove either.
  }
}

/** Entries that are kept. */
const MOST = 64

/** What another build would have read is not what this one reads. */
const READER = readerVersion()

function readerVersion(): string {
  const { size, mtimeMs } = statSync(fileURLToPath(import.meta.url))
  return `1 ${size} ${mtimeMs}`
}

/** `$XDG_CACHE_HOME/migstate/files`, else below `~/.cache`, on Windows below `%LOCALAPPDATA%`. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_CACHE_HOME || env.LOCALAPPDATA || join(homedir(), '.cache'), 'migstate', 'files')
}

/** Of a value that may be secret: enough to see that it has changed. */
export function digest(text: string | undefined): string {
  return text === undefined ? '' : createHash('sha256').update(text).digest('base64').slice(0, 22)
}
