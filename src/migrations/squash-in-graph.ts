import type { Rules } from '../django/rules.js'
import { type Key, makeKey, pairOf } from './key.js'
import type { LoaderView } from './loader-view.js'

/**
 * Squashes since Django 1.10: every file is a node at first; a squash of which all or nothing is applied takes the place of what it
 * replaces, any other leaves the graph (loader.py, the loop of `build_graph`; since 6.0 `replace_migration`).
 */
export function replaceInGraph(view: LoaderView, rules: Rules): void {
  const done = new Set<Key>()
  const open = new Set<Key>()
  const replace = (key: Key): boolean => {
    if (done.has(key)) return true
    if (rules.nestedSquashes && open.has(key)) return refuseCycle(view, key, open)
    open.add(key)
    const immediate = immediatelyReplaced(view, key)
    if (rules.nestedSquashes) for (const replaced of immediate) if (view.replacements.has(replaced) && !replace(replaced)) return false
    const targets = rules.nestedSquashes ? resolveReplaced(view, key) : immediate
    const applied = targets.map((target) => view.applied.has(target))
    const all = applied.every(Boolean)
    if (all) view.applied.add(key)
    else view.applied.delete(key)
    if (!view.graph.hasNode(key)) return refuseLostNode(view, key, all || !applied.some(Boolean))
    if (all || !applied.some(Boolean)) view.graph.removeReplacedNodes(key, immediate)
    else view.graph.removeReplacementNode(key, immediate)
    done.add(key)
    return true
  }
  for (const key of view.replacements.keys()) if (!replace(key)) return
}

function immediatelyReplaced(view: LoaderView, key: Key): Key[] {
  return (view.replacements.get(key)?.replaces ?? []).map(([app, name]) => makeKey(app, name))
}

/** Every replaced key, an intermediate squash that is still on disk unfolded (`_resolve_replaced_migration_keys`, 6.0). */
export function resolveReplaced(view: Pick<LoaderView, 'replacements'>, key: Key, seen = new Set<Key>()): Key[] {
  if (seen.has(key)) return []
  seen.add(key)
  const file = view.replacements.get(key)
  return (file?.replaces ?? []).flatMap(([app, name]) => {
    const replaced = makeKey(app, name)
    return view.replacements.has(replaced) ? resolveReplaced(view, replaced, seen) : [replaced]
  })
}

function refuseCycle(view: LoaderView, key: Key, open: ReadonlySet<Key>): false {
  const [app, name] = pairOf(key)
  view.gates.push({
    gate: 'circular',
    exception: 'CommandError',
    message: `Cyclical squash replacement found, starting at ('${app}', '${name}')`,
    migrations: [...open].sort().map(pairOf),
  })
  return false
}

/** A squash that another squash has replaced before its own turn came: Django before 6.0 dies on it. */
function refuseLostNode(view: LoaderView, key: Key, replacing: boolean): false {
  const [app, name] = pairOf(key)
  view.gates.push({
    gate: 'bad-reference',
    exception: 'NodeNotFoundError',
    message: replacing
      ? `Unable to find replacement node ('${app}', '${name}'). It was either never added to the migration graph, or has been removed.`
      : `Unable to remove replacement node ('${app}', '${name}'). It was either never added to the migration graph, or has been removed already.`,
    migrations: [pairOf(key)],
  })
  return false
}
