import { planMarkApplied, planMarkUnapplied } from '../change/index.js'
import type { History, Row } from '../database/index.js'
import { dotted, type Key, loadHistory, makeKey } from '../migrations/index.js'
import { type Opening, runChange, settle } from './change-flow.js'
import { readEvidence } from './facts.js'
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
  const project = workspace.files()
  const rules = workspace.rules()
  const words = args.app === undefined ? args.migrations : [args.app, ...args.migrations]
  const targetsIn = (rows: readonly Row[]) => resolveTargets(words, { project, rows, cwd: workspace.options.cwd }, workspace.warnings)
  const wantsSchema = ({ rows }: History) => toBeAsked(workspace, keysOf(targetsIn(rows)), rows).length > 0
  const opening = await settle(workspace, ui, args.dryRun ?? false, wantsSchema)
  const { rows } = opening.history
  const targets = targetsIn(rows)
  const request = { project, rules, targets: keysOf(targets), force: args.force ?? false }
  const uncertain = project ? loadHistory(project, rows, rules).uncertain : ['the files are not read (--no-files), so holes and squashes are not checked']
  for (const line of uncertain) workspace.warnings.add('not-checked', line)
  const contradictions = await contradicted(workspace, args.applied, request.targets, opening)
  for (const { code, message } of contradictions) workspace.warnings.add(code, message)
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
        notes: [...uncertain.slice(0, 3).map((line) => `Not checked: ${line}.`), ...contradictions.map(({ message }) => message)],
        ask: args.applied ? 'Record these migrations without running them?' : 'Un-record these migrations without undoing what they did?',
      },
      dryRun: args.dryRun ?? false,
      reason: args.reason ?? null,
      records: args.applied,
    },
    ui,
  )
}

const keysOf = (targets: readonly (readonly [app: string, name: string])[]) => targets.map(([app, name]) => makeKey(app, name))

/** Those that have operations on the schema: of the others it shows nothing. */
function toBeAsked(workspace: Workspace, targets: readonly Key[], rows: readonly Row[]): Key[] {
  const project = workspace.files()
  if (!project) return []
  const { disk } = loadHistory(project, rows, workspace.rules())
  return targets.filter((key) => disk.get(key)?.operations?.some(({ schema }) => schema !== false))
}

/** Where the schema says the opposite of what is to be recorded. What leaves no trace is not contradicted. */
async function contradicted(
  workspace: Workspace,
  applied: boolean,
  targets: readonly Key[],
  { history: { rows }, schema }: Opening,
): Promise<{ code: string; message: string }[]> {
  const asked = toBeAsked(workspace, targets, rows)
  const evidence = asked.length > 0 ? await readEvidence(workspace, rows, schema) : null
  return asked.flatMap((key) => {
    const verdict = evidence?.get(key)?.verdict
    const name = dotted(key)
    if (applied && verdict === 'not run')
      return [
        {
          code: 'recorded-missing',
          message: `nothing of ${name} is in the database: once it is recorded, Django never makes it (to run it: migstate run ${name})`,
        },
      ]
    if (verdict === 'in part')
      return [{ code: 'partially-applied', message: `only a part of ${name} is in the database: neither recording it nor running it puts that right` }]
    if (!applied && verdict === 'ran')
      return [
        { code: 'present-unrecorded', message: `what ${name} does is in the database: once it is unrecorded, manage.py migrate would do it again and fail` },
      ]
    return []
  })
}
