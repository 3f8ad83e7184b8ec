import type { Row } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { inGraphOrder, makeKey, pairOf } from '../migrations/index.js'
import { type ManageCommand, planRerun, type RerunPlan } from '../rerun/index.js'
import { settle } from './change-flow.js'
import { readEvidence } from './facts.js'
import type { Interaction } from './interaction.js'
import { needFiles } from './need-files.js'
import type { RerunResult, ShownChanges } from './results.js'
import { prepareManage, runMigrations } from './run-flow.js'
import { quoteRehearsal } from './rehearsal-record.js'
import { rehearseFirst } from './rehearse-first.js'
import { resolveTargets } from './targets.js'
import type { Workspace } from './workspace.js'

export interface RerunArgs {
  /** Label of the app; without it each migration names its own: `shop.0003`. */
  app?: string | undefined
  /** Names or unique prefixes, `app.name`, or paths of files; run in the order of the graph. */
  migrations: string[]
  /** Runs the reverse code first. */
  reverseFirst?: boolean | undefined
  /** Rehearses first, and stops unless it is repeatable (`force` goes on). */
  rehearse?: boolean | undefined
  force?: boolean | undefined
  dryRun?: boolean | undefined
  /** `--yes` was given: nobody can read the question about an unproven database. */
  unattended?: boolean | undefined
  reason?: string | undefined
}

/** Runs recorded data migrations again and leaves every other row exactly as it was. */
export async function rerun(workspace: Workspace, args: RerunArgs, ui: Interaction): Promise<RerunResult> {
  const { config } = workspace
  const mode = config.mode === 'table' ? 'table' : 'shadow'
  if (config.manage !== undefined && config.mode !== 'table')
    throw new MigstateError('usage', '--manage works in table mode only: another command cannot be given a shadow table.', {
      hint: 'Add --mode table.',
    })
  const manage = prepareManage(workspace)
  const project = needFiles(workspace, 'A rerun')
  const opening = await settle(workspace, ui, args.dryRun ?? false)
  const { rows } = opening.history
  const { force = false, reverseFirst = false } = args
  const rules = workspace.rules()
  const plan = (app: string, name: string, now: readonly Row[]) =>
    planRerun({ project, rules, alias: workspace.alias, app, name, rows: now, force, mode, reverseFirst })
  const targets = targetsOf(workspace, args, rows)
  const plans: RerunPlan[] = []
  for (const [app, name] of targets) {
    try {
      plans.push(plan(app, name, rows))
    } catch (error) {
      throw error instanceof MigstateError && error.code === 'schema-operations' ? await withEvidence(workspace, rows, error, [app, name]) : error
    }
  }
  const several = plans.length > 1
  const rehearsed =
    args.rehearse && !args.dryRun ? await rehearseFirst(workspace, { targets, reverseFirst, force }, ui) : await quoteRehearsals(workspace, targets, rows)
  return runMigrations(
    workspace,
    opening,
    {
      kind: 'rerun',
      mode,
      reverseFirst,
      dryRun: args.dryRun ?? false,
      reason: args.reason ?? null,
      plan,
      changes: newTimes,
      question: {
        title: `rerun ${targets.map((pair) => pair.join('.')).join(' ')}`,
        notes: [...rehearsed, ...unproven(manage, args)],
        ask: several ? `Run these ${plans.length} migrations again?` : 'Run this migration again?',
      },
      manage,
    },
    plans,
    ui,
  )
}

/** What of it is there and what not, as far as it can be seen: what is there makes Django fail. */
async function withEvidence(workspace: Workspace, rows: readonly Row[], error: MigstateError, [app, name]: [string, string]): Promise<MigstateError> {
  const found = (await readEvidence(workspace, rows))?.get(makeKey(app, name))
  const told = found?.operations.filter(({ verdict }) => verdict !== 'cannot tell') ?? []
  if (!found || told.length === 0) return error.with({ more: 'What of it is in the database cannot be told.' })
  const seen = told.slice(0, 5).map(({ because }) => because)
  const more = told.length > seen.length ? `; ${told.length - seen.length} more operations` : ''
  return error.with({
    more: `In the database: ${[...new Set(seen)].join('; ')}${more}. ${found.verdict === 'not run' ? 'Nothing of it is there, so it can run: --force runs it.' : 'Django fails at what is there already.'}`,
    details: { evidence: told.map(({ summary, verdict, because }) => ({ summary, verdict, because })) },
  })
}

/** For those who are about to say yes: what has been seen of it, or how to see it. */
async function quoteRehearsals(workspace: Workspace, targets: readonly (readonly [string, string])[], rows: readonly Row[]): Promise<string[]> {
  const quotes: string[] = []
  const unseen: string[] = []
  for (const [app, name] of targets) {
    const quote = await quoteRehearsal(workspace, app, name, rows)
    if (quote === null) unseen.push(`${app}.${name}`)
    else quotes.push(quote)
  }
  return unseen.length === 0 ? quotes : [...quotes, `What it does can be seen first, without changing anything: migstate rehearse ${unseen.join(' ')}`]
}

/** The kept row of each target gets a new time. */
function newTimes(plans: readonly RerunPlan[]): ShownChanges {
  const kept = plans.map(({ target }) => target.at(-1) as Row)
  return { removed: [], added: [], updated: kept.map((before) => ({ before, after: { ...before, applied: null } })) }
}

/** In the order of the graph, each once. */
function targetsOf(workspace: Workspace, args: RerunArgs, rows: readonly Row[]): [app: string, name: string][] {
  const project = workspace.files()
  const words = args.app === undefined ? args.migrations : [args.app, ...args.migrations]
  const targets = resolveTargets(words, { project, rows, cwd: workspace.options.cwd }, workspace.warnings)
  if (!project || targets.length < 2) return targets
  const keys = targets.map(([app, name]) => makeKey(app, name))
  return inGraphOrder(project, workspace.rules(), keys).map(pairOf)
}

/** With `--manage` nobody can ask Django which database it uses: a person is told, a script needs `--force`. */
function unproven(manage: ManageCommand, args: RerunArgs): string[] {
  if (manage.canAsk || args.force || args.dryRun) return []
  if (args.unattended)
    throw new MigstateError('unproven-database', 'With --manage it cannot be proven that the command uses the database that is being edited.')
  return ['It cannot be proven that the --manage command uses this very database.']
}
