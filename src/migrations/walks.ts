import type { Key } from './key.js'

/**
 * Post-order depth-first walk without recursion (`iterative_dfs` of django/db/migrations/graph.py), the last neighbour first. From several starts one
 * after the other; what an earlier one has visited is not visited again.
 * @param visited of earlier walks, with everything behind it; this walk's nodes come to it
 */
export function walk(starts: readonly Key[], neighbours: (key: Key) => readonly Key[], visited = new Set<Key>()): Key[] {
  const order: Key[] = []
  // A node that is open already is met again only in a cycle, which the gates report; the walk must end all the same.
  const open = new Set<Key>()
  for (const start of starts) {
    const stack: { key: Key; below: boolean }[] = [{ key: start, below: false }]
    while (stack.length > 0) {
      const { key, below } = stack.pop() as { key: Key; below: boolean }
      if (visited.has(key)) continue
      if (below) {
        visited.add(key)
        order.push(key)
      }
      if (below || open.has(key)) continue
      open.add(key)
      stack.push({ key, below: true })
      for (const neighbour of neighbours(key)) if (!visited.has(neighbour)) stack.push({ key: neighbour, below: false })
    }
  }
  return order
}

/** Whether there is any, in time by the number of edges (Kahn's order: what is left over has one). */
export function hasCycle(children: ReadonlyMap<Key, ReadonlySet<Key>>): boolean {
  const open = new Map<Key, number>()
  for (const below of children.values()) for (const child of below) open.set(child, (open.get(child) ?? 0) + 1)
  const free = [...children.keys()].filter((key) => !open.has(key))
  for (let key = free.pop(); key !== undefined; key = free.pop())
    for (const child of children.get(key) ?? []) {
      const left = (open.get(child) as number) - 1
      if (left > 0) open.set(child, left)
      else {
        open.delete(child)
        free.push(child)
      }
    }
  return open.size > 0
}

/** The members of one cycle, each next one a neighbour of the one before; null: there is none. */
export function anyCycle(starts: readonly Key[], neighbours: (key: Key) => readonly Key[]): Key[] | null {
  const done = new Set<Key>()
  for (const start of starts) {
    const path: Key[] = []
    const onPath = new Set<Key>()
    const stack: { key: Key; leave: boolean }[] = [{ key: start, leave: false }]
    while (stack.length > 0) {
      const { key, leave } = stack.pop() as { key: Key; leave: boolean }
      if (leave) {
        onPath.delete(key)
        path.pop()
        done.add(key)
      } else if (onPath.has(key)) return path.slice(path.indexOf(key))
      else if (!done.has(key)) {
        onPath.add(key)
        path.push(key)
        stack.push({ key, leave: true })
        for (const next of neighbours(key)) stack.push({ key: next, leave: false })
      }
    }
  }
  return null
}
