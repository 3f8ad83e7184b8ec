import { type Rules, rulesFor } from '../../src/django/rules.js'
import type { ProjectFiles } from '../../src/project/index.js'
import {
  cycleGate,
  fullPlan,
  type Gate,
  keyOf,
  loadHistory,
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
  const forListing = [...view.gates.filter((gate) => !forgiven(gate)), ...cycleGate(view.graph)]
  const refused = (gates: readonly Gate[], refusal: Refusal) => isRefusal(gates, refusal, rules)
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
    if ('exception' in answer.plan)
      check('showmigrations --plan', refused(forListing, answer.plan) || refused(view.gates, answer.plan), answer.plan, view.gates)
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
    if ('gate' in fake) check(what, 'exception' in django.fake && (refused([fake], django.fake) || refused(plan.blockedBy, django.fake)), django.fake, fake)
    else if ('exception' in django.fake) check(what, refused(fake.lifted, django.fake), django.fake, fake)
    else {
      const after = replay(state.rows, fake.calls)
      const same = fake.lifted.length === 0 && sameRows(after, django.fake.rows, new Set(view.replacements.keys()))
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

/** In the order of the ids, but for the squash rows at the end of a run, whose order is that of a Python set. */
function sameRows(ours: Pair[], theirs: Pair[], squashes: ReadonlySet<string>): boolean {
  const rest = (rows: Pair[]) => rows.filter(([app, name]) => !squashes.has(keyOf({ app, name })))
  const sorted = (rows: Pair[]) => rows.map((pair) => pair.join(' ')).sort()
  return equal(rest(ours), rest(theirs)) && equal(sorted(ours), sorted(theirs))
}

/** Which pair, which missing node or which cycle Django names first depends on hash order: one of ours must be its. */
function isRefusal(gates: readonly Gate[], { exception, message }: Refusal, rules: Rules): boolean {
  const inAnyOrder = !rules.replacesInGraph && gates[0] !== undefined && ['missing-parent', 'bad-reference'].includes(gates[0].gate)
  // Before 1.10 the first edge of a dict that leads nowhere stops the loader, whatever kind it is.
  const first = inAnyOrder ? gates.find((gate) => gate.exception === exception) : gates[0]
  if (first?.exception !== exception) return false
  const same = gates.filter((gate) => gate.exception === exception)
  if (first.gate === 'circular' && exception === 'CircularDependencyError') return same.some((gate) => isCycle(message, gate))
  if (first.gate === 'circular') return message.startsWith('Cyclical squash replacement found')
  // A syntax error's text is Python's own.
  if (exception === 'SyntaxError') return true
  return same.some((gate) => anyOrder(gate.message) === anyOrder(message))
}

/** Of several cycles Django names any. */
function isCycle(message: string, gate: Gate): boolean {
  const named = message.split(', ')
  const ours = gate.migrations.map((pair) => pair.join('.'))
  return named.length > 0 && (equal([...named].sort(), [...ours].sort()) || named.some((one) => !ours.includes(one)))
}

function anyOrder(message: string): string {
  return message
    .replace(/\bu'/g, "'")
    .replace(/\bu"/g, '"')
    .replace(/\(([^()]+ in [^()]+)\)/, (_all, parts: string) =>
      parts
        .split('; ')
        .map((part) => {
          const [names, app] = part.split(' in ') as [string, string]
          return `${names.split(', ').sort().join(', ')} in ${app}`
        })
        .sort()
        .join('; '),
    )
    .replace(/any of \[([^\]]+)\]/, (_all, names: string) => `any of [${names.split(', ').sort().join(', ')}]`)
}

function equal(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}
