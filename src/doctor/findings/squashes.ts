import { type Key, makeKey } from '../../migrations/index.js'
import type { Facts } from '../facts.js'

/** A squash whose file still has `replaces`: which of its rows are there. */
export interface SquashState {
  key: Key
  own: boolean
  /** Parts by whether they are recorded. */
  recorded: Key[]
  missing: Key[]
  /** Parts that are not recorded and have no file: Django cannot run them. */
  gone: Key[]
}

/** A part that is a squash itself counts by its own parts where Django unfolds it (since 6.0). */
export function squashStates({ view, rules }: Facts): SquashState[] {
  if (!view) return []
  const isRecorded = (key: Key, open: ReadonlySet<Key> = new Set()): boolean => {
    const nested = rules.nestedSquashes && !open.has(key) ? view.replacements.get(key) : undefined
    if (!nested) return view.recorded.has(key)
    return nested.replaces.every(([app, name]) => isRecorded(makeKey(app, name), new Set([...open, key])))
  }
  return [...view.replacements].map(([key, { replaces }]) => {
    const parts = replaces.map(([app, name]) => makeKey(app, name))
    const missing = parts.filter((part) => !isRecorded(part))
    return {
      key,
      own: view.recorded.has(key),
      recorded: parts.filter((part) => isRecorded(part)),
      missing,
      gone: missing.filter((part) => !view.disk.has(part)),
    }
  })
}
