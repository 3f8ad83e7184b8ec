import { readFileSync } from 'node:fs'
import { createRequire, Module } from 'node:module'
import { dirname, join } from 'node:path'
import { Script } from 'node:vm'
import { CodeCache, type Kept, keyOf } from './code-cache.js'

/** Modules with a bundle of their own, `dist/NAME.cjs`: a command reads only the driver that it needs. */
export const DRIVERS: readonly string[] = ['pg', 'mysql2']

interface Loaded {
  script: Script
  exports: object
  key: string
  kept: Kept | null
}

/** The bundles of one folder, each loaded as `require` would, but with the compiled code of earlier runs, which saves a third of the start-up. */
export class Bundles {
  readonly #folder: string
  readonly #cache: CodeCache | null
  readonly #loaded = new Map<string, Loaded>()

  /** @param cache null: nothing is kept */
  constructor(folder: string, cache: CodeCache | null) {
    this.#folder = folder
    this.#cache = cache
  }

  load(name: string): object {
    const known = this.#loaded.get(name)
    if (known) return known.exports
    const path = join(this.#folder, `${name}.cjs`)
    const source = readFileSync(path)
    const key = this.#cache ? keyOf(source) : ''
    const kept = this.#cache?.read(key) ?? null
    // The build writes ASCII only, and of that Latin-1 is the fastest to read. The bundles have no import(): Node warns of those in a script.
    const script = new Script(Module.wrap(source.toString('latin1')), { filename: path, ...(kept ? { cachedData: kept.code } : {}) })
    const outside = createRequire(path)
    const inside = (wanted: string) => (DRIVERS.includes(wanted) ? this.load(wanted) : outside(wanted))
    const module: { exports: object; [fact: string]: unknown } = { exports: {}, filename: path, id: path, loaded: true, children: [], paths: [] }
    // oclif asks for the command map by the file's name; it is this very module.
    outside.cache[path] = module as never
    script.runInThisContext().call(module.exports, module.exports, Object.assign(inside, outside), module, path, dirname(path))
    // Of another version or machine, V8 takes none of it.
    this.#loaded.set(name, { script, exports: module.exports, key, kept: script.cachedDataRejected === true ? null : kept })
    return module.exports
  }

  /**
   * Keeps the code that this run has needed, if no run of its kind was kept before.
   * @param run what tells runs apart: the command
   */
  keep(run: string): void {
    const kind = [run, ...[...this.#loaded.keys()].filter((name) => DRIVERS.includes(name))].join(' ')
    for (const { script, key, kept } of this.#loaded.values()) {
      if (kept?.runs.includes(kind)) continue
      this.#cache?.write(key, { code: script.createCachedData(), runs: [...(kept?.runs ?? []), kind] })
    }
  }
}
