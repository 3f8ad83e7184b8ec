import type { Gate } from './gate.js'
import { appOf, dotted, type Key, makeKey, nameOf, pairOf } from './key.js'
import type { ProjectFiles } from '../project/types.js'
import type { LoaderView } from './loader-view.js'
import type { Rules } from '../django/rules.js'

/**
 * `check_consistent_history`: rows as stored against direct parents. One gate for each pair, because which one Django names
 * first depends on hash order.
 */
export function inconsistencies(view: LoaderView, rules: Rules, alias: string): Gate[] {
  if (!rules.checksHistory) return []
  const gates: Gate[] = []
  for (const key of [...view.recorded].sort()) {
    if (!view.graph.hasNode(key)) continue
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

/**
 * `detect_conflicts`: any app with more than one leaf stops `migrate`, whatever its target.
 * @param doubtful apps whose edges could not all be read: their leaves may be none
 */
export function conflicts(view: LoaderView, rules: Rules, doubtful: ReadonlySet<string> = new Set()): Gate[] {
  // What a node that is not there stands on would be no leaf with it.
  const lost = new Set([...view.graph.missing.keys()].map(appOf))
  const byApp = new Map<string, Key[]>()
  for (const leaf of view.graph.leaves()) {
    const [app] = pairOf(leaf)
    if (doubtful.has(app) || lost.has(app)) continue
    byApp.set(app, [...(byApp.get(app) ?? []), leaf])
  }
  const several = [...byApp].filter(([, leaves]) => leaves.length > 1)
  const names = several.map(([app, leaves]) => `${leaves.map(nameOf).join(', ')} in ${app}`).join('; ')
  const what = rules.explainsConflicts ? '; multiple leaf nodes in the migration graph:' : ''
  const message = `Conflicting migrations detected${what} (${names}).\nTo fix them run 'python manage.py makemigrations --merge'`
  // Django has one text for all of them; one gate for each app says which leaves are meant.
  return several.map(([, leaves]) => ({ gate: 'conflict' as const, exception: 'CommandError', message, migrations: leaves.map(pairOf) }))
}

/** A file whose edges cannot be read makes false leaves, so its app claims no conflict. */
export function readableConflicts(project: ProjectFiles, view: LoaderView, rules: Rules): Gate[] {
  const doubtful = new Set(project.apps.filter((app) => app.migrations.some((file) => file.broken || file.problems.length > 0)).map((app) => app.label))
  return conflicts(view, rules, doubtful)
}
