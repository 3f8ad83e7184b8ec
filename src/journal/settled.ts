import type { Database, Question } from '../database/index.js'
import type { Settled } from './details.js'
import type { SideRows } from './side-rows.js'

/** As it was seen last: no reason to believe it, and a good guess at what will be seen again. */
const SEEN = new WeakMap<Database, string | null>()

/** The last operation of those of which it is written down that all have ended; null: of none. */
export function settledThrough(database: Database, rows: SideRows): Question<string | null> {
  const { read, ...statement } = rows.newestEvent('settled')
  return {
    ...statement,
    read(answer) {
      const newest = read(answer)
      const through = newest && newest.problem === null ? (newest.detail as Settled).through : null
      SEEN.set(database, through)
      return through
    },
  }
}

export function settledBefore(database: Database): string | null {
  return SEEN.get(database) ?? null
}
