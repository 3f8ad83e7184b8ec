import { type Rules, rulesFor } from '../../src/django/rules.js'
import type { ProjectFiles } from '../../src/project/index.js'
import {
  cycleGate,
  fullPlan,
  type Gate,
  keyOf,
  loadHistory,
  type LoaderView,
  pairOf,
  planFake,
  planMigrate,
  planPrune,
  type RecorderCall,
  statusOf,
} from '../../src/migrations/index.js'
import type { Pair } from './world.js'

export type Refusal = { exception: string; message: string }
type Listing = { lines: string[] } | Refusal

export interface StateAnswer {
  list: Listing
  plan: Listing
  /** By app; absent before 4.1. */
  prune?: Record<string, { rows: Pair[] } | Refusal>
  targets: { plan: { steps: [app: string, name: string, direction: string][] } | Refusal; fake: { rows: Pair[] } | Refusal }[]
}

export interface Difference {
  what: string
  django: unknown
  ours: unknown
}

/** How often we made no claim where Django answered. */
export interface Count {
  answers: number
  unknown: number
}

/** Every answer of Django for one state of the rows against ours. */
export function compareState(project: ProjectFiles, state: { rows: Pair[]; targets: string[][] }, answer: StateAnswer, count: Count): Difference[] {
  const rules = rulesFor(project.djangoVersion)
  const rows = state.rows.map(([app, name], index) => ({ id: String(index + 1), app, name, applied: '2024-01-01 00:00:00' }))
  const view = loadHistory(project, rows, rules)
  const differences: Difference[] = []
  const check = (what: string, same: boolean, django: unknown, ours: unknown) => {
    count.answers++
    if (!same) differences.push({ what, django, ours })
  }
  // `showmigrations` forgives a missing module of MIGRATION_MODULES, and an app without migrations (`ignore_no_migrations`).
  const forgiven = (gate: Gate) =>
    (rules.namedModuleMustExist && gate.gate === 'bad-file' && gate.migrations.length === 0) || gate.message.startsWith('Dependency on app with no migrations')
  const cycles = rules.checksCyclesAtLoad ? [] : cycleGate(view.graph, 'parents')
  const forListing = [...view.gates.filter((gate) => !forgiven(gate)), ...cycles]
  const refused = (gates: readonly Gate[], refusal: Refusal) => isRefusal(gates, refusal, rules, view)
  const unreadable = view.gates.some((gate) => gate.gate === 'unreadable')
  const list = statusOf(project, rows, rules)
  const mark = { applied: 'X', unapplied: ' ', 'unrecorded-squash': '-' }
  const migrated = new Set(project.apps.filter((app) => app.migrated).map((app) => app.label))
  const listed = list.apps.filter((app) => migrated.has(app.label))
  const lines = listed.flatMap((app) => [
    app.label,
    ...app.migrations.map((one) => ` [${mark[one.state]}] ${one.name}${one.replaces.length > 0 ? ` (${one.replaces.length} squashed migrations)` : ''}`),
    ...(app.migrations.length === 0 ? [' (no migrations)'] : []),
  ])
  if (unreadable) count.unknown++
  else {
    if ('exception' in answer.list) check('showmigrations', refused(forListing, answer.list), answer.list, view.gates)
    else {
      const theirs = answer.list.lines.map((line) => line.replace(/ Run 'manage.py migrate' to finish recording\.$/, ''))
      check('showmigrations', equal(lines, theirs), theirs, lines)
    }
    const plan = fullPlan(view).map((key) => `[${view.applied.has(key) ? 'X' : ' '}]  ${pairOf(key).join('.')}`)
    if ('exception' in answer.plan) check('showmigrations --plan', refused([...view.gates, ...cycles], answer.plan), answer.plan, view.gates)
    else {
      const theirs = answer.plan.lines.filter((line) => line !== '(no migrations)')
      check('showmigrations --plan', equal(plan, theirs), theirs, plan)
    }
  }
  state.targets.forEach(([app, name], index) => {
    const django = answer.targets[index] as StateAnswer['targets'][number]
    const input = { project, rows, rules, alias: 'default', engine: 'sqlite' }
    const target = app === undefined ? undefined : { app, name }
    const words = state.targets[index]?.join(' ')
    const plan = planMigrate(input, target)
    if (plan.blockedBy[0]?.gate === 'unreadable') {
      count.unknown++
      return
    }
    if ('exception' in django.plan) check(`migrate ${words}`, plan.steps.length === 0 && refused(plan.blockedBy, django.plan), django.plan, plan)
    else
      check(
        `migrate ${words}`,
        plan.blockedBy.length === 0 &&
          equal(
            plan.steps.map((step) => [step.app, step.name, step.direction]),
            django.plan.steps,
          ),
        django.plan,
        plan,
      )
    const fake = planFake(input, target)
    const what = `migrate --fake ${words}`
    // What stops `migrate` stops it with --fake too.
    if ('exception' in django.fake)
      check(what, refused(plan.blockedBy, django.fake) && ('gate' in fake || refused(fake.lifted, django.fake)), django.fake, fake)
    else if ('gate' in fake) check(what, false, django.fake, fake)
    else {
      const after = replay(state.rows, fake.calls)
      const same = fake.lifted.length === 0 && sameRows(after, django.fake.rows, new Set(view.replacements.keys()), rules)
      check(what, same, django.fake.rows, fake.lifted.length > 0 ? fake.lifted : after)
    }
  })
  for (const [app, django] of Object.entries(answer.prune ?? {})) {
    const plan = planPrune({ project, rows, rules, alias: 'default', engine: 'sqlite' }, app)
    if (Array.isArray(plan) && plan[0]?.gate === 'unreadable') count.unknown++
    else if (Array.isArray(plan)) check(`migrate ${app} --prune`, 'exception' in django && refused(plan, django), django, plan)
    else if ('exception' in django) check(`migrate ${app} --prune`, false, django, plan)
    else {
      const gone = new Set(plan.remove)
      const left = state.rows.filter(([label, name]) => !gone.has(keyOf({ app: label, name })))
      check(`migrate ${app} --prune`, equal(left, django.rows), django.rows, left)
    }
  }
  return differences
}

function replay(rows: Pair[], calls: readonly RecorderCall[]): Pair[] {
  let after = [...rows]
  for (const { action, key } of calls) {
    const pair = pairOf(key)
    if (action === 'record') after.push(pair)
    else after = after.filter(([app, name]) => app !== pair[0] || name !== pair[1])
  }
  return after
}

/**
 * In the order of the ids, but for the squashes at the end of a run: `check_replacements` takes those of an app in the order of a Python set
 * (and before 3.7 the apps in that of a dict).
 */
function sameRows(ours: Pair[], theirs: Pair[], squashes: ReadonlySet<string>, rules: Rules): boolean {
  const settled = (rows: Pair[]): Pair[] => {
    let from = rows.length
    while (from > 0 && squashes.has(keyOf({ app: (rows[from - 1] as Pair)[0], name: (rows[from - 1] as Pair)[1] }))) from--
    const apps = rules.mayBePython2 ? [] : [...new Set(rows.slice(from).map(([app]) => app))]
    const end = rows.slice(from).sort((left, right) => apps.indexOf(left[0]) - apps.indexOf(right[0]) || (left.join(' ') < right.join(' ') ? -1 : 1))
    return [...rows.slice(0, from), ...end]
  }
  return equal(settled(ours), settled(theirs))
}

/** Which pair, which missing node or which cycle Django names first depends on hash order: one of ours must be its. */
function isRefusal(gates: readonly Gate[], { exception, message }: Refusal, rules: Rules, { graph }: Pick<LoaderView, 'graph'>): boolean {
  const inAnyOrder = !rules.replacesInGraph && gates[0] !== undefined && ['missing-parent', 'bad-reference'].includes(gates[0].gate)
  // Before 1.10 the first edge of a dict that leads nowhere stops the loader, whatever kind it is.
  const first = inAnyOrder ? gates.find((gate) => gate.exception === exception) : gates[0]
  if (first?.exception !== exception) return false
  const same = gates.filter((gate) => gate.exception === exception && (inAnyOrder || gate.gate === first.gate))
  if (first.gate === 'circular' && exception === 'CircularDependencyError') return same.some((gate) => isCycle(message, gate, graph))
  if (first.gate === 'circular') {
    const start = /^Cyclical squash replacement found, starting at \('(.*)', '(.*)'\)$/.exec(message)
    return start !== null && first.migrations.some(([app, name]) => app === start[1] && name === start[2])
  }
  // A syntax error's text is Python's own.
  if (exception === 'SyntaxError') return same.some((gate) => fileIn(gate.message) === fileIn(message) && fileIn(message) !== undefined)
  return same.some((gate) => anyOrder(gate.message, rules) === anyOrder(message, rules))
}

function fileIn(message: string): string | undefined {
  return /\(([^()]*), line \d+\)$/.exec(message)?.[1]
}

/** Django begins where a set does, so the same cycle may begin elsewhere; of several it names any. Its direction is definite. */
function isCycle(message: string, gate: Gate, graph: LoaderView['graph']): boolean {
  const key = (pair: readonly string[]) => keyOf({ app: pair[0] as string, name: pair[1] as string })
  const keys = new Map([...graph.nodes.keys()].map((one) => [pairOf(one).join('.'), one]))
  const named = message.split(', ').map((one) => keys.get(one))
  const ours = gate.migrations.map(key)
  if (named.some((one) => one === undefined)) return false
  const [theirs] = [named as string[]]
  const start = theirs.indexOf(ours[0] as string)
  if (equal([...theirs].sort(), [...ours].sort()) && ours.length === theirs.length && equal([...theirs.slice(start), ...theirs.slice(0, start)], ours))
    return true
  // Another cycle: then each of the two has to be one, the same way round.
  const goes = (cycle: string[], next: (one: string) => string[]) =>
    cycle.length > 0 && new Set(cycle).size === cycle.length && cycle.every((one, at) => next(one).includes(cycle[(at + 1) % cycle.length] as string))
  const ways = [(one: string) => graph.children(one), (one: string) => graph.parents(one)]
  return !isOnlyCycle(ours, graph) && ways.some((way) => goes(ours, way) && goes(theirs, way))
}

/** Whether no other cycle is there: without its members nothing goes round, and each has one way on inside of it. */
function isOnlyCycle(cycle: readonly string[], graph: LoaderView['graph']): boolean {
  const reach = (from: string): Set<string> => {
    const seen = new Set<string>()
    const stack = [...graph.children(from)]
    for (let one = stack.pop(); one !== undefined; one = stack.pop()) if (!seen.has(one) && seen.add(one)) stack.push(...graph.children(one))
    return seen
  }
  const round = [...graph.nodes.keys()].filter((one) => reach(one).has(one))
  return equal([...round].sort(), [...cycle].sort()) && cycle.every((one) => graph.children(one).filter((next) => cycle.includes(next)).length === 1)
}

/** Since 3.2 the leaves of an app are sorted; which app comes first is the order of a set. */
function anyOrder(message: string, rules: Rules): string {
  return message
    .replace(/\bu'/g, "'")
    .replace(/\bu"/g, '"')
    .replace(/\(([^()]+ in [^()]+)\)/, (_all, parts: string) =>
      parts
        .split('; ')
        .map((part) => {
          const [names, app] = part.split(' in ') as [string, string]
          return `${(rules.automaticAppConfig ? names.split(', ') : names.split(', ').sort()).join(', ')} in ${app}`
        })
        .sort()
        .join('; '),
    )
    .replace(/any of \[([^\]]+)\]/, (_all, names: string) => `any of [${names.split(', ').sort().join(', ')}]`)
}

function equal(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}
