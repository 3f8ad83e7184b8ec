import type { Dependency, MigrationFile } from '../project/types.js'
import type { EdgeReader } from './edges.js'
import { type Key, keyOf, makeKey, pairOf } from './key.js'
import type { LoaderView } from './loader-view.js'

/**
 * Squashes in Django 1.8 and 1.9 (loader.py, `build_graph`): before there is a graph, a squash of which all or nothing is applied
 * pushes what it replaces out, and the dependencies of everything else are rewritten to name it.
 */
export function replaceByRewriting(view: LoaderView, edges: EdgeReader): void {
  const normal = new Map<Key, MigrationFile>([...view.disk].filter(([key]) => !view.replacements.has(key)))
  const dependencies = new Map<Key, Dependency[]>([...view.disk].map(([key, file]) => [key, [...file.dependencies]]))
  const dependants = new Map<Key, Set<Key>>()
  for (const [key, file] of normal) for (const parent of file.dependencies) addTo(dependants, keyOf(parent), key)
  const replacedBy = new Map<Key, Set<Key>>()
  for (const [key, file] of view.replacements) for (const [app, name] of file.replaces) addTo(replacedBy, makeKey(app, name), key)
  for (const [key, file] of view.replacements) {
    view.applied.delete(key)
    const replaced = file.replaces.map(([app, name]) => makeKey(app, name))
    const applied = replaced.map((one) => view.applied.has(one))
    if (applied.some(Boolean) && !applied.every(Boolean)) continue
    for (const one of replaced) {
      normal.delete(one)
      for (const child of dependants.get(one) ?? []) {
        if (replaced.includes(child)) continue
        const update = normal.has(child) ? [child] : []
        for (const squash of replacedBy.get(child) ?? []) if (dependencies.get(squash)?.some((parent) => keyOf(parent) === one)) update.push(squash)
        for (const migration of update) point(view, dependencies.get(migration) as Dependency[], one, key)
      }
    }
    normal.set(key, file)
    if (applied.every(Boolean)) view.applied.add(key)
  }
  for (const [key, file] of normal) view.graph.addNode(key, file)
  edges.add(normal, dependencies)
}

/** `dependencies.remove(replaced)`, `dependencies.append(key)`. */
function point(view: LoaderView, dependencies: Dependency[], replaced: Key, key: Key): void {
  const at = dependencies.findIndex((parent) => keyOf(parent) === replaced)
  const [app, name] = pairOf(key)
  if (at >= 0) dependencies.splice(at, 1)
  // Two squashes that replace the same migration: the second one finds nothing to take out.
  else view.gates.push({ gate: 'bad-reference', exception: 'ValueError', message: 'list.remove(x): x not in list', migrations: [[app, name]] })
  dependencies.push({ app, name })
}

function addTo(map: Map<Key, Set<Key>>, key: Key, value: Key): void {
  const known = map.get(key)
  if (known) known.add(value)
  else map.set(key, new Set([value]))
}
