/** Variables of the environment that code sets to something that is not known. */
export class LostVariables {
  readonly #names = new Set<string>()
  /** Code that cannot be followed sets any: those that are not set yet, or all. */
  #any: 'unset' | 'all' | undefined

  set(name: string, lost: boolean): void {
    if (lost) this.#names.add(name)
    else this.#names.delete(name)
  }

  forget(overrides: boolean): void {
    if (overrides) this.#any = 'all'
    else this.#any ??= 'unset'
  }

  has(name: string, isSet: boolean): boolean {
    return this.#names.has(name) || this.#any === 'all' || (this.#any === 'unset' && !isSet)
  }
}
