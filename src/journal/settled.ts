import type { Settled } from './details.js'
import type { SideRows } from './side-rows.js'

/** The last operation of those of which it is written down that all have ended; null: of none. */
export async function settledThrough(rows: SideRows): Promise<string | null> {
  const newest = await rows.newestEvent('settled')
  return newest && newest.problem === null ? (newest.detail as Settled).through : null
}
