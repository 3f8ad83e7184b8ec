import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MigrationGraph } from '../../src/migrations/graph.js'
import { appOf, type Key, makeKey } from '../../src/migrations/key.js'
import { walk } from '../../src/migrations/walks.js'
import type { MigrationFile } from '../../src/project/types.js'

const APPS = ['a', 'ab', 'b', 'c']
const KEYS = APPS.flatMap((app) => ['0001', '0002', '0003'].map((name) => makeKey(app, name)))

/** Any edges, those of cycles and those to nodes that are not there included. */
const graphs = fc.record({
  nodes: fc.uniqueArray(fc.constantFrom(...KEYS), { minLength: 1 }),
  edges: fc.array(fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom(...KEYS)), { maxLength: 20 }),
})

function made({ nodes, edges }: { nodes: Key[]; edges: [Key, Key][] }): MigrationGraph {
  const graph = new MigrationGraph()
  for (const key of nodes) graph.addNode(key, {} as MigrationFile)
  for (const [child, parent] of edges) graph.addDependency({ app: 'a', name: 'x' }, child, parent)
  return graph
}

/** Django's own: each plan by itself, each node where it comes first (showmigrations.py). */
const oneByOne = (graph: MigrationGraph, keys: readonly Key[]) => [...new Set(keys.flatMap((key) => graph.forwardsPlan(key)))]

describe('walks through the graph', () => {
  it('go through several plans at once, and through those of one app, in the order of the plans one by one', () => {
    fc.assert(
      fc.property(graphs, fc.shuffledSubarray(KEYS), (written, some) => {
        const graph = made(written)
        expect(graph.forwardsPlans(some)).toEqual(oneByOne(graph, some))
        const earlier = new Set<Key>()
        expect(some.flatMap((key) => graph.forwardsPlans([key], earlier))).toEqual(oneByOne(graph, some))
        for (const app of APPS) {
          const leaves = graph.leaves(app)
          expect(graph.forwardsPlansWithin(app, leaves)).toEqual(oneByOne(graph, leaves).filter((key) => appOf(key) === app))
        }
      }),
      { numRuns: 500 },
    )
  })

  it('find a cycle where there is one', () => {
    fc.assert(
      fc.property(graphs, (written) => {
        const graph = made(written)
        for (const along of ['parents', 'children'] as const) {
          const next = (key: Key) => (along === 'parents' ? graph.parents(key) : graph.children(key))
          const behind = (key: Key) => {
            const found = new Set<Key>(next(key))
            for (const one of found) for (const other of next(one)) found.add(other)
            return found
          }
          const isThere = [...graph.nodes.keys()].some((key) => [key, ...behind(key)].some((one) => behind(one).has(one)))
          const cycle = graph.findCycle(along)
          expect(cycle !== null).toBe(isThere)
          cycle?.forEach((key, index) => expect(next(key)).toContain(cycle[(index + 1) % cycle.length]))
        }
      }),
      { numRuns: 500 },
    )
  })

  it('ask for the neighbours of each node once, however many plans it stands in', () => {
    const asked: Key[] = []
    const chain = Array.from({ length: 100 }, (_unused, index) => makeKey(`app${index}`, '0001'))
    const order = walk(chain, (key) => {
      asked.push(key)
      return chain.slice(0, chain.indexOf(key)).slice(-2)
    })
    expect(order).toEqual(chain)
    expect(asked).toHaveLength(chain.length)
  })

  it('stay in an app from which no way leads back to it', () => {
    const graph = new MigrationGraph()
    const key = (app: number, index: number) => makeKey(`app${String(app).padStart(3, '0')}`, String(index).padStart(4, '0'))
    for (let app = 0; app < 40; app++) for (let index = 0; index < 5; index++) graph.addNode(key(app, index), {} as MigrationFile)
    for (let app = 0; app < 40; app++)
      for (let index = 1; index < 5; index++) {
        graph.addDependency({ app: 'a', name: 'x' }, key(app, index), key(app, index - 1))
        if (app > 0) graph.addDependency({ app: 'a', name: 'x' }, key(app, index), key(app - 1, index))
      }
    let asked = 0
    const parents = graph.parents.bind(graph)
    graph.parents = (one) => {
      asked++
      return parents(one)
    }
    expect(graph.forwardsPlansWithin('app039', graph.leaves('app039'))).toEqual([0, 1, 2, 3, 4].map((index) => key(39, index)))
    expect(asked).toBe(5)
  })
})
