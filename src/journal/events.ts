import { type EventRecord, TERMINAL } from './records.js'

/** What an operation has once; a second one is somebody else's, and which is which nobody can tell. */
const ONCE: ReadonlySet<string> = new Set(['snapshot', 'lifted', 'shadowed', 'sequence-pending'])

/** Those that come again although an operation has but one of them; it also ends but once. */
export function surplusOf(events: readonly EventRecord[]): EventRecord[] {
  const seen = new Set<string>()
  return events.filter(({ event }) => {
    const kind = TERMINAL.has(event) ? 'end' : ONCE.has(event) ? event : null
    if (kind === null) return false
    if (seen.has(kind)) return true
    seen.add(kind)
    return false
  })
}

/** `the event "lifted" (seq 12)`: with what a DBA needs to find it. */
export function nameEvent({ event, seq }: Pick<EventRecord, 'event' | 'seq'>): string {
  return `the event "${inShort(event)}" (seq ${inShort(seq)})`
}

/** An id as a word of a command to type, with the blank before it; what this tool would never make goes into no command. */
export function idToType(id: string): string {
  return /^\w{1,64}$/.test(id) ? ` ${id}` : ''
}

/** Texts in these tables are as long as somebody likes. */
export function inShort(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
