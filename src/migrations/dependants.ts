import type { Row } from '../database/row.js'
import type { ProjectFiles } from '../project/types.js'
import { type Key, keyOf, makeKey } from './key.js'
import { loadHistory } from './loader.js'
import { fullPlan } from './plan.js'
import type { LoaderView } from './loader-view.js'
import { resolveReplaced } from './squash-in-graph.js'
import type { Rules } from '../django/rules.js'

/** The rows that stand for a migration: its own and, for a squash, those it replaces. */
export function rowsOf(view: LoaderView, rules: Rules, rows: readonly Row[], key: Key): Row[] {
  const names = new Set([key, ...replacedBy(view, rules, key)])
  return rows.filter((row) => names.has(keyOf(row)))
}

/** The keys that a squash's recording writes beside its own, in Django's order. */
export function replacedBy(view: LoaderView, rules: Rules, key: Key): Key[] {
  const file = view.replacements.get(key)
  if (!file) return []
  return rules.nestedSquashes ? resolveReplaced(view, key) : file.replaces.map(([app, name]) => makeKey(app, name))
}

/**
 * The rows of everything above a migration in the graph, across all apps. Taken from the graph as Django will see it once the
 * migration's own row is gone: then a squash that contains it falls apart, and dependants hang on its parts.
 */
export function dependantRows(project: ProjectFiles, rows: readonly Row[], rules: Rules, key: Key): Row[] {
  const own = new Set(rowsOf(loadHistory(project, rows, rules), rules, rows, key).map((row) => row.id))
  const rest = rows.filter((row) => !own.has(row.id))
  const view = loadHistory(project, rest, rules)
  const node = view.graph.has(key)
    ? key
    : [...view.replacements.keys()].find((squash) => view.graph.hasNode(squash) && replacedBy(view, rules, squash).includes(key))
  if (node === undefined) return []
  const ids = new Set<string>()
  for (const dependant of view.graph.backwardsPlan(node)) if (dependant !== node) for (const row of rowsOf(view, rules, rest, dependant)) ids.add(row.id)
  return rest.filter((row) => ids.has(row.id))
}

/** Everything below a migration, ancestors first, the migration itself last. */
export function withAncestors(project: ProjectFiles, rows: readonly Row[], rules: Rules, key: Key): Key[] {
  const view = loadHistory(project, rows, rules)
  if (view.graph.hasNode(key)) return view.graph.forwardsPlan(key)
  const whole = loadHistory(project, rows, rules, false)
  return whole.graph.hasNode(key) ? whole.graph.forwardsPlan(key) : [key]
}

/** Keys in the order in which an empty database would get them, whether squashes have replaced them or not. */
export function inGraphOrder(project: ProjectFiles, rules: Rules, keys: readonly Key[]): Key[] {
  const order = new Map(fullPlan(loadHistory(project, [], rules, false)).map((key, index) => [key, index]))
  const at = (key: Key) => order.get(key) ?? -1
  return [...keys].sort((left, right) => at(left) - at(right))
}
