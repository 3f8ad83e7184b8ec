import { defaultPython } from '../django/index.js'
import { MigstateError } from '../errors/index.js'
import { resolveMigration } from '../history/index.js'
import { ManageCommand, planRerun, type RerunPlan, rerunInTableMode } from '../rerun/index.js'
import type { Row } from '../database/index.js'
import { newOperation, nextPlan, patienceOf, settle, stampOf, stampZone, whereOf } from './change-flow.js'
import type { Interaction } from './interaction.js'
import { preview, type RerunInfo, type RerunResult } from './results.js'
import type { Workspace } from './workspace.js'

export interface RerunArgs {
  app: string
  /** Name or unique prefix. */
  migration: string
  force?: boolean
  dryRun?: boolean
  /** `--yes` was given: nobody can read the question about an unproven database. */
  unattended?: boolean
  reason?: string | undefined
}

/** Runs a recorded data migration again and leaves every other row exactly as it was. */
export async function rerun(workspace: Workspace, args: RerunArgs, ui: Interaction): Promise<RerunResult> {
  const { database, project } = workspace
  const files = workspace.files()
  if (!project || !files)
    throw new MigstateError('no-project', 'A rerun needs the files of the project, and none are read. Nothing was changed.', {
      hint: 'Leave --no-files out, or give --project DIR.',
    })
  await settle(workspace, ui, args.dryRun ?? false)
  const { rows } = await workspace.read()
  const name = resolveMigration({ project: files, rows, app: args.app, text: args.migration }, workspace.warnings)
  const plan = (now: readonly Row[]): RerunPlan =>
    planRerun({ project: files, rows: now, rules: workspace.rules(), alias: workspace.alias, app: args.app, name, force: args.force ?? false })
  const shown = plan(rows)
  const manage = manageCommand(workspace, project.folder)
  const notes = [...shown.notes, ...unproven(manage, args)]
  const info: RerunInfo = { mode: 'table', target: [args.app, name], durationMs: null, exitCode: null, hidden: shown.hidden.map((row) => [row.app, row.name]) }
  const kept = shown.target.at(-1) as Row
  const changes = { removed: [], added: [], updated: [{ before: kept, after: { ...kept, applied: null } }] }
  if (args.dryRun) return { operation: null, dryRun: true, changes, next: nextPlan(workspace, rows), rerun: info, reruns: [info] }
  const lifted =
    shown.hidden.length > 0
      ? [
          `${shown.hidden.length} rows that depend on it are out of the table while it runs, and are put back exactly: ${shown.hidden.map((row) => `${row.app}.${row.name}`).join(', ')}.`,
        ]
      : []
  const answer = await ui.confirm({
    title: `rerun ${args.app} ${name}`,
    where: whereOf(workspace),
    changes,
    notes: [...lifted, ...notes],
    ask: 'Run this migration again?',
  })
  const operation = newOperation(workspace, 'rerun', args.reason ?? null)
  const outcome = await rerunInTableMode(database, {
    operation,
    plan: (now) => (answer === 'person' ? unchanged(shown, plan(now)) : plan(now)),
    manage,
    patience: patienceOf(workspace, ui),
    stamp: stampOf(workspace),
    timeZone: stampZone(workspace),
    env: workspace.options.env,
    warnings: workspace.warnings,
    ui,
  })
  const ran: RerunInfo = { ...info, durationMs: outcome.durationMs, exitCode: outcome.exitCode, hidden: outcome.hidden.map((row) => [row.app, row.name]) }
  return {
    operation: { id: operation.id, kind: 'rerun', status: 'done', snapshot: operation.snapshot },
    dryRun: false,
    changes: preview({ remove: outcome.changes.removed, add: outcome.changes.added, update: outcome.changes.updated }),
    next: nextPlan(workspace, outcome.rows),
    rerun: ran,
    reruns: [ran],
  }
}

/** What a person said yes to is never changed. */
function unchanged(shown: RerunPlan, now: RerunPlan): RerunPlan {
  const same = (left: Row[], right: Row[]) => JSON.stringify(left) === JSON.stringify(right)
  if (same(shown.target, now.target) && same(shown.hidden, now.hidden)) return now
  throw new MigstateError('table-changed', 'The rows concerned have changed since the plan was shown. Nothing was changed.', {
    details: { expected: [...shown.target, ...shown.hidden], found: [...now.target, ...now.hidden], wanted: [...shown.target, ...shown.hidden] },
  })
}

function manageCommand(workspace: Workspace, folder: string): ManageCommand {
  const { config } = workspace
  return new ManageCommand({
    folder,
    python: defaultPython({ folder, python: config.python, env: workspace.options.env }),
    managePy: config.managePy,
    settings: config.settings,
    manage: config.manage,
    alias: workspace.alias,
    severalDatabases: workspace.aliases.length > 1,
  })
}

/** With `--manage` nobody can ask Django which database it uses: a person is told, a script needs `--force`. */
function unproven(manage: ManageCommand, args: RerunArgs): string[] {
  if (manage.canAsk || args.force) return []
  if (args.unattended)
    throw new MigstateError(
      'unproven-database',
      'With --manage it cannot be proven that the command uses the database that is being edited. Nothing was changed.',
    )
  return ['It cannot be proven that the --manage command uses this very database.']
}
