import { type Change, planFakeChange } from '../change/index.js'
import type { Row } from '../database/index.js'
import type { ProjectFiles } from '../project/index.js'
import { inShort, MigstateError, type Warnings } from '../errors/index.js'
import { FIND_PACKAGES, type FakePlan, type Gate, type LeftStep, planFake, planInitialFake, type SchemaNames, type Target } from '../migrations/index.js'
import { runChange, settle } from './change-flow.js'
import type { Interaction } from './interaction.js'
import { needFiles } from './need-files.js'
import type { ChangeResult } from './results.js'
import { djangoTarget } from './targets.js'
import { timeColumnOf } from './table-warnings.js'
import type { Workspace } from './workspace.js'

export interface FakeArgs {
  app?: string | undefined
  /** A name or prefix as Django takes it, or `zero`. */
  migration?: string | undefined
  /** Only what `migrate --fake-initial` would record without running it. */
  initial?: boolean | undefined
  dryRun?: boolean | undefined
  reason?: string | undefined
}

export interface FakeResult extends ChangeResult {
  /** Rows of other apps than the one that was named, which come or go as well. */
  otherApps: [app: string, name: string][]
  /** With `initial`: what is not recorded, since Django would run it (`run`), or since nobody can tell (`unknown`), or what is above (`wait`). */
  left?: LeftStep[]
}

/** The row changes of `manage.py migrate --fake …`, also where a gate stops Django. */
export async function fake(workspace: Workspace, args: FakeArgs, ui: Interaction): Promise<FakeResult> {
  const opening = await settle(workspace, ui, args.dryRun ?? false)
  const { warnings } = workspace
  const project = needFiles(workspace, 'What Django would record')
  const { rows } = opening.history
  const target = djangoTarget(args.app, args.migration, { project, rows, cwd: workspace.options.cwd })
  const initial = args.initial ? await lookAtSchema(workspace) : null
  const planned = (now: readonly Row[]): FakePlan & { left?: LeftStep[] } => planOrRefuse(workspace, project, now, target, initial)
  const plan = planned(rows)
  for (const gate of plan.lifted) warnLifted(warnings, gate)
  const others = ofOtherApps(planFakeChange(plan, rows), target?.app)
  const result = await runChange(
    workspace,
    opening,
    {
      kind: 'fake',
      plan: ({ rows: now }) => planFakeChange(planned(now), now),
      question: {
        title: ['fake', target?.app, target?.name, args.initial ? '--initial' : undefined].filter(Boolean).join(' '),
        notes: [
          ...(others.length > 0 ? [`Rows of other apps among them: ${others.join(', ')}.`] : []),
          ...(plan.left?.length ? [`Not recorded, because they are not there already: ${inShort(plan.left.map(({ app, name }) => `${app}.${name}`))}.`] : []),
          ...plan.lifted.slice(0, 3).map((gate) => `Django itself would refuse: ${gate.message}`),
        ],
        ask: `Write what "manage.py migrate ${args.initial ? '--fake-initial" would write without running anything' : '--fake" would write'}?`,
      },
      dryRun: args.dryRun ?? false,
      reason: args.reason ?? null,
      records: true,
    },
    ui,
  )
  const { removed, added } = result.changes
  const otherApps = target === undefined ? [] : [...removed, ...added].filter((row) => row.app !== target.app)
  return { ...result, otherApps: otherApps.map(({ app, name }) => [app, name]), ...(plan.left ? { left: plan.left } : {}) }
}

/** Tables and columns as Django's introspection would find them; what weakens that is warned of. */
async function lookAtSchema({ database, project, warnings }: Workspace): Promise<SchemaNames> {
  const table = database.hasTable ? database.table : null
  const { tables, foldsTables, hidden } = await database.reading(() => database.dialect.introspect(database.edit, table))
  if (hidden !== null) warnings.add('not-checked', `which tables there are: ${hidden}`)
  if (project?.hasRouters) warnings.add('not-checked', 'DATABASE_ROUTERS may keep models away from this database; here each is taken to be allowed')
  return {
    tables: new Set(tables.filter(({ isTable }) => isTable).map(({ name }) => name)),
    columns: new Map(tables.map(({ name, columns }) => [name, new Set(columns.map((one) => one.name))])),
    foldsCase: foldsTables,
    maxNameLength: database.dialect.capabilities.maxNameLength,
  }
}

function planOrRefuse(
  workspace: Workspace,
  project: ProjectFiles,
  rows: readonly Row[],
  target: Target | undefined,
  schema: SchemaNames | null,
): FakePlan & { left?: LeftStep[] } {
  const input = {
    project,
    rows,
    rules: workspace.rules(),
    alias: workspace.alias,
    engine: workspace.database.facts.engine,
    timeColumn: timeColumnOf(workspace.database, project),
  }
  const plan = schema === null ? planFake(input, target) : planInitialFake({ ...input, schema, ...filesOf(workspace) }, target)
  if (!('gate' in plan)) return plan
  throw refusal(plan)
}

function filesOf({ project }: Workspace): Pick<Parameters<typeof planInitialFake>[0], 'detailed' | 'setting'> {
  return {
    detailed: (file) => project?.detailed(file) ?? file,
    setting: (name) => {
      const value = project?.settings.get(name)
      return value?.kind === 'string' ? value.value : undefined
    },
  }
}

/** A wrong target is wrong usage; where Django dies by a bare exception, its name is the answer. */
function refusal({ gate, exception, message, migrations }: Gate): MigstateError {
  if (gate === 'unreadable') return new MigstateError('unknown-app', `${message}.`, { hint: FIND_PACKAGES })
  const code =
    exception === 'CommandError' && (gate === 'unknown-app' || gate === 'unknown-migration' || gate === 'ambiguous-migration') ? gate : 'django-error'
  const text = code === 'django-error' ? `"manage.py migrate --fake" would die here by ${exception}: ${message}.` : `${message}`
  const names = migrations.map(([, name]) => name)
  const hint = code === 'ambiguous-migration' ? { hint: `There are: ${names.join(', ')}.` } : {}
  return new MigstateError(code, text, { ...hint, details: code === 'django-error' ? { exception } : { candidates: names } })
}

const CODES: Partial<Record<Gate['gate'], string>> = {
  'inconsistent-history': 'hole',
  'bad-file': 'unreadable-file',
  'bad-reference': 'missing-parent',
  'bad-row': 'malformed-applied',
  unreadable: 'not-checked',
}

function warnLifted(warnings: Warnings, { gate, message }: Gate): void {
  const text = gate === 'unreadable' ? message : `Django itself would refuse: ${message}`
  warnings.add(CODES[gate] ?? gate, text)
}

/** Rows of other apps that come or go: what surprises people about `--fake`. */
function ofOtherApps(change: Change, app: string | undefined): string[] {
  if (app === undefined) return []
  const marked = [...change.remove.map((row) => ({ ...row, sign: '-' })), ...change.add.map((row) => ({ ...row, sign: '+' }))]
  return marked.filter((row) => row.app !== app).map((row) => `${row.sign}${row.app}.${row.name}`)
}
