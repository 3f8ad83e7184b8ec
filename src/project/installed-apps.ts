import { exhaustion, payValues, Pool, spending } from '../python/budget.js'
import type { Unknown, Value } from '../python/evaluate/value.js'
import type { DjangoSettings } from './settings.js'
import type { Problem } from './types.js'

/** More worlds than these are not told apart. */
export const MOST_WORLDS = 16

/** What INSTALLED_APPS may be, as far as it can be read. */
export interface Installed {
  /** Every entry of every world, in order, each once unless all is certain. */
  items: string[]
  /** Each list that it may be; null where one of them is not known at all, or where there are too many. */
  worlds: string[][] | null
  /** Any number of entries that are not known may come to it. */
  open: boolean
  /** Conditions that decide between the worlds. */
  dependsOn: string[]
  problems: Problem[]
}

/** INSTALLED_APPS with what is in doubt of it: the known part of it stays known. */
export function readInstalled(settings: DjangoSettings): Installed {
  const reader = new Reader(settings)
  const value = settings.get('INSTALLED_APPS')
  try {
    if (value) spending(new Pool(), 0, () => reader.read(value))
  } catch (error) {
    const reason = exhaustion(error)
    if (reason === null) throw error
    const problem: Problem = { code: 'unreadable-file', file: settings.file, line: null, message: `INSTALLED_APPS: ${reason}` }
    return { items: [], worlds: null, open: true, dependsOn: [], problems: [problem] }
  }
  return reader.result()
}

class Reader {
  readonly #settings: DjangoSettings
  readonly #items: string[] = []
  readonly #problems: Problem[] = []
  readonly #dependsOn = new Set<string>()
  #worlds: string[][] | null = [[]]
  #open = false

  constructor(settings: DjangoSettings) {
    this.#settings = settings
  }

  read(value: Value): void {
    this.#worlds = this.#expand(value, true)
  }

  result(): Installed {
    const { length } = this.#problems
    return {
      // What two branches both have is one entry; what a plain list names twice Django refuses.
      items: length === 0 ? this.#items : [...new Set(this.#items)],
      worlds: this.#worlds,
      open: this.#open,
      dependsOn: [...this.#dependsOn],
      problems: this.#problems,
    }
  }

  /** @param whole the setting itself, where nothing is left if it is not known */
  #expand(written: Value, whole: boolean): string[][] | null {
    payValues(1)
    const value = this.#settings.resolve(written)
    if (value.kind === 'string') {
      this.#items.push(value.value)
      return [[value.value]]
    }
    if ('items' in value) return this.#product(value.items)
    if (value.kind === 'either') {
      this.#dependsOn.add(value.dependsOn)
      this.#problem('depends-on-settings', null, `INSTALLED_APPS depends on ${value.dependsOn}`)
      const options = value.options.map((option) => this.#expand(option, whole))
      return options.some((one) => one === null) ? null : distinctLists(options.flatMap((one) => one as string[][]))
    }
    this.#unreadable(value)
    this.#open = true
    return whole ? null : [[]]
  }

  #product(items: readonly Value[]): string[][] | null {
    let worlds: string[][] | null = [[]]
    for (const item of items) {
      const more = this.#expand(item, false)
      if (worlds === null || more === null) worlds = null
      else if (more.length === 1) for (const world of worlds) world.push(...(more[0] as string[]))
      else worlds = worlds.length * more.length > 8 * MOST_WORLDS ? null : worlds.flatMap((world) => more.map((one) => [...world, ...one]))
    }
    return worlds
  }

  #unreadable(value: Value): void {
    if (value.kind === 'unknown') return this.#problem('unreadable-file', value, `INSTALLED_APPS: ${value.reason}`)
    const where = value.kind === 'call' ? { file: value.file.file, line: value.line } : null
    this.#problem(
      'unreadable-file',
      where,
      value.kind === 'call' ? `INSTALLED_APPS: ${value.callee}() is not evaluated` : 'an entry of INSTALLED_APPS cannot be read',
    )
  }

  #problem(code: Problem['code'], where: Pick<Unknown, 'file' | 'line'> | null, message: string): void {
    if (this.#problems.some((one) => one.message === message && one.line === (where?.line ?? null))) return
    this.#problems.push({ code, file: where?.file || this.#settings.file, line: where?.line ?? null, message })
  }
}

function distinctLists(worlds: string[][]): string[][] {
  return [...new Map(worlds.map((world) => [JSON.stringify(world), world])).values()]
}
