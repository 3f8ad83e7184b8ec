import type { Row } from '../database/row.js'
import type { Rules } from '../django/rules.js'
import type { ProjectFiles } from '../project/types.js'
import { badRows, type TimeColumn } from './bad-rows.js'
import { type Gate, stopsLoading } from './gate.js'
import { conflicts, inconsistencies } from './gates.js'
import { appOf, type Key, makeKey, pairOf } from './key.js'
import { cycleGate, loadHistory } from './loader.js'
import type { LoaderView } from './loader-view.js'
import { inShort } from '../errors/index.js'
import { placeMigrations } from './places.js'
import { doubtOf, worldsOf } from './worlds.js'
import { type PlanTarget, resolveTargets, type Target } from './target.js'

export interface Step {
  app: string
  name: string
  direction: 'forward' | 'backward'
}

export interface MigratePlan {
  /** In the order of `migrate --plan`; empty when blocked. */
  steps: Step[]
  /** All gates at once, Django's first one first. */
  blockedBy: Gate[]
  /** There is no graph, so gates behind the first ones cannot be known. */
  laterGatesUnknown: boolean
}

export interface PlanInput {
  project: ProjectFiles
  /** A row that is only planned has no time yet. */
  rows: readonly (Pick<Row, 'app' | 'name' | 'appliedType'> & { applied?: string })[]
  rules: Rules
  /** For Django's own texts. */
  alias: string
  /** How the database keeps times, for rows that this Django could not read. */
  engine?: string
  /** Where the column `applied` has a type that gives Django no times, and Django asks for them. */
  timeColumn?: TimeColumn | undefined
}

/** What `manage.py migrate [target]` would do now: the gates of migrate.py in their order, then `executor.migration_plan`. */
export function planMigrate(input: PlanInput, target?: Target): MigratePlan {
  const worlds = worldsOf(input.project)
  if (!worlds || worlds.length === 1) return planCertain(input, target)
  const plans = worlds.map((project) => planCertain({ ...input, project }, target))
  const [first] = plans as [MigratePlan]
  if (plans.every((plan) => JSON.stringify(plan) === JSON.stringify(first))) return first
  return {
    steps: [],
    blockedBy: [
      differenceGate(
        input.project,
        plans.map(({ steps, blockedBy }) => [...steps.map(stepText), ...blockedBy.map((gate) => gate.message)]),
      ),
    ],
    laterGatesUnknown: false,
  }
}

function stepText({ app, name, direction }: Step): string {
  return `${direction === 'forward' ? '+' : '-'}${app}.${name}`
}

/** What a plan would be depends on what cannot be read: what is the same in all, and what is not. */
export function differenceGate(project: ProjectFiles, answers: readonly (readonly string[])[]): Gate {
  const all = [...new Set(answers.flat())]
  const common = all.filter((one) => answers.every((answer) => answer.includes(one)))
  const rest = all.filter((one) => !common.includes(one))
  const difference = rest.length > 0 ? `only in some cases: ${inShort(rest, 6)}` : 'the order differs'
  const message = `What Django would do depends on what cannot be read (${doubtOf(project)}); ${difference}; in all of them: ${inShort(common, 6) || 'nothing'}`
  return { gate: 'unreadable', exception: null, message, migrations: [] }
}

function planCertain(asked: PlanInput, target?: Target): MigratePlan {
  const { rules } = asked
  const placed = placeMigrations(asked.project, target?.app)
  const input = { ...asked, project: placed.project }
  const view = loadHistory(input.project, input.rows, rules)
  const weak = weakGates(view)
  const loading = [...view.gates.filter((gate) => stopsLoading(gate) && !weak.has(gate))]
  const files = loading.filter((gate) => gate.gate === 'bad-file')
  const settings = isKnown(input.project) ? placed.gates : [settingsGate(input.project)]
  const first = [...settings, ...files, ...badRows(input.rows, rules, input.engine, input.timeColumn), ...loading.filter((gate) => gate.gate !== 'bad-file')]
  if (first.length > 0) return { steps: [], blockedBy: first, laterGatesUnknown: loading.length + settings.length > 0 }
  const gates = [...inconsistencies(view, rules, input.alias), ...conflicts(view, rules, new Set([...weak.values()].map(appOf)))]
  const targets = resolveTargets(input, view, target)
  if ('gate' in targets) gates.push(targets)
  const plan = 'gate' in targets ? targets : migrationPlan(input, view, targets)
  // A target that is no node is met before the walk that would meet a cycle.
  if (!('gate' in targets) && !('gate' in plan)) gates.push(...lateCycles(view, rules, targets))
  if (gates.length > 0 || 'gate' in targets) return { steps: [], blockedBy: gates, laterGatesUnknown: false }
  if ('gate' in plan) return { steps: [], blockedBy: [plan], laterGatesUnknown: false }
  // What rests on an edge that is not known is not known.
  const resting = [...weak].filter(([, key]) => plan.steps.some((one) => makeKey(one.app, one.name) === key)).map(([gate]) => gate)
  if (resting.length > 0) return { steps: [], blockedBy: resting, laterGatesUnknown: true }
  return { steps: plan.steps, blockedBy: [], laterGatesUnknown: false }
}

/** What was read of INSTALLED_APPS is there, whatever else is: a plan may rest on it. */
export function isKnown({ complete, open, worlds }: ProjectFiles): boolean {
  return complete || open === true || worlds !== undefined
}

/**
 * Files of which only edges are not known. On what one depends nothing rests but itself; what one comes before (`run_before`) changes nothing any more
 * once it is applied with all that it stands on.
 */
export function weakGates(view: LoaderView): Map<Gate, Key> {
  const found = new Map<Gate, Key>()
  for (const gate of view.gates) {
    const [pair] = gate.migrations
    const key = pair && makeKey(...pair)
    const file = key === undefined ? undefined : view.disk.get(key)
    if (
      gate.gate === 'unreadable' &&
      key !== undefined &&
      file &&
      file.replaces.length === 0 &&
      file.problems.every((one) => one.ownEdges || (one.laterEdges && isSettled(view, key)))
    )
      found.set(gate, key)
  }
  return found
}

function isSettled(view: LoaderView, key: Key): boolean {
  return view.graph.hasNode(key) && view.graph.forwardsPlan(key).every((one) => view.applied.has(one) && view.recorded.has(one))
}

/** Which apps there are cannot be read whole: no claim about what `migrate` would do. */
export function settingsGate({ problems, settingsModule }: ProjectFiles): Gate {
  const [problem] = problems
  const where = problem ? ` (${problem.file}${problem.line ? `:${problem.line}` : ''}: ${problem.message})` : ''
  return { gate: 'unreadable', exception: null, message: `INSTALLED_APPS of ${settingsModule ?? 'manage.py'} cannot be read whole${where}`, migrations: [] }
}

/** Before 2.2 a cycle is met by the first plan that walks: the target's and, since 1.10, that of the whole project after it. */
export function lateCycles(view: LoaderView, rules: Rules, targets: readonly PlanTarget[]): Gate[] {
  if (rules.checksCyclesAtLoad) return []
  const walk = (target: PlanTarget): 'children' | 'parents' | null => {
    if ('zero' in target) return view.graph.roots(target.zero).length > 0 ? 'children' : null
    if (!view.applied.has(target.key)) return view.graph.hasNode(target.key) ? 'parents' : null
    return view.graph.children(target.key).some((child) => appOf(child) === appOf(target.key)) ? 'children' : null
  }
  const whole = rules.replacesInGraph && view.graph.leaves().length > 0 ? 'parents' : null
  const first = targets.map(walk).find((along) => along !== null) ?? whole
  return first ? cycleGate(view.graph, first) : []
}

/** A plan and the graph it was made on: Django may have loaded a second one, without replacements. */
export interface PlanOnGraph {
  steps: Step[]
  view: LoaderView
}

/** executor.migration_plan: `applied` is the loader's view, and each target changes it for the next. */
export function migrationPlan(input: PlanInput, view: LoaderView, targets: readonly PlanTarget[], replacing = true): PlanOnGraph | Gate {
  const applied = new Set(view.applied)
  const steps: Step[] = []
  // Whose forward plans are made already: all of it is applied.
  const made = new Set<Key>()
  const backward = (key: Key) => {
    made.clear()
    if (applied.delete(key)) steps.push(step(key, 'backward'))
  }
  for (const target of targets) {
    if ('zero' in target) {
      for (const root of view.graph.roots(target.zero)) for (const key of view.graph.backwardsPlan(root)) backward(key)
      continue
    }
    const { key } = target
    if (!view.graph.hasNode(key)) {
      const unfolds = input.rules.replacedTarget === 'both' || (input.rules.replacedTarget === 'backwards' && applied.has(key))
      if (replacing && unfolds) {
        const whole = loadHistory(input.project, input.rows, input.rules, false)
        return whole.gates.find(stopsLoading) ?? migrationPlan(input, whole, targets, false)
      }
      return notANode(key, applied.has(key))
    }
    if (applied.has(key)) {
      // Only children in the same app: dependants of the target itself in other apps stay.
      for (const child of view.graph.children(key)) if (appOf(child) === appOf(key)) for (const node of view.graph.backwardsPlan(child)) backward(node)
      continue
    }
    for (const node of view.graph.forwardsPlans([key], made)) {
      if (applied.has(node)) continue
      applied.add(node)
      steps.push(step(node, 'forward'))
    }
  }
  return { steps, view }
}

/** An applied key is looked up in the graph's node map first, and dies there without a text of its own. */
function notANode(key: Key, applied: boolean): Gate {
  const [app, name] = pairOf(key)
  const [exception, message] = applied ? ['KeyError', `('${app}', '${name}')`] : ['NodeNotFoundError', `Node ('${app}', '${name}') not a valid node`]
  return { gate: 'unknown-migration', exception, message, migrations: [[app, name]] }
}

/** Forward migrations run in the order of the full plan (`_migrate_all_forwards`), backward ones in the plan's own. */
export function inRunOrder({ steps, view }: PlanOnGraph, rules: Rules): Step[] {
  if (!rules.runsInFullPlanOrder || steps.some((one) => one.direction === 'backward')) return steps
  const wanted = new Set(steps.map((one) => makeKey(one.app, one.name)))
  return fullPlan(view)
    .filter((key) => wanted.has(key))
    .map((key) => step(key, 'forward'))
}

function step(key: Key, direction: Step['direction']): Step {
  const [app, name] = pairOf(key)
  return { app, name, direction }
}

/** All migrations in the order in which an empty database would get them, as `showmigrations --plan` lists them. */
export function fullPlan({ graph }: Pick<LoaderView, 'graph'>): Key[] {
  return graph.forwardsPlans(graph.leaves())
}
