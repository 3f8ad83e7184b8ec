import type { Key } from '../../migrations/index.js'

/** What it costs to have a migration in the set, and to leave it out. */
export interface Choice {
  inside: number
  outside: number
}

export interface Closure {
  inside: Set<Key>
  cost: number
  /** No other set costs as little. */
  isOnly: boolean
}

interface Edge {
  to: number
  left: number
  /** The same edge seen from the other end. */
  back: Edge
}

/**
 * The cheapest set of migrations that holds the parents of each of its members: a minimum cut between "inside" and "outside", where an edge from
 * child to parent can not be cut (the closure problem of Picard, 1976; Dinic's algorithm for the flow).
 */
export function cheapestClosure(choices: ReadonlyMap<Key, Choice>, parentsOf: (key: Key) => readonly Key[]): Closure {
  const keys = [...choices.keys()]
  const at = new Map(keys.map((key, index) => [key, index + 2]))
  const edges: Edge[][] = Array.from({ length: keys.length + 2 }, () => [])
  for (const [key, { inside, outside }] of choices) {
    const node = at.get(key) as number
    join(edges, IN, node, outside)
    join(edges, node, OUT, inside)
    for (const parent of parentsOf(key)) if (at.has(parent)) join(edges, node, at.get(parent) as number, Number.POSITIVE_INFINITY)
  }
  let cost = 0
  for (let level = levels(edges); level[OUT] !== undefined; level = levels(edges)) {
    const next = edges.map(() => 0)
    for (let pushed = push(edges, level, next); pushed > 0; pushed = push(edges, level, next)) cost += pushed
  }
  const [fewest, others] = [reached(edges, IN, ({ left }) => left > 0), reached(edges, OUT, ({ back }) => back.left > 0)]
  return {
    inside: new Set(keys.filter((key) => fewest.has(at.get(key) as number))),
    cost,
    // What neither end reaches may be on either side.
    isOnly: fewest.size + others.size === edges.length,
  }
}

const [IN, OUT] = [0, 1]

function join(edges: Edge[][], from: number, to: number, capacity: number): void {
  const forth = { to, left: capacity } as Edge
  const back: Edge = { to: from, left: 0, back: forth }
  forth.back = back
  edges[from]?.push(forth)
  edges[to]?.push(back)
}

/** How many edges lie between the start and each node that can be reached. */
function levels(edges: readonly Edge[][]): (number | undefined)[] {
  const level: (number | undefined)[] = edges.map(() => undefined)
  level[IN] = 0
  const queue = [IN]
  for (const node of queue)
    for (const { to, left } of edges[node] ?? [])
      if (left > 0 && level[to] === undefined) {
        level[to] = (level[node] as number) + 1
        queue.push(to)
      }
  return level
}

/** One more path along the levels, as much as it takes; 0: there is none. A chain of migrations is longer than a stack of calls may be. */
function push(edges: readonly Edge[][], level: readonly (number | undefined)[], next: number[]): number {
  const path: Edge[] = []
  let node = IN
  while (node !== OUT) {
    const edge = edges[node]?.[next[node] as number]
    if (edge === undefined) {
      const last = path.pop()
      if (!last) return 0
      node = last.back.to
      next[node] = (next[node] as number) + 1
    } else if (edge.left > 0 && level[edge.to] === (level[node] as number) + 1) {
      path.push(edge)
      node = edge.to
    } else next[node] = (next[node] as number) + 1
  }
  const pushed = Math.min(...path.map(({ left }) => left))
  for (const edge of path) {
    edge.left -= pushed
    edge.back.left += pushed
  }
  return pushed
}

function reached(edges: readonly Edge[][], from: number, passes: (edge: Edge) => boolean): Set<number> {
  const seen = new Set([from])
  for (const node of seen) for (const edge of edges[node] ?? []) if (passes(edge)) seen.add(edge.to)
  return seen
}
