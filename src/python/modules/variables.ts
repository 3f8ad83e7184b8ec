import type { Environment } from '../evaluate/host.js'

/** The environment variables that the project's code meets, and what it does to them. */
export class Variables implements Environment {
  /** Before the project changed it. */
  readonly given: ReadonlyMap<string, string>
  /** Names that were asked for, with what was given. */
  readonly asked = new Map<string, string | undefined>()
  readonly #current: Map<string, string>
  readonly #onAsked: () => void
  readonly #lost = new Set<string>()
  /** Code that cannot be followed sets any: those that are not set yet, or all. */
  #anyLost: 'unset' | 'all' | undefined
  #reason: string | undefined

  constructor(given: Readonly<Record<string, string | undefined>>, onAsked: () => void) {
    this.given = new Map(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined))
    this.#current = new Map(this.given)
    this.#onAsked = onAsked
  }

  /** As it is now; that it was asked for is remembered in `asked`. */
  get(name: string): string | undefined {
    this.asked.set(name, this.given.get(name))
    this.#onAsked()
    return this.#current.get(name)
  }

  /** @param value null for one that is set to something that is not known */
  set(name: string, value: string | null | undefined, override: boolean): void {
    if (!override && (this.get(name) !== undefined || this.#lost.has(name))) return
    if (value === null) this.#lost.add(name)
    else this.#lost.delete(name)
    if (value === undefined || value === null) this.#current.delete(name)
    else this.#current.set(name, value)
  }

  /** Why its value is not known. */
  doubt(name: string): string | null {
    const isSet = this.get(name) !== undefined
    const said = `${name} of the environment is set to something that is not known`
    if (this.#lost.has(name)) return said
    if (this.#anyLost !== 'all' && (this.#anyLost !== 'unset' || isSet)) return null
    return this.#reason === undefined ? said : `${said}: ${this.#reason}`
  }

  /** @param reason the first one is said */
  forget(overrides: boolean, reason?: string): void {
    this.#reason ??= reason
    if (overrides) this.#anyLost = 'all'
    else this.#anyLost ??= 'unset'
  }
}
