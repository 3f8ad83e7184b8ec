import type { MigrationFile, ModelUse } from '../../project/index.js'
import { fullPlan, type Key, keyOf, loadHistory, makeKey, type ModelState, pairOf, ProjectState, type StateStep } from '../../migrations/index.js'
import type { HazardRequest } from './hazard.js'

/** The migrations whose models the target's code uses, in Django's order. */
export interface RecordedHistory {
  /** The models as the target's code sees them. */
  seen: ProjectState
  /** Recorded ones that the target does not need: what they do came after it. */
  later: StateStep[]
}

/** Squashed migrations count as their parts where the files are there. */
export function recordedHistory(request: HazardRequest, uses: readonly ModelUse[], maxNameLength: number | null): RecordedHistory {
  const { project, rows, rules, file } = request
  const view = loadHistory(project, rows, rules, false)
  const recorded = new Set(rows.map(keyOf))
  const target = makeKey(file.app, file.name)
  const ancestors = new Set(view.graph.hasNode(target) ? view.graph.forwardsPlan(target) : [target])
  // A squash and its parts do the same: the parts count where they are, else the squash.
  const isDoubled = (key: Key) => view.replacements.get(key)?.replaces.every(([app, name]) => view.disk.has(makeKey(app, name))) ?? false
  const order = fullPlan(view).filter((key) => (recorded.has(key) || ancestors.has(key)) && (key === target || !isDoubled(key)))
  const read = reader(request)
  const stepsOf = (keys: readonly Key[], apps: ReadonlySet<string>) =>
    keys.flatMap((key) => {
      const found = view.disk.get(key)
      // Only operations of a model's own app change it.
      return found && apps.has(pairOf(key)[0]) ? [read(found)] : []
    })
  // What the target itself does to the models, its code may use.
  const early = order.filter((key) => ancestors.has(key))
  const late = order.filter((key) => !ancestors.has(key))
  const apps = new Set(uses.map((use) => use.app))
  for (;;) {
    const seen = stateAfter(stepsOf(early, apps), maxNameLength)
    const more = basesElsewhere(seen, uses).filter((app) => !apps.has(app))
    if (more.length === 0) return { seen, later: stepsOf(late, apps) }
    for (const app of more) apps.add(app)
  }
}

/** Each file is read once. */
function reader({ detailed }: HazardRequest): (file: MigrationFile) => StateStep {
  const known = new Map<MigrationFile, StateStep>()
  return (file) => {
    const step = known.get(file) ?? { app: file.recordedAs ?? file.app, name: file.name, operations: detailed(file).operations }
    known.set(file, step)
    return step
  }
}

function stateAfter(steps: readonly StateStep[], maxNameLength: number | null): ProjectState {
  const state = new ProjectState(maxNameLength)
  for (const step of steps) state.step(step)
  return state
}

/** The apps of the models that those in use extend. */
function basesElsewhere(state: ProjectState, uses: readonly ModelUse[]): string[] {
  const used = uses.flatMap(({ app, model }) => state.get(app, model) ?? [])
  const bases = used.flatMap((model) => state.lineOf(model)).concat(used)
  return bases.flatMap(({ bases: written }: ModelState) => written.flatMap((one) => (one.kind === 'text' ? [one.value.split('.')[0] as string] : [])))
}
