import { describe, expect, it } from 'vitest'
import { engines } from '../support/databases.js'
import { djangos, oneDjango } from '../support/django.js'
import { whenTestEnds } from '../support/endings.js'
import type { Usual } from '../fuzz/kills/blows.js'
import { Lab } from '../fuzz/kills/lab.js'
import { KillRound } from '../fuzz/kills/round.js'

/** What a run of the tests has time for; "npm run fuzz -- --kills" goes on where these end. */
const ROUNDS: { only: RegExp; seed: number; estimate: Usual }[] = [
  { only: /^mark unapplied$/, seed: 1, estimate: { ms: 600, messages: 40, childMs: 0 } },
  { only: /^rerun( in table mode)?$/, seed: 2, estimate: { ms: 1800, messages: 60, childMs: 800 } },
]

/** Struck at a moment that is none of the program's own: rows, journal and words are true afterwards. */
describe.each(engines)('%s', (engine) => {
  it('a few seeds of "npm run fuzz -- --kills"', async () => {
    const lab = await Lab.make(engine, djangos[oneDjango as string] as string)
    whenTestEnds(() => lab.close())
    for (const { seed: first, ...how } of ROUNDS) {
      const seed = first + 10 * engines.indexOf(engine)
      const { faults, story, transcript } = await new KillRound(lab, seed, how).run()
      const again = `npm run fuzz -- --kills --engine ${engine} --seed ${seed} --rounds 1 --only '${how.only.source}'`
      expect(faults, `seed ${seed}: ${story}\n${again}\n${transcript.join('\n')}`).toEqual([])
    }
  })
})
