import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { childEnvironment, DJANGO_ADMIN } from '../config/index.js'
import { DJANGO_TABLE, type Row } from '../database/index.js'
import { defaultPython, type Project } from '../project/index.js'
import { MigstateError } from '../errors/index.js'
import { refuseTakenAlong, refuseUnfitRun } from '../change/index.js'
import { ManageCommand, rerunHazards, type RerunOutcome, rerunMigration, type RerunPlan } from '../rerun/index.js'
import { lookAfterwards, newOperation, nextPlan, patienceOf, sayCreates, stampOf, stampZone, whereOf, type Opening } from './change-flow.js'
import type { Answer, Interaction } from './interaction.js'
import { warnMissingGrants } from './journal-access.js'
import { needFiles } from './need-files.js'
import { preview, type RerunInfo, type RerunResult, type ShownChanges } from './results.js'
import type { Workspace } from './workspace.js'

/** What `rerun` and `run` share: one session of Django for each migration, with only what it needs in sight. */
export interface RunRequest {
  kind: 'rerun' | 'run'
  mode: 'shadow' | 'table'
  reverseFirst: boolean
  dryRun: boolean
  reason: string | null
  /** Made again under the lock, from the rows as they are. */
  plan(app: string, name: string, rows: readonly Row[]): RerunPlan
  /** What will change, as far as it is known before. */
  changes(plans: readonly RerunPlan[]): ShownChanges
  question: { title: string; notes: string[]; ask: string }
  manage: ManageCommand
}

/** How Django is started. @throws MigstateError `usage` `other-database` `no-project` */
export function prepareManage(workspace: Workspace): ManageCommand {
  const { database, project } = workspace
  if (process.platform === 'win32')
    throw new MigstateError('usage', 'Migrations are run on Linux and macOS only; on Windows rows can be changed and put back.', {
      hint: 'Run the same command in WSL or in a container of the project.',
    })
  needFiles(workspace, 'What runs')
  if (!project) throw new Error('files without a project')
  if (database.hasTable && database.table.name.toLowerCase() !== DJANGO_TABLE)
    throw new MigstateError(
      'other-database',
      `manage.py uses the table ${DJANGO_TABLE} and not ${database.table.label}, so a run would not touch what you named.`,
      { hint: 'Leave --table out.' },
    )
  return manageOf(workspace, project)
}

/** Django of this project, as the flags say. @throws MigstateError `usage` */
export function manageOf(workspace: Workspace, project: Project): ManageCommand {
  const { config } = workspace
  const admin = config.managePy === undefined && !existsSync(join(project.folder, 'manage.py'))
  return new ManageCommand({
    folder: project.folder,
    python: defaultPython({ folder: project.folder, cwd: workspace.options.cwd, python: config.python, env: workspace.options.env }),
    managePy: admin ? DJANGO_ADMIN : config.managePy,
    // django-admin knows no settings of its own.
    settings: config.settings ?? (admin ? (project.settings.module ?? undefined) : undefined),
    manage: config.manage,
    alias: workspace.alias,
    severalDatabases: workspace.aliases.length > 1,
  })
}

/** Show, confirm, run one after the other. */
export async function runMigrations(
  workspace: Workspace,
  { history: { rows }, creates }: Opening,
  request: RunRequest,
  plans: readonly RerunPlan[],
  ui: Interaction,
): Promise<RerunResult> {
  const { database } = workspace
  for (const plan of plans) {
    const needed = neededBy(request, plan)
    refuseUnfitRun(database, rows, needed)
    if (needed.touched) await database.reading(() => refuseTakenAlong(database, needed.touched ?? []))
  }
  const infos: RerunInfo[] = []
  for (const plan of plans) infos.push({ ...infoOf(workspace, request, plan), hazards: await hazardsOf(workspace, request, plan, rows) })
  const hazards = infos.flatMap((info) => info.hazards)
  const changes = request.changes(plans)
  if (request.dryRun) {
    await warnMissingGrants(workspace.database, workspace.warnings, request.mode === 'shadow' && hasRoleOfDjango(workspace) ? 'shadow' : 'change')
    return { operation: null, dryRun: true, changes, next: nextPlan(workspace, rows), creates, rerun: infos[0] as RerunInfo, reruns: infos, hazards }
  }
  const { question } = request
  const answer = await ui.confirm({
    title: question.title,
    where: whereOf(workspace),
    changes,
    notes: [
      ...plans.flatMap((plan, index) => notesOf(request, plan, infos[index] as RerunInfo, plans.length > 1)),
      ...question.notes,
      `manage.py is started with ${infos[0]?.python}.`,
      ...sayCreates(creates),
    ],
    ask: question.ask,
  })
  return { ...(await runAll(workspace, request, plans, infos, answer, ui)), creates }
}

function neededBy({ mode }: RunRequest, plan: RerunPlan): { touched: readonly Row[] | null; inserts: boolean } {
  if (mode === 'table') return { touched: [...plan.target, ...(plan.reverse?.hidden ?? plan.hidden)], inserts: true }
  return { touched: null, inserts: plan.target.length === 0 }
}

/** One operation for each migration; the first failure ends it, and what is done stays done. */
async function runAll(
  workspace: Workspace,
  request: RunRequest,
  plans: readonly RerunPlan[],
  infos: readonly RerunInfo[],
  answer: Answer,
  ui: Interaction,
): Promise<RerunResult> {
  const done: { info: RerunInfo; result: RerunResult }[] = []
  for (const [index, plan] of plans.entries()) {
    try {
      if (done.length > 0 && ui.signal.aborted) throw new MigstateError('interrupted', `Interrupted before ${plan.app}.${plan.name} ran.`)
      done.push(await runOne(workspace, request, plan, infos[index] as RerunInfo, answer, ui))
    } catch (error) {
      if (!(error instanceof MigstateError) || done.length === 0) throw error
      const names = done.map(({ info }) => info.target.join('.')).join(', ')
      throw error.with({
        more: `Before it, ${names} ran${request.kind === 'rerun' ? ' again' : ''}; that stays.`,
        details: { reruns: done.map(({ info }) => info) },
      })
    }
  }
  const results = done.map(({ result }) => result)
  const last = results.at(-1) as RerunResult
  const now = await lookAfterwards(workspace, () => workspace.read())
  return {
    operation: last.operation,
    dryRun: false,
    changes: {
      removed: results.flatMap(({ changes }) => changes.removed),
      added: results.flatMap(({ changes }) => changes.added),
      updated: results.flatMap(({ changes }) => changes.updated),
    },
    next: now && nextPlan(workspace, now.rows),
    creates: [],
    rerun: last.rerun,
    reruns: done.map(({ info }) => info),
    hazards: infos.flatMap((info) => info.hazards),
  }
}

/** The connection is that of the settings. */
function hasRoleOfDjango({ config }: Workspace): boolean {
  return config.urlSource === undefined
}

async function runOne(
  workspace: Workspace,
  request: RunRequest,
  shown: RerunPlan,
  known: RerunInfo,
  answer: Answer,
  ui: Interaction,
): Promise<{ info: RerunInfo; result: RerunResult }> {
  const { kind, mode, manage, reason } = request
  const operation = newOperation(workspace, kind, reason)
  const again = (now: readonly Row[]) => request.plan(shown.app, shown.name, now)
  const { timeout } = workspace.config
  const outcome: RerunOutcome = await rerunMigration(workspace.database, mode, {
    operation,
    plan: (now) => (answer === 'person' ? unchanged(shown, again(now)) : again(now)),
    manage,
    alias: workspace.alias,
    sameRole: hasRoleOfDjango(workspace),
    patience: patienceOf(workspace, ui),
    stamp: stampOf(workspace),
    timeZone: stampZone(workspace),
    env: childEnvironment(workspace.options.env),
    timeout: timeout === undefined ? undefined : timeout * 1000,
    warnings: workspace.warnings,
    ui,
  })
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
    operation: { id: operation.id, kind, status: 'done', snapshot: operation.snapshot },
    dryRun: false,
    changes: preview({ remove: removed, add: added, update: updated }),
    next: null,
    creates: [],
    rerun: info,
    reruns: [info],
    hazards: info.hazards,
  }
  return { info, result }
}

function infoOf(workspace: Workspace, { kind, mode, reverseFirst, manage }: RunRequest, plan: RerunPlan): RerunInfo {
  return {
    kind,
    mode,
    target: [plan.app, plan.name],
    reverseFirst,
    operation: null,
    durationMs: null,
    exitCode: null,
    hidden: plan.hidden.map((row) => [row.app, row.name]),
    hazards: [],
    rows: null,
    python: manage.canAsk ? pythonOf(workspace, manage) : (workspace.config.manage ?? null),
  }
}

/** The interpreter, and why it is this one. */
function pythonOf(workspace: Workspace, manage: ManageCommand): string {
  const why = workspace.config.python === undefined ? (workspace.project?.environment ?? null) : 'given as --python'
  return why === null ? manage.python : `${manage.python} (${why})`
}

/** Evidence costs a look at files and catalogue, and never stops a run. */
async function hazardsOf(workspace: Workspace, { kind }: RunRequest, plan: RerunPlan, rows: readonly Row[]): Promise<RerunInfo['hazards']> {
  const { project } = workspace
  const files = workspace.files()
  if (!project || !files) return []
  return rerunHazards(workspace.database, {
    project: files,
    rows,
    rules: workspace.rules(),
    file: plan.file,
    alias: workspace.alias,
    firstTime: kind === 'run',
    detailed: (file) => project.detailed(file),
  })
}

function notesOf({ mode }: RunRequest, plan: RerunPlan, { hazards }: RerunInfo, several: boolean): string[] {
  const lines = hazards.map(({ message, line }) => `${line === null ? '' : `line ${line}: `}${message}.`)
  return [...(several ? [`${plan.app}.${plan.name}:`] : []), ...hides(mode, plan), ...plan.notes, ...lines]
}

function hides(mode: 'shadow' | 'table', { hidden }: RerunPlan): string[] {
  if (hidden.length === 0) return []
  const names = `${hidden.map((row) => `${row.app}.${row.name}`).join(', ')}.`
  if (mode === 'shadow') return [`Django does not see ${hidden.length} other rows while it runs; for everyone else they stay: ${names}`]
  return [`${hidden.length} rows that depend on it are out of the table while it runs, and are put back exactly: ${names}`]
}

/** What a person said yes to is never changed. */
function unchanged(shown: RerunPlan, now: RerunPlan): RerunPlan {
  const same = (left: unknown, right: unknown) => JSON.stringify(left) === JSON.stringify(right)
  if (same(shown.target, now.target) && same(shown.hidden, now.hidden) && same(shown.records, now.records)) return now
  throw new MigstateError('table-changed', 'The rows concerned have changed since the plan was shown.', {
    details: { expected: [...shown.target, ...shown.hidden], found: [...now.target, ...now.hidden], wanted: [...shown.target, ...shown.hidden] },
  })
}
