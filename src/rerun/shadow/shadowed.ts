import type { Half } from '../../journal/index.js'

/** The names of a half's events in the journal. */
export interface HalfEvents {
  /** Everything is proven, nothing has run. */
  ready: 'ready' | 'reverse-ready'
  /** `%d`: the operation's index. */
  operation: string
  /** Before a statement that commits behind a transaction's back (MySQL manual 15.3.3). */
  commits: string
  /** `Migration.apply` or `unapply` has returned, in the migration's own transaction where there is one. */
  whole: string
  /** The executor has returned. */
  end: string
}

export const EVENTS: Readonly<Record<Half, HalfEvents>> = {
  forward: { ready: 'ready', operation: 'op:%d', commits: 'commits:%d', whole: 'applied', end: 'finished' },
  backward: { ready: 'reverse-ready', operation: 'reverse-op:%d', commits: 'reverse-commits:%d', whole: 'unapplied', end: 'reverse-finished' },
}
