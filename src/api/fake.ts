import { type Change, planFakeChange } from '../change/index.js'
import type { Row } from '../database/index.js'
import type { ProjectFiles } from '../project/index.js'
import { MigstateError, type Warnings } from '../errors/index.js'
import { FIND_PACKAGES, type FakePlan, type Gate, planFake, type Target } from '../migrations/index.js'
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
  dryRun?: boolean | undefined
  reason?: string | undefined
}

export interface FakeResult extends ChangeResult {
  /** Rows of other apps than the one that was named, which come or go as well. */
  otherApps: [app: string, name: string][]
}

/** The row changes of `manage.py migrate --fake …`, also where a gate stops Django. */
export async function fake(workspace: Workspace, args: FakeArgs, ui: Interaction): Promise<FakeResult> {
  const opening = await settle(workspace, ui, args.dryRun ?? false)
  const { warnings } = workspace
  const project = needFiles(workspace, 'What Django would record')
  const { rows } = opening.history
  const target = djangoTarget(args.app, args.migration, { project, rows, cwd: workspace.options.cwd })
  const planned = (now: readonly Row[]): FakePlan => planOrRefuse(workspace, project, now, target)
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
        title: ['fake', target?.app, target?.name].filter(Boolean).join(' '),
        notes: [
          ...(others.length > 0 ? [`Rows of other apps among them: ${others.join(', ')}.`] : []),
          ...plan.lifted.slice(0, 3).map((gate) => `Django itself would refuse: ${gate.message}`),
        ],
        ask: 'Write what "manage.py migrate --fake" would write?',
      },
      dryRun: args.dryRun ?? false,
      reason: args.reason ?? null,
    },
    ui,
  )
  const { removed, added } = result.changes
  const otherApps = target === undefined ? [] : [...removed, ...added].filter((row) => row.app !== target.app)
  return { ...result, otherApps: otherApps.map(({ app, name }) => [app, name]) }
}

function planOrRefuse(workspace: Workspace, project: ProjectFiles, rows: readonly Row[], target: Target | undefined): FakePlan {
  const input = {
    project,
    rows,
    rules: workspace.rules(),
    alias: workspace.alias,
    engine: workspace.database.facts.engine,
    timeColumn: timeColumnOf(workspace.database, project),
  }
  const plan = planFake(input, target)
  if (!('gate' in plan)) return plan
  throw refusal(plan)
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
