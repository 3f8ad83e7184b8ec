type Environment = Record<string, string | undefined>

/** The environment variables that the project's code meets, and what it does to them. */
export class Variables {
  /** Before the project changed it. */
  readonly given: Readonly<Environment>
  /** As it is now; reading it is remembered in `asked`. */
  readonly current: Environment
  /** Names that were asked for, with what was given. */
  readonly asked = new Map<string, string | undefined>()
  readonly #lost = new Set<string>()
  /** Code that cannot be followed sets any: those that are not set yet, or all. */
  #anyLost: 'unset' | 'all' | undefined

  constructor(given: Readonly<Environment>, onAsked: () => void) {
    this.given = given
    this.current = new Proxy(
      { ...given },
      {
        get: (target, key) => {
          const name = String(key)
          this.asked.set(name, given[name])
          onAsked()
          return target[name]
        },
      },
    )
  }

  /** @param value null for one that is set to something that is not known */
  set(name: string, value: string | null | undefined, override: boolean): void {
    if (!override && (this.current[name] !== undefined || this.#lost.has(name))) return
    if (value === null) this.#lost.add(name)
    else this.#lost.delete(name)
    if (value === undefined || value === null) delete this.current[name]
    else this.current[name] = value
  }

  isUnknown(name: string): boolean {
    const isSet = this.current[name] !== undefined
    return this.#lost.has(name) || this.#anyLost === 'all' || (this.#anyLost === 'unset' && !isSet)
  }

  forget(overrides: boolean): void {
    if (overrides) this.#anyLost = 'all'
    else this.#anyLost ??= 'unset'
  }
}
