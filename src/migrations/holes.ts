import { type Key, pairOf } from './key.js'
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

/** The applied migration that makes a hole of this one: the nearest above it, over all apps. */
export function nearestAppliedAbove(view: LoaderView, hole: Key): [app: string, name: string] | null {
  const seen = new Set([hole])
  for (let level = [hole]; level.length > 0; ) {
    const above = level.flatMap((key) => view.graph.children(key)).filter((key) => !seen.has(key))
    for (const key of above) seen.add(key)
    const applied = above.find((key) => view.applied.has(key) && view.graph.hasNode(key))
    if (applied !== undefined) return pairOf(applied)
    level = [...new Set(above)]
  }
  return null
}
