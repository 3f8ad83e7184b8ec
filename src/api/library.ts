import { loadConfig, Redactor, type Settings } from '../config/index.js'
import { toFailure, type Warning } from '../errors/index.js'
import { doctor, type DoctorArgs, type DoctorResult } from './doctor.js'
import { fake, type FakeArgs, type FakeResult } from './fake.js'
import { graph, type GraphArgs, type GraphResult } from './graph.js'
import { history, type HistoryArgs } from './history.js'
import { type Interaction, SILENT } from './interaction.js'
import { mark, type MarkArgs } from './mark.js'
import { plan, type PlanArgs } from './plan.js'
import { recover, type RecoverArgs } from './recover.js'
import { rehearse, type RehearseArgs, type RehearseResult } from './rehearse.js'
import { rerun, type RerunArgs } from './rerun.js'
import type {
  ChangeResult,
  HistoryListResult,
  OperationResult,
  PlanResult,
  RerunResult,
  RollbackResult,
  SnapshotListResult,
  SnapshotPruneResult,
  SnapshotResult,
  SnapshotShowResult,
} from './results.js'
import { repair, type RepairArgs, type RepairResult } from './repair.js'
import { rollback, type RollbackArgs } from './rollback.js'
import { run, type RunArgs } from './run.js'
import { show, type ShowArgs, type ShowResult } from './show.js'
import { createSnapshot, listSnapshots, restoreSnapshot, showSnapshot } from './snapshot.js'
import { pruneSnapshots, type PruneArgs } from './snapshot-prune.js'
import { status, type StatusArgs, type StatusResult } from './status.js'
import { Workspace } from './workspace.js'

/** The long flags in camelCase; without `url` the database is the project's own. */
export interface OpenOptions extends Omit<Settings, 'json' | 'noColor' | 'verbose' | 'quiet'> {
  /** In place of `process.env`: settings of the project read it, and Django is started with it. */
  env?: Readonly<Record<string, string | undefined>>
  /** In place of `process.cwd()`. */
  cwd?: string
  /** Who does it, for the journal; default: the user of the system. */
  actor?: string
  /** Ends waiting for locks; before an edit begins nothing is changed then (`interrupted`). */
  signal?: AbortSignal
  /** What manage.py prints, as it comes. */
  onOutput?: (chunk: string) => void
}

/** A result with what weakens it. */
export type Settled<T> = T & { warnings: Warning[] }

/** Flags that hold for one call. */
type Waiting = Pick<Settings, 'lockTimeout'>
type Running = Pick<Settings, 'lockTimeout' | 'mode' | 'manage' | 'managePy' | 'python' | 'timeout'>

type Rehearsing = Pick<Running, 'lockTimeout' | 'managePy' | 'python' | 'timeout'>

/** What `open` gives: the verbs of the CLI. One call runs after the other, whatever is awaited. */
export interface Migstate {
  status(args?: StatusArgs): Promise<Settled<StatusResult>>
  plan(args?: PlanArgs): Promise<Settled<PlanResult>>
  doctor(args?: DoctorArgs & Rehearsing): Promise<Settled<DoctorResult>>
  show(args: ShowArgs): Promise<Settled<ShowResult>>
  graph(args?: GraphArgs): Promise<Settled<GraphResult>>
  /** The journal, newest first. */
  history(args?: Omit<HistoryArgs, 'operation'> & { operation?: undefined }): Promise<Settled<HistoryListResult>>
  /** All about one operation. */
  history(args: HistoryArgs & { operation: string }): Promise<Settled<OperationResult>>
  mark(args: MarkArgs & Waiting): Promise<Settled<ChangeResult>>
  /** Findings by the ids that `doctor` gives, or all that are safe. */
  repair(args: RepairArgs & Waiting): Promise<Settled<RepairResult>>
  fake(args?: FakeArgs & Waiting): Promise<Settled<FakeResult>>
  /** One migration may also be named as `migration: name`. */
  rerun(args: Omit<RerunArgs, 'migrations' | 'unattended'> & { migration?: string; migrations?: string[] } & Running): Promise<Settled<RerunResult>>
  /** Runs migrations twice in one transaction that is always rolled back; without `migrations` everything pending. */
  rehearse(args?: Omit<RehearseArgs, 'words'> & { app?: string; migration?: string; migrations?: string[] } & Rehearsing): Promise<Settled<RehearseResult>>
  run(args: RunArgs & Pick<Running, 'lockTimeout' | 'managePy' | 'python' | 'timeout'>): Promise<Settled<RerunResult>>
  recover(args?: RecoverArgs & Waiting): Promise<Settled<ChangeResult>>
  rollback(args?: Omit<RollbackArgs, 'unattended'> & Waiting): Promise<Settled<RollbackResult>>
  /** Copies the whole history. */
  snapshot(args?: { reason?: string } & Waiting): Promise<Settled<SnapshotResult>>
  /** Those that are kept, newest first; `limit`: so many. */
  snapshots(args?: { limit?: number }): Promise<Settled<SnapshotListResult>>
  snapshotRows(args: { id: string }): Promise<Settled<SnapshotShowResult>>
  /** Gives up the copies that no undo needs any more. */
  pruneSnapshots(args?: PruneArgs & Waiting): Promise<Settled<SnapshotPruneResult>>
  /** Makes the table equal to a snapshot. */
  restore(args: { id: string; dryRun?: boolean; reason?: string } & Waiting): Promise<Settled<ChangeResult>>
  /** Whatever `work` does to the history is undone afterwards, also when it throws: rows, ids, times, counter. */
  withRestore<T>(work: (migstate: Migstate) => Promise<T> | T): Promise<T>
  /** What weakened the opening: for example a second table of the same name. */
  warnings(): Warning[]
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * The same verbs as the CLI, for integration tests and scripts: nothing is printed, nothing is asked, no `yes` is needed.
 * Each verb gives the CLI's JSON `result` and its warnings; failures are `MigstateError`. Close it in `finally`, or declare it with `await using`.
 */
export async function open(options: OpenOptions = {}): Promise<Migstate> {
  const { env = process.env, cwd = process.cwd(), actor, signal, onOutput, ...settings } = options
  const config = loadConfig(settings, env as NodeJS.ProcessEnv, cwd)
  const redactor = new Redactor()
  const how = { files: 'optional', readOnly: true, command: 'migstate (library)', env, cwd, actor, signal, redactor } as const
  const workspace = await Workspace.open(config, how).catch((error: unknown) => Promise.reject(toFailure(error).redacted(redactor)))
  const ui: Interaction = { ...SILENT, ...(signal ? { signal } : {}), ...(onOutput ? { stream: onOutput } : {}) }
  const connections = new Connections(workspace)
  const [reading, changing] = inTurn(connections)
  const close = () => connections.close()
  const migstate: Migstate = {
    status: (args = {}) => reading((view) => status(view, args)),
    plan: (args = {}) => reading((view) => plan(view, args)),
    doctor: (args = {}) => (args.rehearse ? changing(args, (view) => doctor(view, args, ui)) : reading((view) => doctor(view, args))),
    show: (args) => reading((view) => show(view, args)),
    graph: (args = {}) => reading((view) => graph(view, args)),
    history: ((args: HistoryArgs = {}) => reading((view) => history(view, args))) as Migstate['history'],
    mark: (args) => changing(args, (view) => mark(view, args, ui)),
    repair: (args) => changing({ ...args, dryRun: args.dryRun || args.sql }, (view) => repair(view, args, ui)),
    fake: (args = {}) => changing(args, (view) => fake(view, args, ui)),
    rerun: (args) => changing(args, (view) => rerun(view, { ...args, migrations: namesOf(args), unattended: true }, ui)),
    rehearse: (args = {}) => changing(args, (view) => rehearse(view, { ...args, words: wordsOf(args) }, ui)),
    run: (args) => changing(args, (view) => run(view, args, ui)),
    recover: (args = {}) => changing(args, (view) => recover(view, args, ui)),
    rollback: (args = {}) => changing(args, (view) => rollback(view, args, ui)),
    snapshot: (args = {}) => changing(args, (view) => createSnapshot(view, args, ui)),
    snapshots: (args = {}) => reading((view) => listSnapshots(view, args)),
    snapshotRows: (args) => reading((view) => showSnapshot(view, args)),
    pruneSnapshots: (args = {}) => changing(args, (view) => pruneSnapshots(view, args, ui)),
    restore: (args) => changing(args, (view) => restoreSnapshot(view, args, ui)),
    withRestore: (work) => withRestore(migstate, work),
    warnings: () => workspace.warnings.list(),
    close,
    [Symbol.asyncDispose]: close,
  }
  return migstate
}

/** Reading verbs and dry runs never have a connection that could write: on SQLite it would roll back what a crashed writer has left. */
class Connections {
  readonly #reader: Workspace
  #writer: Workspace | undefined

  constructor(reader: Workspace) {
    this.#reader = reader
  }

  async for(change: boolean): Promise<Workspace> {
    return change ? (this.#writer ??= await this.#reader.forWriting()) : this.#reader
  }

  async close(): Promise<void> {
    await this.#writer?.close()
    await this.#reader.close()
  }
}

/** One call after the other: they share the connections. Each has its own flags and its own warnings. */
function inTurn(connections: Connections) {
  let last: Promise<unknown> = Promise.resolve()
  const call = <T extends object>(change: boolean, flags: Running, verb: (view: Workspace) => Promise<T>): Promise<Settled<T>> => {
    const turn = last.then(async () => {
      const view = (await connections.for(change)).withSettings(flags)
      view.database.effects.begin(null)
      try {
        // A copy: what the caller does with it is its own matter.
        return structuredClone(view.redactor.data({ ...(await verb(view)), warnings: view.warnings.list() }))
      } catch (error) {
        throw toFailure(error).after(view.database.effects).redacted(view.redactor)
      }
    })
    last = turn.catch(() => {})
    return turn
  }
  const reading = <T extends object>(verb: (view: Workspace) => Promise<T>) => call(false, {}, verb)
  const changing = <T extends object>(args: Running & { dryRun?: boolean | undefined }, verb: (view: Workspace) => Promise<T>) => call(!args.dryRun, args, verb)
  return [reading, changing] as const
}

function namesOf({ migration, migrations }: { migration?: string; migrations?: string[] }): string[] {
  return migrations ?? (migration === undefined ? [] : [migration])
}

function wordsOf({ app, ...args }: { app?: string; migration?: string; migrations?: string[] }): string[] {
  return [...(app === undefined ? [] : [app]), ...namesOf(args)]
}

async function withRestore<T>(migstate: Migstate, work: (migstate: Migstate) => Promise<T> | T): Promise<T> {
  const { snapshot } = await migstate.snapshot({ reason: 'withRestore' })
  let failure: { error: unknown } | undefined
  try {
    return await work(migstate)
  } catch (error) {
    failure = { error }
    throw error
  } finally {
    await migstate.restore({ id: snapshot.id, reason: 'withRestore' }).catch((error: Error) => {
      if (failure) error.cause ??= failure.error
      throw error
    })
  }
}
