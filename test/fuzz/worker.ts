// Reads one generated project after another, from the seed that it is given on, and says how each ended.
import { runRound } from './rounds.js'

for (let seed = Number(process.argv[2]); ; seed++) {
  process.send?.({ seed })
  const { fault, seconds } = runRound(seed)
  process.send?.({ seed, fault, seconds })
  // Messages are sent between rounds.
  await new Promise((resolve) => setImmediate(resolve))
}
