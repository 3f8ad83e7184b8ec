import { expect, it } from 'vitest'
import { runRound } from '../fuzz/rounds.js'

/** Projects out of a grammar, from a fixed seed; `npm run fuzz` goes on from there for as long as is wanted. */
const ROUNDS = 150
/** Nine files, each with a budget of its own, on a slow machine. */
const SECONDS = 20

it(`${ROUNDS} projects are answered`, { timeout: 600_000 }, () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const { fault, seconds } = runRound(seed)
    expect({ seed, fault }).toEqual({ seed, fault: null })
    expect({ seed, slow: seconds > SECONDS }).toEqual({ seed, slow: false })
  }
})
