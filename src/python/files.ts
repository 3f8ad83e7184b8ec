import { opendirSync, readdirSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { tooManyFiles } from '../errors/index.js'
import { NOT_PLAIN, readPlainFile, REFUSES_LINKS } from '../config/plain-file.js'
import { type Places, realPath } from './places.js'
import { payLook, payScan, payText, payValues } from './budget.js'

/** What a file or folder was when it was looked at: enough to see later that it is still the same. */
export type Signature = string

/** More than the largest migration known (291 kB) by far; a larger file is refused, not read half. */
const MAX_BYTES = 4_000_000

/** Asking the system takes about as long as looking at so many values. */
const ASKING = 400

/** The one place where the project's files are touched; it remembers what was looked at, so that an answer can be kept for the next run. */
export class Files {
  /** Path to what was there: size and times of a file, names in a folder, empty for nothing. */
  readonly seen = new Map<string, Signature>()
  readonly #kinds = new Map<string, Kind>()
  readonly #texts = new Map<string, string | null>()
  /** Why what is there is not opened, by path. */
  readonly #refusals = new Map<string, string>()
  readonly #realFolders = new Map<string, string>()
  #places: Places | undefined

  /** Only what lies there is opened from now on. */
  limitTo(places: Places): void {
    this.#places = places
  }

  isFile(path: string): boolean {
    return this.#kind(path) === 'file'
  }

  isFolder(path: string): boolean {
    return this.#kind(path) === 'folder'
  }

  exists(path: string): boolean {
    return this.#kind(path) !== 'nothing'
  }

  /** What the file is now. */
  signature(path: string): Signature {
    this.#kind(path)
    return this.seen.get(path) as Signature
  }

  /** null when it cannot be read; `refusal` says why. */
  read(path: string): string | null {
    const known = this.#texts.get(path)
    if (known !== undefined) return known
    const text = this.readOnce(path)
    payText(text?.length ?? 0)
    this.#texts.set(path, text)
    return text
  }

  /** The same without keeping the text in memory. */
  readOnce(path: string): string | null {
    const kind = this.#kind(path)
    if (kind === 'nothing') return null
    const refusal = kind === 'file' ? this.#refusalOf(path) : NOT_PLAIN
    if (refusal !== null) return this.#refuse(path, refusal)
    const real = this.#real(path)
    let file = readPlainFile(real, MAX_BYTES)
    if ('refusal' in file && file.isLink) {
      const target = realPath(real)
      const outside = this.#places?.refusal(path, target) ?? null
      file = outside === null ? readPlainFile(target, MAX_BYTES) : { refusal: outside }
    }
    if ('refusal' in file) return this.#refuse(path, file.refusal)
    payLook(ASKING)
    payScan(file.text.length)
    return file.text
  }

  /** Why a file or folder that is there was not opened. */
  refusal(path: string): string | null {
    return this.#refusals.get(path) ?? null
  }

  /** Sorted names; empty when it cannot be read. */
  list(folder: string): string[] {
    return this.#list(folder, `${folder}/`)
  }

  /** The names in the order of the folder itself, which is that of Python's `os.scandir`. */
  listAsFound(folder: string): string[] {
    return this.#list(folder, `${folder}${AS_FOUND}`)
  }

  #list(folder: string, seenAs: string): string[] {
    const refusal = this.#places?.refusalOfFolder(folder, this.#realFolder(folder)) ?? null
    if (refusal !== null && this.exists(folder)) {
      this.#refuse(folder, refusal)
      return []
    }
    const names = namesIn(seenAs)
    payLook(ASKING)
    payValues(names.length)
    this.seen.set(seenAs, namesOf(names))
    return names
  }

  #refuse(path: string, reason: string): null {
    this.#refusals.set(path, reason)
    return null
  }

  /** Of the path without a link in its last part, which only opening tells. */
  #refusalOf(path: string): string | null {
    return this.#places?.refusal(path, this.#real(path)) ?? null
  }

  #real(path: string): string {
    return REFUSES_LINKS ? join(this.#realFolder(dirname(path)), basename(path)) : realPath(path)
  }

  #realFolder(folder: string): string {
    let real = this.#realFolders.get(folder)
    if (real === undefined) this.#realFolders.set(folder, (real = realPath(folder)))
    return real
  }

  #kind(path: string): Kind {
    const known = this.#kinds.get(path)
    if (known !== undefined) return known
    payLook(ASKING)
    payValues(4)
    const stats = statOf(path)
    const kind = kindOf(stats)
    this.#kinds.set(path, kind)
    this.seen.set(path, signatureOf(stats))
    return kind
  }
}

type Kind = 'file' | 'folder' | 'other' | 'nothing'

function kindOf(stats: Stats | null): Kind {
  if (stats === null) return 'nothing'
  return stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other'
}

/** Nothing too where a part of the path is a file, or may not be entered. */
function statOf(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null
  } catch {
    return null
  }
}

export function signatureOf(stats: Stats | null): Signature {
  if (stats === null) return ''
  return stats.isDirectory() ? 'folder' : `${stats.size} ${stats.mtimeMs} ${stats.ctimeMs} ${stats.ino}`
}

/** Behind a folder that was listed in its own order: no path has a NUL. */
const AS_FOUND = '/\0'

/** @param seenAs a folder and `/`: its names, sorted; and AS_FOUND: in its own order, which takes three times as long */
function namesIn(seenAs: string): string[] {
  const isAsFound = seenAs.endsWith(AS_FOUND)
  const folder = seenAs.slice(0, isAsFound ? -AS_FOUND.length : -1)
  try {
    return isAsFound ? entriesOf(folder) : readdirSync(folder).sort()
  } catch (error) {
    // What is not listed for want of descriptors would pass for not being there.
    const tooMany = tooManyFiles(error, `The folder ${folder} could not be read`)
    if (tooMany) throw tooMany
    return []
  }
}

function entriesOf(folder: string): string[] {
  const opened = opendirSync(folder)
  try {
    const names: string[] = []
    for (let entry = opened.readSync(); entry !== null; entry = opened.readSync()) names.push(entry.name)
    return names
  } finally {
    opened.closeSync()
  }
}

function namesOf(names: readonly string[]): Signature {
  return names.join('/')
}

/** Is everything still as it was? */
export function unchanged(seen: ReadonlyMap<string, Signature> | readonly (readonly [string, Signature])[]): boolean {
  for (const [path, signature] of seen) {
    const now = path.endsWith('/') || path.endsWith(AS_FOUND) ? namesOf(namesIn(path)) : signatureOf(statOf(path))
    if (now !== signature) return false
  }
  return true
}
