import type { Warning } from './migstate-error.js'

/** Collects warnings: one for each code, with a count and the first three messages. */
export class Warnings {
  readonly #byCode = new Map<string, Set<string>>()

  add(code: string, message: string): void {
    const messages = this.#byCode.get(code)
    if (messages) messages.add(message)
    else this.#byCode.set(code, new Set([message]))
  }

  /** What is added to the copy is not added here. */
  copy(): Warnings {
    const copy = new Warnings()
    for (const [code, messages] of this.#byCode) for (const message of messages) copy.add(code, message)
    return copy
  }

  /** @param without messages that a person has been shown already */
  list(without: ReadonlySet<string> = new Set()): Warning[] {
    return [...this.#byCode].flatMap(([code, all]) => {
      const messages = new Set([...all].filter((message) => !without.has(message)))
      if (messages.size === 0) return []
      const more = messages.size > 3 ? ` (${messages.size} in all)` : ''
      return [{ code, message: [...messages].slice(0, 3).join('; ') + more }]
    })
  }
}
