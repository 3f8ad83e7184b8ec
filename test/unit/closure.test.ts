import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cheapestClosure, type Choice } from '../../src/doctor/repairs/closure.js'

/** By trying every set: what the flow has to find. */
function byTrying(choices: ReadonlyMap<string, Choice>, parents: ReadonlyMap<string, readonly string[]>): { cost: number; sets: number } {
  const keys = [...choices.keys()]
  let best = { cost: Number.POSITIVE_INFINITY, sets: 0 }
  for (let bits = 0; bits < 1 << keys.length; bits++) {
    const inside = new Set(keys.filter((_key, index) => bits & (1 << index)))
    if ([...inside].some((key) => parents.get(key)?.some((one) => !inside.has(one)))) continue
    const cost = keys.reduce((sum, key) => sum + (inside.has(key) ? (choices.get(key) as Choice).inside : (choices.get(key) as Choice).outside), 0)
    if (cost < best.cost) best = { cost, sets: 1 }
    else if (cost === best.cost) best.sets++
  }
  return best
}

const graphs = fc.array(fc.record({ inside: fc.nat(4), outside: fc.nat(4), parents: fc.array(fc.nat(8), { maxLength: 3 }) }), { minLength: 1, maxLength: 8 })

describe('cheapestClosure', () => {
  it('finds what trying every set finds, and whether it is the only one', () => {
    fc.assert(
      fc.property(graphs, (nodes) => {
        const choices = new Map(nodes.map(({ inside, outside }, index) => [`n${index}`, { inside, outside }]))
        const parents = new Map(nodes.map(({ parents: own }, index) => [`n${index}`, own.filter((one) => one < index).map((one) => `n${one}`)]))
        const found = cheapestClosure(choices, (key) => parents.get(key) ?? [])
        const wanted = byTrying(choices, parents)
        expect([found.cost, found.isOnly]).toEqual([wanted.cost, wanted.sets === 1])
        expect([...found.inside].every((key) => parents.get(key)?.every((one) => found.inside.has(one)))).toBe(true)
        const cost = [...choices].reduce((sum, [key, { inside, outside }]) => sum + (found.inside.has(key) ? inside : outside), 0)
        expect(cost).toBe(wanted.cost)
      }),
      { numRuns: 300 },
    )
  })
  it('a chain of thousands is no depth of calls', () => {
    const count = 4000
    const choices = new Map(
      Array.from({ length: count }, (_unused, index) => [`n${index}`, { inside: index === 0 ? 3 : 0, outside: index === count - 1 ? 2 : 0 }]),
    )
    const started = Date.now()
    const found = cheapestClosure(choices, (key) => (key === 'n0' ? [] : [`n${Number(key.slice(1)) - 1}`]))
    expect([found.cost, found.inside.size]).toEqual([2, 0])
    expect(Date.now() - started).toBeLessThan(2000)
  })
})
