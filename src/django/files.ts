import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs'

/** What a file or folder was when it was looked at: enough to see later that it is still the same. */
export type Signature = string

/** The one place where the project's files are touched; it remembers what was looked at, so that an answer can be kept for the next run. */
export class Files {
  /** Path to what was there: size and times of a file, names in a folder, empty for nothing. */
  readonly seen = new Map<string, Signature>()
  readonly #stats = new Map<string, Stats | null>()
  readonly #texts = new Map<string, string | null>()

  isFile(path: string): boolean {
    return this.#stat(path)?.isFile() ?? false
  }

  isFolder(path: string): boolean {
    return this.#stat(path)?.isDirectory() ?? false
  }

  exists(path: string): boolean {
    return this.#stat(path) !== null
  }

  /** What the file is now. */
  signature(path: string): Signature {
    return signatureOf(this.#stat(path))
  }

  /** Bytes; 0 when there is no file. */
  size(path: string): number {
    return this.#stat(path)?.size ?? 0
  }

  /** null when it cannot be read. */
  read(path: string): string | null {
    const known = this.#texts.get(path)
    if (known !== undefined) return known
    const text = this.readOnce(path)
    this.#texts.set(path, text)
    return text
  }

  /** The same without keeping the text in memory. */
  readOnce(path: string): string | null {
    this.#stat(path)
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return null
    }
  }

  /** Sorted names; empty when it cannot be read. */
  list(folder: string): string[] {
    const names = listFolder(folder)
    this.seen.set(`${folder}/`, names.join('\n'))
    return names
  }

  #stat(path: string): Stats | null {
    const known = this.#stats.get(path)
    if (known !== undefined) return known
    const stats = statOf(path)
    this.#stats.set(path, stats)
    this.seen.set(path, signatureOf(stats))
    return stats
  }
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

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

/** Is everything still as it was? */
export function unchanged(seen: ReadonlyMap<string, Signature> | readonly (readonly [string, Signature])[]): boolean {
  for (const [path, signature] of seen) {
    const now = path.endsWith('/') ? listFolder(path.slice(0, -1)).join('\n') : signatureOf(statOf(path))
    if (now !== signature) return false
  }
  return true
}
