import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readFileSync, renameSync, rmSync, type Stats, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { foreignHand, makeFolder } from '../../config/own-folder.js'
import { cacheFolder } from '../../config/user-folder.js'

/** What V8 made of a bundle in earlier runs, and which runs those were. */
export interface Kept {
  code: Buffer
  runs: string[]
}

/** Of each bundle and Node; those of a Node that is gone are forgotten in time. */
const MOST = 12
const MAX_BYTES = 50_000_000
const NAME = /^[0-9a-f]{64}\.v8$/
/** Hexadecimal digits of SHA-256. V8 itself checks nothing but lengths, and code that a bad disk has changed ends the process. */
const SUM = 64
/** Digits that tell how long the list of runs is, at the end of the file. */
const TAIL = 8

/**
 * V8's compiled code of the bundles, made on this machine by this user's runs, in this user's cache folder: it is program code, so a folder in
 * which anybody else could write is not used at all. Never needed: without it each start compiles.
 */
export class CodeCache {
  readonly #folder: string
  readonly #usable: boolean

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#folder = join(cacheFolder(env), 'code')
    this.#usable = foreignHand(this.#folder) === null
  }

  /** @param key what {@link keyOf} says of the bundle */
  read(key: string): Kept | null {
    if (!this.#usable) return null
    const file = ownFile(join(this.#folder, `${key}.v8`))
    if (file === null || file.length < SUM + TAIL) return null
    const rest = file.subarray(SUM)
    if (createHash('sha256').update(rest).digest('hex') !== file.toString('latin1', 0, SUM)) return null
    const end = rest.length - TAIL - Number(rest.toString('latin1', rest.length - TAIL))
    const runs = JSON.parse(rest.toString('utf8', end, rest.length - TAIL)) as string[]
    return { code: rest.subarray(0, end), runs }
  }

  /** Whole or not at all. */
  write(key: string, { code, runs }: Kept): void {
    if (!this.#usable) return
    const path = join(this.#folder, `${key}.v8`)
    const part = `${path}.${process.pid}.part`
    try {
      makeFolder(this.#folder)
      const list = Buffer.from(JSON.stringify(runs))
      const rest = Buffer.concat([code, list, Buffer.from(String(list.length).padStart(TAIL))])
      const sum = createHash('sha256').update(rest).digest('hex')
      writeFileSync(part, Buffer.concat([Buffer.from(sum), rest]), { mode: 0o600, flag: 'wx' })
      renameSync(part, path)
      this.#forgetOldest()
    } catch {
      removeQuietly(part)
    }
  }

  #forgetOldest(): void {
    const own = readdirSync(this.#folder)
      .filter((name) => NAME.test(name))
      .flatMap((name) => {
        const stats = lstatSync(join(this.#folder, name), { throwIfNoEntry: false })
        return stats?.isFile() && isOwn(stats) ? [{ name, at: stats.mtimeMs }] : []
      })
    for (const { name } of own.sort((a, b) => b.at - a.at).slice(MOST)) removeQuietly(join(this.#folder, name))
  }
}

/** Code of another source, Node, machine or set of flags is another file. */
export function keyOf(source: Buffer): string {
  const flags = JSON.stringify([process.version, process.arch, process.platform, process.execArgv, process.env.NODE_OPTIONS ?? ''])
  return createHash('sha256').update(source).update(flags).digest('hex')
}

/** A plain file of this user that nobody else may write; null: there is none. */
function ownFile(path: string): Buffer | null {
  let descriptor: number
  try {
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  } catch {
    return null
  }
  try {
    const stats = fstatSync(descriptor)
    return stats.isFile() && isOwn(stats) && stats.size <= MAX_BYTES ? readFileSync(descriptor) : null
  } catch {
    return null
  } finally {
    closeSync(descriptor)
  }
}

function isOwn({ uid, mode }: Stats): boolean {
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0)
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // Another run may have been faster.
  }
}
