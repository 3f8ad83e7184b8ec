import { planMarkApplied, planMarkUnapplied } from '../change/index.js'
import { loadHistory, makeKey } from '../migrations/index.js'
import { runChange, settle } from './change-flow.js'
import type { Interaction } from './interaction.js'
import type { ChangeResult } from './results.js'
import { resolveTargets } from './targets.js'
import type { Workspace } from './workspace.js'

export interface MarkArgs {
  applied: boolean
  /** Label of the app; without it each migration names its own: `shop.0003`. */
  app?: string | undefined
  /** Names or unique prefixes, `app.name`, or paths of files. */
  migrations: string[]
  withDependencies?: boolean | undefined
  withDependants?: boolean | undefined
  force?: boolean | undefined
  dryRun?: boolean | undefined
  reason?: string | undefined
}

/** `mark applied` and `mark unapplied`: rows only, no migration code runs. */
export async function mark(workspace: Workspace, args: MarkArgs, ui: Interaction): Promise<ChangeResult> {
  const opening = await settle(workspace, ui, args.dryRun ?? false)
  const { rows } = opening.history
  const project = workspace.files()
  const rules = workspace.rules()
  const words = args.app === undefined ? args.migrations : [args.app, ...args.migrations]
  const targets = resolveTargets(words, { project, rows, cwd: workspace.options.cwd }, workspace.warnings)
  const request = { project, rules, targets: targets.map(([app, name]) => makeKey(app, name)), force: args.force ?? false }
  const uncertain = project ? loadHistory(project, rows, rules).uncertain : ['the files are not read (--no-files), so holes and squashes are not checked']
  for (const line of uncertain) workspace.warnings.add('not-checked', line)
  const kind = args.applied ? 'mark applied' : 'mark unapplied'
  return runChange(
    workspace,
    opening,
    {
      kind,
      plan: ({ rows: now }) =>
        args.applied
          ? planMarkApplied({ ...request, withDependencies: args.withDependencies ?? false }, now)
          : planMarkUnapplied({ ...request, withDependants: args.withDependants ?? false }, now),
      question: {
        title: `${kind} ${targets.map((pair) => pair.join('.')).join(' ')}`,
        notes: uncertain.slice(0, 3).map((line) => `Not checked: ${line}.`),
        ask: args.applied ? 'Record these migrations without running them?' : 'Un-record these migrations without undoing what they did?',
      },
      dryRun: args.dryRun ?? false,
      reason: args.reason ?? null,
    },
    ui,
  )
}
