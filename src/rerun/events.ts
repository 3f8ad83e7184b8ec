import type { EventRecord } from '../journal/index.js'

/** The detail of the last event of this name, or null. */
export function detailOf<T>(events: readonly EventRecord[], name: string): T | null {
  return (events.findLast((event) => event.event === name)?.detail as T | undefined) ?? null
}
