import type { Row } from '../database/row.js'
import type { ProjectFiles } from '../django/types.js'
import { type Gate, stopsLoading } from './gate.js'
import { conflicts, inconsistencies } from './gates.js'
import { appOf, type Key, makeKey, nameOf, pairOf } from './key.js'
import { type LoaderView, loadHistory } from './loader.js'
import type { Rules } from './rules.js'

export interface Step {
  app: string
  name: string
  direction: 'forward' | 'backward'
}

export interface MigratePlan {
  /** In Django's own order; empty when blocked. */
  steps: Step[]
  /** All gates at once, Django's first one first. */
  blockedBy: Gate[]
  /** There is no graph, so gates behind the first ones cannot be known. */
  laterGatesUnknown: boolean
}

export interface Target {
  app: string
  /** A name or prefix, `zero`, or undefined for the whole app. */
  name?: string | undefined
}

export interface PlanInput {
  project: ProjectFiles
  rows: readonly Pick<Row, 'app' | 'name'>[]
  rules: Rules
  /** For Django's own texts. */
  alias: string
}

/** What `manage.py migrate [target]` would do now: the gates of migrate.py in their order, then `executor.migration_plan`. */
export function planMigrate(input: PlanInput, target?: Target): MigratePlan {
  const view = loadHistory(input.project, input.rows, input.rules)
  const loading = view.gates.filter(stopsLoading)
  if (loading.length > 0) return { steps: [], blockedBy: loading, laterGatesUnknown: true }
  const gates = [...inconsistencies(view, input.rules, input.alias), ...conflicts(view)]
  const targets = resolveTargets(input, view, target)
  if ('gate' in targets) gates.push(targets)
  if (gates.length > 0 || 'gate' in targets) return { steps: [], blockedBy: gates, laterGatesUnknown: false }
  const steps = migrationPlan(input, view, targets)
  if ('gate' in steps) return { steps: [], blockedBy: [steps], laterGatesUnknown: false }
  return { steps, blockedBy: [], laterGatesUnknown: false }
}

/** A key, or `zero` of an app. */
type PlanTarget = { key: Key } | { zero: string }

function resolveTargets(input: PlanInput, view: LoaderView, target: Target | undefined): PlanTarget[] | Gate {
  if (!target) return view.graph.leaves().map((key) => ({ key }))
  const app = input.project.apps.find((candidate) => candidate.label === target.app)
  const meant = input.project.apps.find((candidate) => candidate.module === target.app)
  if (!app) return gate('unknown-app', 'CommandError', `No installed app with label '${target.app}'.${meant ? ` Did you mean '${meant.label}'?` : ''}`)
  if (!app.migrated) return gate('unknown-app', 'CommandError', `App '${target.app}' does not have migrations.`)
  if (target.name === undefined) return view.graph.leaves(target.app).map((key) => ({ key }))
  if (target.name === 'zero') return [{ zero: target.app }]
  const prefix = target.name
  const found = [...view.disk.keys()].filter((key) => appOf(key) === target.app && nameOf(key).startsWith(prefix)).sort()
  // Django prefers no exact name: `a` is ambiguous beside `ab` (get_migration_by_prefix).
  if (found.length > 1)
    return gate('ambiguous-migration', 'CommandError', `More than one migration matches '${prefix}' in app '${target.app}'. Please be more specific.`, found)
  const [key] = found
  if (key === undefined) return gate('unknown-migration', 'CommandError', `Cannot find a migration matching '${prefix}' from app '${target.app}'.`)
  const replaces = view.replacements.get(key)?.replaces
  if (!view.graph.has(key) && replaces && input.rules.resolvesPartialSquash) return [{ key: makeKey(...(replaces.at(-1) as [string, string])) }]
  return [{ key }]
}

/** executor.migration_plan: `applied` is the loader's view, and each target changes it for the next. */
function migrationPlan(input: PlanInput, view: LoaderView, targets: PlanTarget[], replacing = true): Step[] | Gate {
  const applied = new Set(view.applied)
  const steps: Step[] = []
  const backward = (key: Key) => {
    if (applied.delete(key)) steps.push(step(key, 'backward'))
  }
  for (const target of targets) {
    if ('zero' in target) {
      for (const root of view.graph.roots(target.zero)) for (const key of view.graph.backwardsPlan(root)) backward(key)
      continue
    }
    const { key } = target
    if (!view.graph.has(key)) {
      const unfolds = input.rules.replacedTarget === 'both' || (input.rules.replacedTarget === 'backwards' && applied.has(key))
      if (replacing && unfolds) {
        const whole = loadHistory(input.project, input.rows, input.rules, false)
        return whole.gates.find(stopsLoading) ?? migrationPlan(input, whole, targets, false)
      }
      const [app, name] = pairOf(key)
      // An applied key is looked up in the graph's node map first, and dies there without a text of its own.
      if (applied.has(key)) return gate('unknown-migration', 'KeyError', `('${app}', '${name}')`, [key])
      return gate('unknown-migration', 'NodeNotFoundError', `Node ('${app}', '${name}') not a valid node`, [key])
    }
    if (applied.has(key)) {
      // Only children in the same app: dependants of the target itself in other apps stay.
      for (const child of view.graph.children(key)) if (appOf(child) === appOf(key)) for (const node of view.graph.backwardsPlan(child)) backward(node)
      continue
    }
    for (const node of view.graph.forwardsPlan(key)) {
      if (applied.has(node)) continue
      applied.add(node)
      steps.push(step(node, 'forward'))
    }
  }
  return inRunOrder(view, steps)
}

/** Forward migrations run in the order of the full plan (`_migrate_all_forwards`), backward ones in the plan's own. */
function inRunOrder(view: LoaderView, steps: Step[]): Step[] {
  if (steps.some((one) => one.direction === 'backward')) return steps
  const wanted = new Set(steps.map((one) => makeKey(one.app, one.name)))
  const full = new Set(view.graph.leaves().flatMap((leaf) => view.graph.forwardsPlan(leaf)))
  return [...full].filter((key) => wanted.has(key)).map((key) => step(key, 'forward'))
}

function step(key: Key, direction: Step['direction']): Step {
  const [app, name] = pairOf(key)
  return { app, name, direction }
}

function gate(name: Gate['gate'], exception: string, message: string, migrations: Key[] = []): Gate {
  return { gate: name, exception, message, migrations: migrations.map(pairOf) }
}
