import { Worlds } from './run-worlds.js'
import { generateWorld } from './generate.js'
import { shrink } from './shrink.js'
const homes: Record<string, string> = JSON.parse(process.env.HOMES!)
const [from, n] = [Number(process.argv[2]), Number(process.argv[3])]
const worlds = new Worlds(homes)
let bad = 0
const kinds = new Map<string, number>()
for (let seed = from; seed < from + n; seed++) {
  const world = generateWorld(seed)
  const differences = await worlds.compare(world)
  if (differences.length === 0) continue
  bad++
  const first = differences[0]!
  const kind = `${first.version} ${first.what.split(' ').slice(0, 2).join(' ')}`
  kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  if (bad <= Number(process.env.SHOW ?? 3)) {
    const small = await shrink(world, async (w) => (await worlds.compare(w, [first.version])).length > 0)
    const ds = await worlds.compare(small, [first.version])
    console.log('SEED', seed, JSON.stringify(small))
    console.log(JSON.stringify(ds[0], null, 0))
  }
}
console.log({ n, bad, ...worlds.count }, kinds)
worlds.close()
