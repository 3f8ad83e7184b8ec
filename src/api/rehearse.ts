import { basename, resolve } from 'node:path'
import { childEnvironment, type ConnectionSpec } from '../config/index.js'
import type { Row } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { NO_CHANGES } from '../journal/index.js'
import { type MigrationFile, mayCommit, type ProjectFiles } from '../project/index.js'
import { judgeRehearsal, type ManageCommand, type Rehearsal, rerunHazards, runRehearsal, type Told } from '../rerun/index.js'
import { patienceOf, whereOf } from './change-flow.js'
import type { Interaction } from './interaction.js'
import { needFiles } from './need-files.js'
import { recordRehearsals } from './rehearsal-record.js'
import { fileOf, type Job, jobsOf } from './rehearse-jobs.js'
import { prepareManage } from './run-flow.js'
import type { Workspace } from './workspace.js'

export interface RehearseArgs {
  /** As `rerun` takes them; an app alone: what of it is pending; none: everything pending. */
  words: readonly string[]
  /** No second run. */
  once?: boolean | undefined
  reverseFirst?: boolean | undefined
  /** Tables with more rows are compared as a whole (default 1,000,000). */
  maxRows?: number | undefined
  /** So many rows are given as examples (default 20). */
  show?: number | undefined
  /** Folders that the code may write to. */
  allowFiles?: readonly string[] | undefined
  /** `url` names another database than the settings: Django is told of it. */
  elsewhere?: boolean | undefined
  /** Unrecorded migrations that Django is to see as applied. */
  assumed?: readonly (readonly [app: string, name: string])[] | undefined
  /** Keeps what was seen as events of the journal; without it nothing at all is written. */
  record?: boolean | undefined
}

export interface RehearseResult {
  /** The first one; null where nothing is pending. */
  rehearsal: Rehearsal | null
  rehearsals: Rehearsal[]
}

const TIMEOUT = 60

/**
 * Runs migrations twice in one transaction that is always rolled back, and says what they did.
 * @throws MigstateError `cannot-rehearse` (4), `outcome-unknown` (8) when something may have been committed
 */
export async function rehearse(workspace: Workspace, args: RehearseArgs, ui: Interaction): Promise<RehearseResult> {
  const { config, database } = workspace
  if (config.manage !== undefined) throw new MigstateError('usage', 'A rehearsal starts manage.py itself: --manage is not for it.')
  const manage = prepareManage(workspace)
  const project = needFiles(workspace, 'A rehearsal')
  database.requireTable()
  const { rows } = await workspace.read()
  const rehearsals: Rehearsal[] = []
  const seen = [...rows, ...(args.assumed ?? []).map(([app, name], index): Row => ({ id: `-${index + 1}`, app, name, applied: '' }))]
  for (const job of jobsOf(workspace, project, args, seen)) {
    if (ui.signal.aborted) throw new MigstateError('interrupted', `Interrupted before ${job.label} was rehearsed.`)
    rehearsals.push(...(await rehearseOne(workspace, project, manage, args, job, seen, ui)))
    if (rehearsals.some(({ outcome }) => outcome === 'cannot-rehearse')) break
  }
  if (args.record) await recordRehearsals(workspace, rehearsals, rows, ui)
  const stopped = rehearsals.find(({ outcome }) => outcome === 'cannot-rehearse')
  if (stopped) throw new MigstateError('cannot-rehearse', stopped.verdict, { details: { rehearsal: stopped, rehearsals } })
  return { rehearsal: rehearsals[0] ?? null, rehearsals }
}

/** 0: each can run again, or has run where it was to run once only; else 3. */
export function exitOfRehearsals({ rehearsals }: RehearseResult): number {
  return rehearsals.every(({ answer }) => answer === 'repeatable' || answer === 'ran') ? 0 : 3
}

async function rehearseOne(
  workspace: Workspace,
  project: ProjectFiles,
  manage: ManageCommand,
  args: RehearseArgs,
  job: Job,
  rows: readonly Row[],
  ui: Interaction,
): Promise<Rehearsal[]> {
  const { database, config } = workspace
  const files = job.steps.map(([app, name]) => fileOf(project, app, name))
  refuseBefore(workspace, job, files)
  const again = files.map((file) => args.once !== true && (job.recorded || file?.operations?.every((one) => one.schema !== true) === true))
  const told: Told = await runRehearsal(database, {
    spec: {
      targets: job.targets,
      app: job.app,
      plan: job.steps.map(([app, name], index) => [files[index]?.recordedAs ?? app, name, false]),
      again,
      hidden: job.hidden,
      assumed: (args.assumed ?? []).map(([app, name]) => [app, name]),
      reverseFirst: args.reverseFirst === true && job.recorded,
      maxRows: args.maxRows ?? 1_000_000,
      show: args.show ?? 20,
      allowFiles: (args.allowFiles ?? []).map((folder) => resolve(workspace.options.cwd, folder)),
      connection: args.elsewhere ? connectionOf(database.spec) : null,
    },
    manage,
    alias: workspace.alias,
    patience: patienceOf(workspace, ui),
    env: childEnvironment(workspace.options.env),
    timeout: (config.timeout ?? TIMEOUT) * 1000,
    lockTimeout: config.lockTimeout,
    ui,
    label: job.label,
    confirmUncontained: async (python) => {
      await ui.confirm({
        title: `rehearse ${job.label}`,
        where: whereOf(workspace),
        changes: NO_CHANGES,
        notes: [
          `${python} cannot keep in files, network and processes (that is there from Python 3.8): what the code writes, sends and starts beside this database really happens, twice.`,
        ],
        ask: 'Rehearse it all the same?',
      })
    },
  })
  const found: Rehearsal[] = []
  for (const [index, migration] of told.migrations.entries()) {
    const file = files[index]
    const because = migration.runs.some(({ outcome }) => outcome === 'failed') && file ? await becauseOf(workspace, project, file, rows, migration.runs) : null
    const [app, name] = job.steps[index] as [string, string]
    found.push(judgeRehearsal({ ...migration, app, name }, told, { file: file ? basename(file.file) : name, engine: database.facts.engine, because }))
  }
  return found
}

/** What cannot be rolled back is known before anything runs. @throws MigstateError `cannot-rehearse` */
function refuseBefore({ database }: Workspace, { steps }: Job, files: readonly (MigrationFile | undefined)[]): void {
  if (database.dialect.capabilities.transactionalDdl) return
  for (const [index, file] of files.entries()) {
    const at = file?.operations?.findIndex(mayCommit) ?? -1
    const operation = file?.operations?.[at]
    if (!operation) continue
    const name = (steps[index] as string[]).join('.')
    throw new MigstateError(
      'cannot-rehearse',
      `${name} cannot be rehearsed on ${database.facts.engine}: operation ${at + 1} (${operation.summary}) may commit by itself there, or Django refuses it inside a transaction.`,
    )
  }
}

/** The hazard that explains a failure: the later change of a column that the error names. */
async function becauseOf(
  workspace: Workspace,
  project: ProjectFiles,
  file: MigrationFile,
  rows: readonly Row[],
  runs: readonly { error: { message: string } | null }[],
): Promise<string | null> {
  const { project: reader } = workspace
  const message = runs.findLast(({ error }) => error !== null)?.error?.message ?? ''
  if (!reader) return null
  const rules = workspace.rules()
  const hazards = await rerunHazards(workspace.database, {
    project,
    rows,
    rules,
    file,
    alias: workspace.alias,
    firstTime: false,
    detailed: (one) => reader.detailed(one),
  })
  const words = new Set(message.match(/\w+/g))
  const hazard = hazards.find(
    (one) =>
      one.migration !== null &&
      (one.message.match(/\w+/g) ?? []).some((word) => words.has(word) && word.length > 2 && !/^(the|and|not|null|not_null)$/i.test(word)),
  )
  return hazard?.message ?? null
}

/** As Django's `settings_dict` names the parts of a connection. */
function connectionOf(spec: ConnectionSpec): Record<string, string | number> {
  if (spec.family === 'sqlite') return { NAME: spec.path }
  const host = spec.socket ?? spec.host ?? ''
  return { NAME: spec.database ?? '', USER: spec.user ?? '', PASSWORD: spec.password ?? '', HOST: host, PORT: spec.port === undefined ? '' : String(spec.port) }
}
