import { type Gate, stopsLoading } from './gate.js'
import { conflicts, inconsistencies } from './gates.js'
import { appOf, type Key, makeKey } from './key.js'
import { loadHistory } from './loader.js'
import { placeMigrations } from './places.js'
import { type PlanInput, settingsGate } from './plan.js'
import { resolveTargets } from './target.js'

/** What `manage.py migrate APP --prune` would do (4.1 and later; migrate.py `handle`). */
export interface PrunePlan {
  /** Keys whose rows go, in Django's order: applied and without a file. */
  remove: Key[]
  /** Squashes that still name one of them in `replaces`: with them Django prunes nothing. */
  stoppedBy: Key[]
}

/** @returns the gates that stop `migrate` before it comes to pruning, or the plan */
export function planPrune(input: PlanInput, app: string): PrunePlan | Gate[] {
  const { project, rows, rules, alias } = input
  const view = loadHistory(project, rows, rules)
  const settings = project.complete ? placeMigrations(project, undefined).gates : [settingsGate(project)]
  const first = [...settings, ...view.gates.filter(stopsLoading)]
  if (first.length > 0) return first
  const gates = [...inconsistencies(view, rules, alias), ...conflicts(view, rules)]
  const targets = resolveTargets(input, view, { app })
  if ('gate' in targets) gates.push(targets)
  if (gates.length > 0) return gates
  const everywhere = [...view.applied].filter((key) => !view.disk.has(key)).sort()
  const gone = everywhere.filter((key) => appOf(key) === app)
  const heldUp = new Set(rules.prunesWithAllApps ? everywhere : gone)
  const stoppedBy = [...view.replacements].filter(([, file]) => file.replaces.some(([label, name]) => heldUp.has(makeKey(label, name)))).map(([key]) => key)
  return { remove: stoppedBy.length > 0 ? [] : gone, stoppedBy }
}
