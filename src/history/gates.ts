import type { MissingNode } from './graph.js'
import { dotted, type Key, makeKey, nameOf, pairOf } from './key.js'
import type { LoaderView } from './loader.js'
import type { Rules } from './rules.js'

export type GateName =
  | 'missing-parent'
  | 'circular'
  | 'inconsistent-history'
  | 'conflict'
  | 'unknown-app'
  | 'unknown-migration'
  | 'ambiguous-migration'
  | 'bad-file'
  | 'bad-reference'
  | 'bad-row'
  | 'unreadable'

/** Why Django's `migrate` would stop, in Django's own words. */
export interface Gate {
  gate: GateName
  message: string
  /** Django's exception class; null where Django has none because the reason is ours. */
  exception: string | null
  migrations: [app: string, name: string][]
}

/** Gates without which there is no graph, and so no answer about anything later. */
export function stopsLoading(gate: Gate): boolean {
  return ['missing-parent', 'circular', 'bad-file', 'bad-reference', 'unreadable'].includes(gate.gate)
}

/** `NodeNotFoundError`, with the squash explanation of loader.py where a replacement stands for the missing node. */
export function missingParentGate(view: LoaderView, node: MissingNode): Gate {
  const [app, name] = pairOf(node.missing)
  const replacedBy = [...view.replacements].filter(
    ([key, file]) => !view.graph.has(key) && file.replaces.some(([a, n]) => makeKey(a, n) === node.missing),
  )
  const message =
    replacedBy.length > 0
      ? `Migration ${dotted(node.origin)} depends on nonexistent node ('${app}', '${name}'). Django tried to replace migration ${app}.${name} with any of [${replacedBy.map(([key]) => dotted(key)).join(', ')}] but wasn't able to because some of the replaced migrations are already applied.`
      : `Migration ${dotted(node.origin)} dependencies reference nonexistent ${node.role} node ('${app}', '${name}')`
  return { gate: 'missing-parent', exception: 'NodeNotFoundError', message, migrations: [pairOf(node.origin), [app, name]] }
}

/**
 * `check_consistent_history`: rows as stored against direct parents. One gate for each pair, because which one Django names
 * first depends on hash order.
 */
export function inconsistencies(view: LoaderView, rules: Rules, alias: string): Gate[] {
  if (!rules.checksHistory) return []
  const gates: Gate[] = []
  for (const key of [...view.recorded].sort()) {
    if (!view.graph.has(key)) continue
    for (const parent of view.graph.parents(key)) {
      if (view.recorded.has(parent) || replacedAreRecorded(view, rules, parent)) continue
      gates.push({
        gate: 'inconsistent-history',
        exception: 'InconsistentMigrationHistory',
        message: `Migration ${dotted(key)} is applied before its dependency ${dotted(parent)} on database '${alias}'.`,
        migrations: [pairOf(key), pairOf(parent)],
      })
    }
  }
  return gates
}

/** A squash whose parts are all recorded is no missing parent; since 6.0 a part may itself be a squash (`all_replaced_applied`). */
function replacedAreRecorded(view: LoaderView, rules: Rules, key: Key): boolean {
  const file = view.replacements.get(key)
  if (!file) return false
  return file.replaces.every(([app, name]) => {
    const replaced = makeKey(app, name)
    return view.recorded.has(replaced) || (rules.nestedSquashes && replaced !== key && replacedAreRecorded(view, rules, replaced))
  })
}

/** `detect_conflicts`: any app with more than one leaf stops `migrate`, whatever its target. */
export function conflicts(view: LoaderView): Gate[] {
  const byApp = new Map<string, Key[]>()
  for (const leaf of view.graph.leaves()) {
    const [app] = pairOf(leaf)
    byApp.set(app, [...(byApp.get(app) ?? []), leaf])
  }
  return [...byApp]
    .filter(([, leaves]) => leaves.length > 1)
    .map(([app, leaves]) => ({
      gate: 'conflict' as const,
      exception: 'CommandError',
      message: `Conflicting migrations detected; multiple leaf nodes in the migration graph: (${leaves.map(nameOf).join(', ')} in ${app}).\nTo fix them run 'python manage.py makemigrations --merge'`,
      migrations: leaves.map(pairOf),
    }))
}

