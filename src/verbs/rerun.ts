import { defaultPython } from '../django/index.js'
import { DJANGO_TABLE, type Row } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { inGraphOrder, makeKey, resolveMigration } from '../history/index.js'
import {
  ManageCommand,
  planRerun,
  type RerunHazard,
  rerunHazards,
  type RerunOutcome,
  type RerunPlan,
  rerunInShadowMode,
  rerunInTableMode,
} from '../rerun/index.js'
import { newOperation, nextPlan, patienceOf, settle, stampOf, stampZone, whereOf } from './change-flow.js'
import type { Answer, Interaction } from './interaction.js'
import { preview, type RerunInfo, type RerunResult } from './results.js'
import type { Workspace } from './workspace.js'

export interface RerunArgs {
  app: string
  /** Names or unique prefixes; run in the order of the graph. */
  migrations: string[]
  /** Runs the reverse code first. */
  reverseFirst?: boolean
  force?: boolean
  dryRun?: boolean
  /** `--yes` was given: nobody can read the question about an unproven database. */
  unattended?: boolean
  reason?: string | undefined
}

interface Prepared {
  workspace: Workspace
  args: RerunArgs
  mode: 'shadow' | 'table'
  manage: ManageCommand
  plan(name: string, rows: readonly Row[]): RerunPlan
}

/** Runs recorded data migrations again and leaves every other row exactly as it was. */
export async function rerun(workspace: Workspace, args: RerunArgs, ui: Interaction): Promise<RerunResult> {
  if (args.migrations.length === 0) throw new MigstateError('usage', 'Name at least one migration. Nothing was changed.')
  const prepared = prepare(workspace, args)
  await settle(workspace, ui, args.dryRun ?? false)
  const { rows } = await workspace.read()
  const plans = namesOf(workspace, args, rows).map((name) => prepared.plan(name, rows))
  const infos: RerunInfo[] = []
  for (const plan of plans) infos.push({ ...infoOf(prepared, plan), hazards: await hazardsOf(prepared, plan, rows) })
  const hazards = infos.flatMap((info) => info.hazards)
  const updated = plans.map(({ target }) => ({ before: target.at(-1) as Row, after: { ...(target.at(-1) as Row), applied: null } }))
  const changes = { removed: [], added: [], updated }
  if (args.dryRun) return { operation: null, dryRun: true, changes, next: nextPlan(workspace, rows), rerun: infos[0] as RerunInfo, reruns: infos, hazards }
  const answer = await ui.confirm({
    title: `rerun ${args.app} ${plans.map(({ name }) => name).join(' ')}`,
    where: whereOf(workspace),
    changes,
    notes: [...plans.flatMap((plan, index) => notesOf(prepared, plan, infos[index] as RerunInfo, plans.length > 1)), ...unproven(prepared)],
    ask: plans.length > 1 ? `Run these ${plans.length} migrations again?` : 'Run this migration again?',
  })
  return runAll(prepared, plans, infos, answer, ui)
}

/** One operation for each migration; the first failure ends it, and what is done stays done. */
async function runAll(prepared: Prepared, plans: readonly RerunPlan[], infos: readonly RerunInfo[], answer: Answer, ui: Interaction): Promise<RerunResult> {
  const { workspace } = prepared
  const done: { info: RerunInfo; result: RerunResult }[] = []
  for (const [index, plan] of plans.entries()) {
    try {
      if (done.length > 0 && ui.signal.aborted) throw new MigstateError('interrupted', `Interrupted before ${plan.app}.${plan.name} ran.`)
      done.push(await runOne(prepared, plan, infos[index] as RerunInfo, answer, ui))
    } catch (error) {
      if (!(error instanceof MigstateError) || done.length === 0) throw error
      const names = done.map(({ info }) => info.target.join('.')).join(', ')
      throw new MigstateError(error.code, `${error.message} Before it, ${names} ran again; that stays.`, {
        hint: error.hint,
        details: { ...error.details, reruns: done.map(({ info }) => info) },
        cause: error,
      })
    }
  }
  const results = done.map(({ result }) => result)
  const last = results.at(-1) as RerunResult
  return {
    operation: last.operation,
    dryRun: false,
    changes: {
      removed: results.flatMap(({ changes }) => changes.removed),
      added: results.flatMap(({ changes }) => changes.added),
      updated: results.flatMap(({ changes }) => changes.updated),
    },
    next: nextPlan(workspace, (await workspace.read()).rows),
    rerun: last.rerun,
    reruns: done.map(({ info }) => info),
    hazards: infos.flatMap((info) => info.hazards),
  }
}

async function runOne(
  prepared: Prepared,
  shown: RerunPlan,
  known: RerunInfo,
  answer: Answer,
  ui: Interaction,
): Promise<{ info: RerunInfo; result: RerunResult }> {
  const { workspace, args, mode, manage } = prepared
  const operation = newOperation(workspace, 'rerun', args.reason ?? null)
  const plan = (now: readonly Row[]) => (answer === 'person' ? unchanged(shown, prepared.plan(shown.name, now)) : prepared.plan(shown.name, now))
  const { timeout } = workspace.config
  const request = {
    operation,
    plan,
    manage,
    alias: workspace.alias,
    patience: patienceOf(workspace, ui),
    stamp: stampOf(workspace),
    timeZone: stampZone(workspace),
    env: workspace.options.env,
    timeout: timeout === undefined ? undefined : timeout * 1000,
    warnings: workspace.warnings,
    ui,
  }
  const outcome: RerunOutcome = await (mode === 'shadow' ? rerunInShadowMode : rerunInTableMode)(workspace.database, request)
  const info: RerunInfo = {
    ...known,
    operation: operation.id,
    durationMs: outcome.durationMs,
    exitCode: outcome.exitCode,
    hidden: outcome.hidden.map((row) => [row.app, row.name]),
    rows: outcome.rowCounts,
  }
  const { removed, added, updated } = outcome.changes
  const result: RerunResult = {
    operation: { id: operation.id, kind: 'rerun', status: 'done', snapshot: operation.snapshot },
    dryRun: false,
    changes: preview({ remove: removed, add: added, update: updated }),
    next: null,
    rerun: info,
    reruns: [info],
    hazards: info.hazards,
  }
  return { info, result }
}

/** Everything that is known before a row is read. */
function prepare(workspace: Workspace, args: RerunArgs): Prepared {
  const { database, project, config } = workspace
  const files = workspace.files()
  if (!project || !files)
    throw new MigstateError('no-project', 'A rerun needs the files of the project, and none are read. Nothing was changed.', {
      hint: 'Leave --no-files out, or give --project DIR.',
    })
  const mode = config.mode === 'table' ? 'table' : 'shadow'
  if (config.manage !== undefined && config.mode !== 'table')
    throw new MigstateError(
      'usage',
      '--manage works in table mode only, which has to be named: another command cannot be given a shadow table. Nothing was changed.',
      {
        hint: 'Add --mode table.',
      },
    )
  if (database.hasTable && database.table.name.toLowerCase() !== DJANGO_TABLE)
    throw new MigstateError(
      'other-database',
      `manage.py uses the table ${DJANGO_TABLE} and not ${database.table.label}, so a rerun would not touch what you named. Nothing was changed.`,
      { hint: 'Leave --table out.' },
    )
  const manage = new ManageCommand({
    folder: project.folder,
    python: defaultPython({ folder: project.folder, python: config.python, env: workspace.options.env }),
    managePy: config.managePy,
    settings: config.settings,
    manage: config.manage,
    alias: workspace.alias,
    severalDatabases: workspace.aliases.length > 1,
  })
  const { force = false, reverseFirst = false } = args
  const common = { project: files, rules: workspace.rules(), alias: workspace.alias, app: args.app, force, mode, reverseFirst } as const
  return { workspace, args, mode, manage, plan: (name, rows) => planRerun({ ...common, name, rows }) }
}

/** In the order of the graph, each once. */
function namesOf(workspace: Workspace, args: RerunArgs, rows: readonly Row[]): string[] {
  const project = workspace.files()
  const names = new Set(args.migrations.map((text) => resolveMigration({ project, rows, app: args.app, text }, workspace.warnings)))
  if (!project || names.size < 2) return [...names]
  const order = inGraphOrder(
    project,
    workspace.rules(),
    [...names].map((name) => makeKey(args.app, name)),
  )
  return [...names].sort((left, right) => order.indexOf(makeKey(args.app, left)) - order.indexOf(makeKey(args.app, right)))
}

function infoOf({ mode, args }: Prepared, plan: RerunPlan): RerunInfo {
  return {
    mode,
    target: [plan.app, plan.name],
    reverseFirst: args.reverseFirst ?? false,
    operation: null,
    durationMs: null,
    exitCode: null,
    hidden: plan.hidden.map((row) => [row.app, row.name]),
    hazards: [],
    rows: null,
  }
}

/** Evidence costs a look at files and catalogue, and never stops a rerun. */
async function hazardsOf({ workspace }: Prepared, plan: RerunPlan, rows: readonly Row[]): Promise<RerunHazard[]> {
  const { project } = workspace
  const files = workspace.files()
  if (!project || !files) return []
  return rerunHazards(workspace.database, {
    project: files,
    rows,
    rules: workspace.rules(),
    file: plan.file,
    alias: workspace.alias,
    detailed: (file) => project.detailed(file),
  })
}

function notesOf(prepared: Prepared, plan: RerunPlan, { hazards }: RerunInfo, several: boolean): string[] {
  const lines = hazards.map(({ message, line }) => `${line === null ? '' : `line ${line}: `}${message}.`)
  return [...(several ? [`${plan.app}.${plan.name}:`] : []), ...hides(prepared, plan), ...plan.notes, ...lines]
}

function hides({ mode }: Prepared, { hidden }: RerunPlan): string[] {
  if (hidden.length === 0) return []
  const names = `${hidden.map((row) => `${row.app}.${row.name}`).join(', ')}.`
  if (mode === 'shadow') return [`Django does not see ${hidden.length} rows that depend on it while it runs; for everyone else they stay: ${names}`]
  return [`${hidden.length} rows that depend on it are out of the table while it runs, and are put back exactly: ${names}`]
}

/** What a person said yes to is never changed. */
function unchanged(shown: RerunPlan, now: RerunPlan): RerunPlan {
  const same = (left: Row[], right: Row[]) => JSON.stringify(left) === JSON.stringify(right)
  if (same(shown.target, now.target) && same(shown.hidden, now.hidden)) return now
  throw new MigstateError('table-changed', 'The rows concerned have changed since the plan was shown. Nothing was changed.', {
    details: { expected: [...shown.target, ...shown.hidden], found: [...now.target, ...now.hidden], wanted: [...shown.target, ...shown.hidden] },
  })
}

/** With `--manage` nobody can ask Django which database it uses: a person is told, a script needs `--force`. */
function unproven({ manage, args }: Prepared): string[] {
  if (manage.canAsk || args.force) return []
  if (args.unattended)
    throw new MigstateError(
      'unproven-database',
      'With --manage it cannot be proven that the command uses the database that is being edited. Nothing was changed.',
    )
  return ['It cannot be proven that the --manage command uses this very database.']
}
