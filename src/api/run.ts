import type { Row } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { loadHistory, makeKey, pairOf, withAncestors } from '../migrations/index.js'
import { planRun, type RerunPlan } from '../rerun/index.js'
import { nextPlan, settle } from './change-flow.js'
import type { Interaction } from './interaction.js'
import { needFiles } from './need-files.js'
import type { RerunResult, ShownChanges } from './results.js'
import { prepareManage, runMigrations } from './run-flow.js'
import { resolveTargets } from './targets.js'
import type { Workspace } from './workspace.js'

export interface RunArgs {
  /** Label of the app; without it the migration names its own: `shop.0003`. */
  app?: string | undefined
  /** A name or unique prefix, `app.name`, or the path of a file. */
  migration: string
  /** Runs what it depends on and is not recorded either, first and in order. */
  withDependencies?: boolean | undefined
  dryRun?: boolean | undefined
  reason?: string | undefined
}

/** Executes one unrecorded migration that Django itself would refuse because of a hole, and records it. */
export async function run(workspace: Workspace, args: RunArgs, ui: Interaction): Promise<RerunResult> {
  if (workspace.config.mode === 'table' || workspace.config.manage !== undefined)
    throw new MigstateError('usage', '"migstate run" works in shadow mode only: it needs a session that sees another history.', {
      hint: 'Leave --mode and --manage out.',
    })
  const manage = prepareManage(workspace)
  const project = needFiles(workspace, 'A run')
  const opening = await settle(workspace, ui, args.dryRun ?? false)
  const { rows } = opening.history
  const words = args.app === undefined ? [args.migration] : [args.app, args.migration]
  const targets = resolveTargets(words, { project, rows, cwd: workspace.options.cwd }, workspace.warnings)
  const [target] = targets
  if (!target || targets.length > 1) throw new MigstateError('usage', 'Name one migration.', { hint: 'See "migstate run --help".' })
  const rules = workspace.rules()
  const key = makeKey(...target)
  const view = loadHistory(project, rows, rules)
  if (view.applied.has(key) || view.recorded.has(key)) return nothingToRun(workspace, target, rows, ui)
  const plan = (app: string, name: string, now: readonly Row[]) =>
    planRun({ project, rules, alias: workspace.alias, app, name, rows: now, withDependencies: args.withDependencies ?? false })
  const wanted = args.withDependencies ? withAncestors(project, rows, rules, key).filter((one) => one === key || !view.applied.has(one)) : [key]
  const plans = planInTurn(wanted.map(pairOf), rows, plan)
  return runMigrations(
    workspace,
    opening,
    {
      kind: 'run',
      mode: 'shadow',
      reverseFirst: false,
      dryRun: args.dryRun ?? false,
      reason: args.reason ?? null,
      plan,
      changes: newRows,
      question: {
        title: `run ${wanted.map((one) => pairOf(one).join('.')).join(' ')}`,
        notes: [],
        ask: wanted.length > 1 ? `Run these ${wanted.length} migrations and record them?` : 'Run this migration and record it?',
      },
      manage,
    },
    plans,
    ui,
  )
}

/** Each is planned on the rows as the ones before it will leave them. */
function planInTurn(
  targets: readonly [string, string][],
  rows: readonly Row[],
  plan: (app: string, name: string, now: readonly Row[]) => RerunPlan,
): RerunPlan[] {
  const now = [...rows]
  return targets.map(([app, name]) => {
    const made = plan(app, name, now)
    for (const [label, record] of made.records) now.push({ id: `new ${label}.${record}`, app: label, name: record, applied: '' })
    return made
  })
}

function newRows(plans: readonly RerunPlan[]): ShownChanges {
  const added = plans.flatMap(({ records }) => records).map(([app, name]) => ({ id: null, app, name, applied: null }))
  return { removed: [], added, updated: [] }
}

function nothingToRun(workspace: Workspace, [app, name]: [string, string], rows: readonly Row[], ui: Interaction): RerunResult {
  ui.say(`${app}.${name} is applied already. To run it again: migstate rerun ${app}.${name}`)
  const changes = { removed: [], added: [], updated: [] }
  const info = { kind: 'run', mode: 'shadow', target: [app, name], reverseFirst: false, operation: null, durationMs: null, exitCode: null } as const
  const rerun = { ...info, target: [app, name] as [string, string], hidden: [], hazards: [], rows: null, python: null }
  return { operation: null, dryRun: false, changes, next: nextPlan(workspace, rows), creates: [], rerun, reruns: [], hazards: [] }
}
