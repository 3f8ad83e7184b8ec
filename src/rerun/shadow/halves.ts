import type { EventRecord, Half, Shadowed } from '../../journal/index.js'
import { type Judgement, judgeMarkers } from './markers.js'

export interface Halves extends Judgement {
  /** The half that the judgement is about: the last one that anything is known of. */
  half: Half
  /** The way back is done, and the way forward is not. */
  reversed: boolean
}

/** The outcome of all halves; the first one that has not run decides. */
export function judgeHalves(shadowed: Shadowed, events: readonly EventRecord[], orderly: boolean): Halves {
  let reversed = false
  for (const half of shadowed.halves) {
    const judgement = judgeMarkers(events, half, orderly)
    if (half === 'forward' || judgement.outcome !== 'ran') return { ...judgement, half, reversed }
    reversed = true
  }
  throw new Error('a rerun without its forward half')
}
