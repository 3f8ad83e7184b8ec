import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { root } from '../support/root.js'
import { djangos } from '../support/django.js'
import { generateWorld } from './generate.js'
import { Worlds } from './run-worlds.js'
import { shrink } from './shrink.js'
import type { World } from './world.js'

/** Django is the oracle: every answer about a generated project has to be its own. `npm run conformance` asks for more. */
const SEED = Number(process.env.MIGSTATE_SEED ?? 20_261)
const COUNT = 240
const AT_A_TIME = 40

const versions = Object.keys(djangos)
const three = new Set([versions[0], '5.2', '6.0'])
const worlds = new Worlds(djangos)
const few = new Worlds(Object.fromEntries(Object.entries(djangos).filter(([version]) => three.has(version))))
afterAll(() => {
  worlds.close()
  few.close()
})

describe(`Django ${versions.join(', ')} on named worlds`, () => {
  const folder = join(root, 'test', 'conformance', 'cases')
  it.each(readdirSync(folder).map((file) => file.replace(/\.json$/, '')))('%s', async (name) => {
    const world = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as World
    expect(await worlds.compare(world)).toEqual([])
  })
})

describe(`Django ${[...three].join(', ')} on generated worlds, seed ${SEED}`, () => {
  it.each(Array.from({ length: COUNT / AT_A_TIME }, (_unused, index) => SEED + index * AT_A_TIME))('from %i', async (first) => {
    const before = few.count.answers
    for (let seed = first; seed < first + AT_A_TIME; seed++) {
      const world = generateWorld(seed)
      const [difference] = await few.compare(world)
      if (!difference) continue
      const small = await shrink(world, async (smaller) => (await few.compare(smaller, [difference.version])).length > 0)
      expect.fail(`seed ${seed}, Django ${difference.version}: ${JSON.stringify(difference)}\nas small as it gets: ${JSON.stringify(small)}`)
    }
    expect(few.count.answers - before).toBeGreaterThan(AT_A_TIME * 10)
    expect(few.count.unknown).toBe(0)
  })
})
