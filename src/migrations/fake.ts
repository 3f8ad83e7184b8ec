import { type Gate, stopsLoading } from './gate.js'
import { inconsistencies, readableConflicts } from './gates.js'
import { dotted, type Key, keyOf, makeKey } from './key.js'
import { loadHistory } from './loader.js'
import type { LoaderView } from './loader-view.js'
import { placeMigrations } from './places.js'
import { worldsOf } from './worlds.js'
import { differenceGate, inRunOrder, isKnown, lateCycles, migrationPlan, type PlanInput, settingsGate, type Step } from './plan.js'
import { resolveTargets, type Target } from './target.js'

/** One call of Django's recorder: `record_applied` inserts without looking, `record_unapplied` deletes all rows of the key. */
export interface RecorderCall {
  action: 'record' | 'unrecord'
  key: Key
}

export interface FakePlan {
  steps: Step[]
  calls: RecorderCall[]
  /** What stops Django's own `migrate --fake`; the plan is what it would write without them. */
  lifted: Gate[]
}

/**
 * What `manage.py migrate --fake [target]` would write (executor.py `migrate`, `apply_migration`, `unapply_migration`,
 * `check_replacements`), gates lifted.
 * @returns a gate where the target itself is wrong or Django dies on it
 */
export function planFake(input: PlanInput, target?: Target): FakePlan | Gate {
  const worlds = worldsOf(input.project)
  if (!worlds || worlds.length === 1) return fakeCertain(input, target)
  const plans = worlds.map((project) => fakeCertain({ ...input, project }, target))
  const [first] = plans as [FakePlan | Gate]
  if (plans.every((plan) => JSON.stringify(plan) === JSON.stringify(first))) return first
  const made = plans.filter((plan): plan is FakePlan => !('gate' in plan))
  const [some] = made
  if (some === undefined) return first
  // What each of them would write is written; what only some would is named.
  const answers = plans.map((plan) => ('gate' in plan ? [plan.message] : plan.calls.map(callText)))
  const inAll = (call: RecorderCall) => answers.every((answer) => answer.includes(callText(call)))
  const steps = some.steps.filter((step) => made.every((plan) => plan.steps.some((one) => one.app === step.app && one.name === step.name)))
  const lifted = some.lifted.filter((gate) => made.every((plan) => plan.lifted.some((one) => one.message === gate.message)))
  return { steps, calls: some.calls.filter(inAll), lifted: [differenceGate(input.project, answers), ...lifted] }
}

function callText({ action, key }: RecorderCall): string {
  return `${action === 'record' ? '+' : '-'}${dotted(key)}`
}

function fakeCertain(asked: PlanInput, target?: Target): FakePlan | Gate {
  const { rules } = asked
  const placed = placeMigrations(asked.project, target?.app)
  const input = { ...asked, project: placed.project }
  const view = loadHistory(input.project, input.rows, rules)
  const named = input.project.apps.find((app) => app.label === target?.app)
  if (named?.broken) return { gate: 'bad-file', ...named.broken, migrations: [] }
  const settings = isKnown(input.project) ? placed.gates : [settingsGate(input.project)]
  const targets = resolveTargets(input, view, target)
  if ('gate' in targets) return targets
  const cycles = lateCycles(view, rules, targets)
  const lifted = [
    ...settings,
    ...view.gates.filter(stopsLoading),
    ...inconsistencies(view, rules, input.alias),
    ...readableConflicts(input.project, view, rules),
    ...cycles,
  ]
  const plan = migrationPlan(input, view, targets)
  if ('gate' in plan) return plan
  const steps = inRunOrder(plan, rules)
  return { steps, calls: recordingOf(plan.view, input, steps), lifted }
}

/** What a run of these steps leaves in the table, whether they are faked or really run. */
export function recordingOf(view: LoaderView, input: PlanInput, steps: readonly Step[]): RecorderCall[] {
  const calls = steps.flatMap((step) => recorderCalls(view, input, step))
  return [...calls, ...checkReplacements(view, input, calls)]
}

function recorderCalls(view: LoaderView, { rules }: PlanInput, step: Step): RecorderCall[] {
  const file = view.disk.get(makeKey(step.app, step.name))
  const own = makeKey(file?.recordedAs ?? step.app, step.name)
  const replaced = (file?.replaces ?? []).map(([app, name]) => makeKey(app, name))
  const forward = step.direction === 'forward'
  const call = (key: Key): RecorderCall => ({ action: forward ? 'record' : 'unrecord', key })
  if (rules.nestedSquashes) return recordRecursively(view, own, new Set()).map(call)
  if (replaced.length === 0) return [call(own)]
  // Forward the squash's own row waits for `check_replacements`; backward it goes since 4.0.
  return [...replaced.map(call), ...(!forward && rules.unappliesSquashRow ? [call(own)] : [])]
}

/** 6.0, `record_migration`: what is replaced first, each squash among it unfolded, then the key itself. */
function recordRecursively(view: LoaderView, key: Key, open: Set<Key>): Key[] {
  if (open.has(key)) return []
  open.add(key)
  const replaced = (view.disk.get(key)?.replaces ?? []).flatMap(([app, name]) => recordRecursively(view, makeKey(app, name), open))
  open.delete(key)
  return [...replaced, key]
}

/** A squash whose parts are all recorded gets a row of its own at the end of every run; nothing is ever deleted here. */
function checkReplacements(view: LoaderView, { rules, rows }: PlanInput, calls: readonly RecorderCall[]): RecorderCall[] {
  const recorded = new Set(rows.map(keyOf))
  for (const { action, key } of calls) {
    if (action === 'record') recorded.add(key)
    else recorded.delete(key)
  }
  const complete = (key: Key, open: ReadonlySet<Key>): boolean => {
    const file = view.replacements.get(key)
    if (!file || open.has(key)) return false
    const inside = new Set(open).add(key)
    return file.replaces.every(([app, name]) => {
      const replaced = makeKey(app, name)
      return recorded.has(replaced) || (rules.nestedSquashes && complete(replaced, inside))
    })
  }
  return [...view.replacements.keys()].filter((key) => !recorded.has(key) && complete(key, new Set())).map((key) => ({ action: 'record', key }))
}
