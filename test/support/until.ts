/**
 * Waits for an event that can be seen.
 * @returns what `look` gives, as soon as it is neither false nor null nor undefined
 * @throws when it does not happen: a test never goes on as if it had
 */
export async function until<T>(event: string, look: () => T | Promise<T>, patience = 20_000): Promise<NonNullable<T>> {
  for (const end = Date.now() + patience; ; ) {
    const seen = await look()
    if (seen) return seen
    if (Date.now() > end) throw new Error(`waited ${patience / 1000} s, and this did not happen: ${event}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
