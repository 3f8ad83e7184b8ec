import type { MigrationFile, Operation } from '../project/types.js'
import { type FakePlan, planFake, type RecorderCall, recordingOf } from './fake.js'
import { type Gate } from './gate.js'
import { dotted, type Key, makeKey } from './key.js'
import { loadHistory } from './loader.js'
import type { LoaderView } from './loader-view.js'
import { fullPlan, inRunOrder, migrationPlan, type PlanInput, planMigrate, type Step } from './plan.js'
import { isKnown, valueOr } from './state/fact.js'
import { isManaged, isProxy, labelOf, type ModelState, textOption } from './state/model-state.js'
import { ProjectState, type StateStep } from './state/project-state.js'
import { resolveTargets, type Target } from './target.js'
import { worldsOf } from './worlds.js'

/** The names that the database has. */
export interface SchemaNames {
  tables: ReadonlySet<string>
  /** By table. */
  columns: ReadonlyMap<string, ReadonlySet<string>>
  /** `ignores_table_name_case`: SQLite, Oracle, MySQL with `lower_case_table_names`. */
  foldsCase: boolean
  /** 63 on PostgreSQL, 64 on MySQL and MariaDB, null on SQLite. */
  maxNameLength: number | null
}

export interface FakeInitialInput extends PlanInput {
  schema: SchemaNames
  /** The migration with the arguments of its operations. */
  detailed(file: MigrationFile): MigrationFile
  /** Text of a setting such as AUTH_USER_MODEL. */
  setting(name: string): string | undefined
}

export interface InitialStep extends Step {
  /** `fake`: only recorded, since what it would create is there; `unknown`: a name cannot be read. */
  does: 'fake' | 'run' | 'unknown'
  /** What decided, for people. */
  because: string
}

export interface FakeInitialPlan {
  /** In the order in which they run. */
  steps: InitialStep[]
  /** The rows, if all that runs ends well. */
  calls: RecorderCall[]
}

/**
 * What `manage.py migrate --fake-initial [target]` would fake and what it would really run (executor.py `detect_soft_applied`). Routers are
 * taken to allow every model; what a step that runs does to the schema is followed for the tables and columns that it adds.
 * @returns the gates that stop `migrate` before
 */
export function planFakeInitial(input: FakeInitialInput, target?: Target): FakeInitialPlan | Gate[] {
  const { rules } = input
  const gates = planMigrate(input, target).blockedBy
  if (gates.length > 0) return gates
  const view = loadHistory(input.project, input.rows, rules)
  const targets = resolveTargets(input, view, target)
  if ('gate' in targets) return [targets]
  const plan = migrationPlan(input, view, targets)
  if ('gate' in plan) return [plan]
  const steps = inRunOrder(plan, rules)
  return { steps: decide(input, plan.view, steps, true), calls: recordingOf(plan.view, input, steps) }
}

/** A step that is not recorded: Django would run it, or nobody can tell, or something below it is not recorded either. */
export type LeftStep = Omit<InitialStep, 'does'> & { does: 'run' | 'unknown' | 'wait' }

export interface InitialFakePlan extends FakePlan {
  /** In the order in which they run. */
  left: LeftStep[]
}

/**
 * The rows of what `manage.py migrate --fake-initial [target]` would only record, gates lifted. What Django would really run is left, and
 * so is everything above it, for without it that would be a hole.
 * @returns a gate where the target itself is wrong or Django dies on it
 */
export function planInitialFake(input: FakeInitialInput, target?: Target): InitialFakePlan | Gate {
  const all = planFake(input, target)
  if ('gate' in all) return all
  const plans = (worldsOf(input.project) ?? [input.project]).map((project) => initialFake({ ...input, project }, target))
  const [first] = plans as [InitialFakePlan | Gate]
  if ('gate' in first) return first
  // What the settings may mean: only what is recorded in each of them.
  const inAll = (call: RecorderCall) => plans.every((plan) => 'gate' in plan || plan.calls.some((one) => one.action === call.action && one.key === call.key))
  return { ...first, calls: first.calls.filter(inAll), lifted: all.lifted }
}

function initialFake(input: FakeInitialInput, target: Target | undefined): InitialFakePlan | Gate {
  const all = planFake(input, target)
  if ('gate' in all) return all
  const view = loadHistory(input.project, input.rows, input.rules)
  const targets = resolveTargets(input, view, target)
  const plan = 'gate' in targets ? targets : migrationPlan(input, view, targets)
  if ('gate' in plan) return plan
  const missing = new Set(all.steps.map((one) => makeKey(one.app, one.name)))
  const steps: Step[] = []
  const left: LeftStep[] = []
  for (const { does, because, ...step } of decide(input, plan.view, all.steps, false)) {
    const key = makeKey(step.app, step.name)
    const below = plan.view.graph.forwardsPlan(key).find((one) => one !== key && missing.has(one))
    if (does !== 'fake') left.push({ ...step, does, because })
    else if (below !== undefined) left.push({ ...step, does: 'wait', because: `${dotted(below)} comes before it and is not recorded` })
    else {
      missing.delete(key)
      steps.push(step)
    }
  }
  return { steps, calls: recordingOf(plan.view, input, steps), lifted: all.lifted, left }
}

/** @param creates what runs makes tables and columns for those after it */
function decide(input: FakeInitialInput, view: LoaderView, steps: readonly Step[], creates: boolean): InitialStep[] {
  const wanted = new Set(steps.filter((one) => one.direction === 'forward').map((one) => makeKey(one.app, one.name)))
  const walk = new Detection(input, creates)
  const decided = new Map<Key, Pick<InitialStep, 'does' | 'because'>>()
  for (const key of fullPlan(view)) {
    const file = view.disk.get(key)
    if (!file) continue
    if (wanted.has(key)) decided.set(key, walk.decide(file))
    else if (view.applied.has(key)) walk.follow(file)
  }
  return steps.map((step) => ({ ...step, ...(decided.get(makeKey(step.app, step.name)) ?? { does: 'run', because: 'it goes backwards' }) }))
}

type Found = { has: boolean | null; what: string }

/** Walks the migrations as the executor does, with the state of the models beside it. */
class Detection {
  readonly #input: FakeInitialInput
  readonly #creates: boolean
  readonly #state: ProjectState
  readonly #tables: Set<string>
  readonly #columns: Map<string, Set<string>>

  constructor(input: FakeInitialInput, creates: boolean) {
    const { schema } = input
    this.#creates = creates
    this.#input = input
    this.#state = new ProjectState(schema.maxNameLength)
    this.#tables = new Set([...schema.tables].map((name) => this.#fold(name)))
    this.#columns = new Map([...schema.columns].map(([table, names]) => [this.#asked(table), new Set([...names].map((name) => this.#fold(name)))]))
  }

  /** One that is recorded: only its state counts. */
  follow(file: MigrationFile): StateStep {
    const { operations } = this.#input.detailed(file)
    const step = { app: file.recordedAs ?? file.app, name: file.name, operations }
    this.#state.step(step)
    return step
  }

  decide(file: MigrationFile): Pick<InitialStep, 'does' | 'because'> {
    const { app, operations } = this.follow(file)
    const answer = this.#isInitial(file) ? this.#detect(app, operations) : ({ does: 'run', because: 'it is not initial' } as const)
    if (answer.does === 'run' && this.#creates) this.#create(app, operations ?? [])
    return answer
  }

  /** Before 1.9 there is no `initial`. */
  #isInitial(file: MigrationFile): boolean {
    const isFirst = !file.dependencies.some((one) => one.app === file.app)
    return this.#input.rules.looksForColumns ? (file.initial ?? isFirst) : isFirst
  }

  #detect(app: string, operations: readonly Operation[] | null): Pick<InitialStep, 'does' | 'because'> {
    if (operations === null) return { does: 'unknown', because: 'its operations cannot be read' }
    const found: Found[] = []
    for (const operation of operations) {
      const one = this.#look(app, operation)
      // Django stops at the first that is missing.
      if (one?.has === false) return { does: 'run', because: `there is no ${one.what}` }
      if (one) found.push(one)
    }
    const open = found.find((one) => one.has === null)
    if (open) return { does: 'unknown', because: open.what }
    const [first] = found
    return first
      ? { does: 'fake', because: `there is ${found.length === 1 ? '' : 'all of '}${found.map((one) => one.what).join(', ')}` }
      : { does: 'run', because: 'it creates nothing to look for' }
  }

  /** @returns undefined where Django does not look */
  #look(app: string, operation: Operation): Found | undefined {
    const { rules } = this.#input
    const kind = operation.given?.().kind ?? null
    if (kind === null) return { has: null, what: `${operation.type} may create something` }
    if (kind !== 'CreateModel' && !(kind === 'AddField' && rules.looksForColumns)) return undefined
    const written = this.#state.get(app, operation.model ?? '')
    if (!written) return { has: null, what: `${operation.summary} is about a model that is not known` }
    const model = this.#swapped(written)
    if (!model) return { has: null, what: `the model in the place of ${app}.${operation.model} is not known` }
    const [doubt] = this.#state.doubtsAbout(model.app, model.name)
    if (doubt) return { has: null, what: `${app}.${operation.model} may be otherwise: ${doubt.reason}` }
    const skipped = isSkipped(model)
    if (rules.looksForColumns && skipped) return undefined
    const table = this.#state.tableOf(model)
    if (skipped === null || !isKnown(table)) return { has: null, what: `the options of ${app}.${operation.model} cannot be read` }
    if (kind === 'CreateModel') return { has: this.#hasTable(table.value), what: `table ${table.value}` }
    return this.#lookForField(model, table.value, operation)
  }

  #lookForField(model: ModelState, table: string, { field = '', summary }: Operation): Found {
    const relation = this.#state.tableOfRelation(model, field)
    if (relation) return isKnown(relation) ? { has: this.#hasTable(relation.value), what: `table ${relation.value}` } : { has: null, what: relation.unknown }
    const place = this.#state.placeOf(model, field)
    if (place === 'nowhere' || !('column' in place)) return { has: null, what: `the column of ${summary} cannot be told` }
    return { has: this.#columns.get(this.#asked(table))?.has(this.#fold(place.column)) ?? false, what: `column ${table}.${place.column}` }
  }

  /** `model._meta.swapped`: the setting names another model, which is then the one that is looked for. */
  #swapped(written: ModelState): ModelState | undefined {
    const swappable = textOption(written, 'swappable')
    const other = isKnown(swappable) && swappable.value !== null ? this.#input.setting(swappable.value) : undefined
    if (other === undefined || other.toLowerCase() === labelOf(written).toLowerCase()) return written
    const [label, name] = other.split('.')
    return label && name ? this.#state.get(label, name) : undefined
  }

  #hasTable(name: string): boolean {
    return this.#tables.has(this.#fold(name))
  }

  /** The database itself finds a table in any case where it has none. */
  #asked(table: string): string {
    return this.#input.schema.foldsCase ? table.toLowerCase() : table
  }

  #fold(name: string): string {
    return this.#input.schema.foldsCase && this.#input.rules.foldsNames ? name.toLowerCase() : name
  }

  /** What it adds when it runs is there for those after it. */
  #create(app: string, operations: readonly Operation[]): void {
    for (const operation of operations) {
      this.#create(app, operation.inner?.() ?? [])
      const kind = operation.given?.().kind
      const model = this.#state.get(app, operation.model ?? '')
      const table = model && isSkipped(model) !== true ? this.#state.tableOf(model) : undefined
      if (!model || !table || !isKnown(table) || (kind !== 'CreateModel' && kind !== 'AddField')) continue
      const isNew = kind === 'CreateModel'
      if (isNew) this.#tables.add(this.#fold(table.value))
      for (const relation of this.#state.relationTablesOf(model))
        if ((isNew || relation.field === operation.field) && isKnown(relation.table)) this.#tables.add(this.#fold(relation.table.value))
      const names = this.#state.columnsOf(model).columns.filter((one) => one.unsure === null && (isNew || one.field === operation.field))
      const columns = this.#columns.get(this.#asked(table.value)) ?? new Set()
      this.#columns.set(this.#asked(table.value), columns)
      for (const name of names.flatMap((one) => one.names)) columns.add(this.#fold(name))
    }
  }
}

/** Proxy or not managed; null: cannot be told. */
function isSkipped(model: ModelState): boolean | null {
  const [proxy, managed] = [valueOr(isProxy(model), null), valueOr(isManaged(model), null)]
  if (proxy === true || managed === false) return true
  return proxy === null || managed === null ? null : false
}
