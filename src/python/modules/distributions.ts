import { join } from 'node:path'
import { payLook } from '../budget.js'
import type { Files } from '../files.js'

export interface EntryPoint {
  group: string
  name: string
  /** `module:attribute`, without extras. */
  value: string
  /** Of the distribution, as its folder is called. */
  distribution: string
}

/** Distributions that are installed, by their metadata folders (packaging.python.org, "Recording installed projects"). */
export class Distributions {
  readonly #folders: () => readonly string[]
  readonly #files: Files
  #found: { name: string; version: string; folder: string }[] | undefined
  readonly #entryPoints = new Map<string, EntryPoint[] | null>()

  constructor(folders: () => readonly string[], files: Files) {
    this.#folders = folders
    this.#files = files
  }

  /** Version by its normalized name, or null where none is installed. */
  version(name: string): string | null {
    return this.#all().find((one) => one.name === normalized(name))?.version ?? null
  }

  /** Of each distribution once: the first of a name on the path counts. null where a file of theirs is there and is not read. */
  entryPoints(group: string): EntryPoint[] | null {
    let found = this.#entryPoints.get(group)
    if (found === undefined) this.#entryPoints.set(group, (found = this.#read(group)))
    payLook(20 * (found?.length ?? 0))
    return found
  }

  #read(group: string): EntryPoint[] | null {
    const found: EntryPoint[] = []
    for (const { name, folder } of this.#all()) {
      const path = join(folder, 'entry_points.txt')
      if (!this.#files.exists(path)) continue
      const text = this.#files.readOnce(path)
      if (text === null) return null
      for (const point of readEntryPoints(text, group, name)) found.push(point)
    }
    return found
  }

  #all(): { name: string; version: string; folder: string }[] {
    if (this.#found) return this.#found
    const found = new Map<string, { name: string; version: string; folder: string }>()
    for (const folder of this.#folders())
      for (const entry of this.#files.isFolder(folder) ? this.#files.list(folder) : []) {
        const [, name, version = '', kind] = /^([\w.]+?)(?:-([^-]+))?(?:-py\d[\d.]*)?\.(dist|egg)-info$/.exec(entry) ?? []
        if (name === undefined || kind === undefined || found.has(normalized(name))) continue
        found.set(normalized(name), { name: normalized(name), version, folder: join(folder, entry) })
      }
    return (this.#found = [...found.values()])
  }
}

/** PEP 503, with the underscores of folder names. */
function normalized(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase()
}

/** `name = module:attribute [extra]` under `[group]`, an ini file without interpolation. */
function readEntryPoints(text: string, wanted: string, distribution: string): EntryPoint[] {
  payLook(text.length / 4)
  const found: EntryPoint[] = []
  let group = ''
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim()
    if (trimmed.startsWith('[') && trimmed.endsWith(']')) group = trimmed.slice(1, -1).trim()
    const at = trimmed.indexOf('=')
    if (group !== wanted || at < 0 || trimmed.startsWith('#') || trimmed.startsWith(';')) continue
    const value = trimmed
      .slice(at + 1)
      .replace(/\[[^\]]*\]\s*$/, '')
      .trim()
    found.push({ group, name: trimmed.slice(0, at).trim(), value, distribution })
  }
  return found
}
