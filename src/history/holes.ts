import type { Key } from './key.js'
import type { LoaderView } from './loader-view.js'

/** Unapplied migrations with an applied one anywhere above them, by Django's view of squashes. */
export function holesOf(view: LoaderView): Set<Key> {
  const holes = new Set<Key>()
  const seen = new Set<Key>()
  const stack = [...view.graph.nodes.keys()].filter((key) => view.applied.has(key))
  while (stack.length > 0) {
    const key = stack.pop() as Key
    if (seen.has(key)) continue
    seen.add(key)
    for (const parent of view.graph.parents(key)) {
      if (!view.graph.hasNode(parent)) continue
      if (!view.applied.has(parent)) holes.add(parent)
      stack.push(parent)
    }
  }
  return holes
}
