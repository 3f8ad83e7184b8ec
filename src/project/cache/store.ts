import { createHash } from 'node:crypto'
import { appendFileSync, lstatSync, readdirSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readPlainFile } from '../../config/plain-file.js'
import { foreignHand, makeFolder } from '../../config/own-folder.js'

/** More than the answer about the largest project known takes by far. */
const MAX_BYTES = 200_000_000

/**
 * Answers kept between runs, one file for each question, in the user's cache folder. Never needed: an entry that is corrupt, of
 * another reader or of another user is as good as none, and a folder that cannot be written is no error.
 */
export class Store {
  readonly folder: string
  /** Why nothing is kept: somebody else could write here. */
  readonly refusal: string | null

  constructor(folder: string) {
    this.folder = folder
    this.refusal = foreignHand(folder)
  }

  /** The parts of an answer as they were written; null: there is none. */
  read(question: string): Parts | null {
    if (this.refusal !== null) return null
    const file = readPlainFile(this.#path(question), MAX_BYTES)
    // Somebody else's file, or one that somebody else may write, could name any path.
    if ('refusal' in file || !isOwn(file.stats)) return null
    const [head, ...lines] = file.text.split('\n')
    return head === headOf(question) ? new Parts(lines) : null
  }

  write(question: string, parts: Iterable<unknown>): void {
    if (this.refusal !== null) return
    const path = this.#path(question)
    const part = `${path}.${process.pid}.part`
    try {
      makeFolder(this.folder)
      writeFileSync(part, headOf(question), { mode: 0o600, flag: 'wx' })
      // One after the other: of a large project all of them together take tens of megabytes.
      for (const one of parts) appendFileSync(part, `\n${lineOf(one)}`)
      renameSync(part, path)
      this.#forgetOldest()
    } catch {
      removeQuietly(part)
    }
  }

  #path(question: string): string {
    return join(this.folder, `${createHash('sha256').update(question).digest('hex').slice(0, 32)}.json`)
  }

  /** Only what a store has written: a file of such a name that is this user's own. */
  #forgetOldest(): void {
    const names = readdirSync(this.folder).filter((name) => /^[0-9a-f]{32}\.json$/.test(name))
    if (names.length <= MOST) return
    const own = names.flatMap((name) => {
      const stats = lstatSync(join(this.folder, name), { throwIfNoEntry: false })
      return stats?.isFile() && isOwn(stats) ? [{ name, at: stats.mtimeMs }] : []
    })
    const byAge = own.sort((a, b) => a.at - b.at)
    for (const { name } of byAge.slice(0, Math.max(0, own.length - MOST))) rmSync(join(this.folder, name), { force: true })
  }
}

/** Parts of one answer, each a line with its sum before it, which is looked at when it is asked for. */
export class Parts {
  readonly #lines: readonly string[]

  constructor(lines: readonly string[]) {
    this.#lines = lines
  }

  /** null: there is no such part, or not as it was written. */
  at(index: number): unknown {
    const line = this.#lines[index] ?? ''
    const text = line.slice(SUM)
    if (line.slice(0, SUM) !== digest(text)) return null
    try {
      return JSON.parse(text) as unknown
    } catch {
      return null
    }
  }
}

/** Length of a digest. */
const SUM = 22

function lineOf(part: unknown): string {
  const text = JSON.stringify(part)
  return digest(text) + text
}

/** What another build has read is no answer. */
function headOf(question: string): string {
  return JSON.stringify({ reader: READER, question: digest(question) })
}

function isOwn({ uid, mode }: Stats): boolean {
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0)
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
  return `2 ${size} ${mtimeMs}`
}

/** Of a value that may be secret: enough to see that it has changed. */
export function digest(text: string | undefined): string {
  return text === undefined ? '' : createHash('sha256').update(text).digest('base64').slice(0, 22)
}
