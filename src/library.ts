import { loadConfig, type Settings } from './config/index.js'
import type { Warning } from './errors/index.js'
import { fake, type FakeArgs, type FakeResult } from './verbs/fake.js'
import { graph, type GraphArgs, type GraphResult } from './verbs/graph.js'
import { history, type HistoryArgs } from './verbs/history.js'
import { type Interaction, SILENT } from './verbs/interaction.js'
import { mark, type MarkArgs } from './verbs/mark.js'
import { plan, type PlanArgs } from './verbs/plan.js'
import { recover, type RecoverArgs } from './verbs/recover.js'
import { rerun, type RerunArgs } from './verbs/rerun.js'
import type {
  ChangeResult,
  HistoryListResult,
  OperationResult,
  PlanResult,
  RerunResult,
  RollbackResult,
  SnapshotListResult,
  SnapshotResult,
  SnapshotShowResult,
} from './verbs/results.js'
import { rollback, type RollbackArgs } from './verbs/rollback.js'
import { run, type RunArgs } from './verbs/run.js'
import { show, type ShowArgs, type ShowResult } from './verbs/show.js'
import { createSnapshot, listSnapshots, restoreSnapshot, showSnapshot } from './verbs/snapshot.js'
import { status, type StatusArgs, type StatusResult } from './verbs/status.js'
import { Workspace } from './verbs/workspace.js'

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

/** What `open` gives: the verbs of the CLI. One call runs after the other, whatever is awaited. */
export interface Migstate {
  status(args?: StatusArgs): Promise<Settled<StatusResult>>
  plan(args?: PlanArgs): Promise<Settled<PlanResult>>
  show(args: ShowArgs): Promise<Settled<ShowResult>>
  graph(args?: GraphArgs): Promise<Settled<GraphResult>>
  /** The journal, newest first. */
  history(args?: Omit<HistoryArgs, 'operation'> & { operation?: undefined }): Promise<Settled<HistoryListResult>>
  /** All about one operation. */
  history(args: HistoryArgs & { operation: string }): Promise<Settled<OperationResult>>
  mark(args: MarkArgs & Waiting): Promise<Settled<ChangeResult>>
  fake(args?: FakeArgs & Waiting): Promise<Settled<FakeResult>>
  /** One migration may also be named as `migration: name`. */
  rerun(args: Omit<RerunArgs, 'migrations' | 'unattended'> & { migration?: string; migrations?: string[] } & Running): Promise<Settled<RerunResult>>
  run(args: RunArgs & Pick<Running, 'lockTimeout' | 'managePy' | 'python' | 'timeout'>): Promise<Settled<RerunResult>>
  recover(args?: RecoverArgs & Waiting): Promise<Settled<ChangeResult>>
  rollback(args?: Omit<RollbackArgs, 'unattended'> & Waiting): Promise<Settled<RollbackResult>>
  /** Copies the whole history. */
  snapshot(args?: { reason?: string } & Waiting): Promise<Settled<SnapshotResult>>
  snapshots(): Promise<Settled<SnapshotListResult>>
  snapshotRows(args: { id: string }): Promise<Settled<SnapshotShowResult>>
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
  const workspace = await Workspace.open(config, { files: 'optional', readOnly: false, command: 'migstate (library)', env, cwd, actor, signal })
  const ui: Interaction = { ...SILENT, ...(signal ? { signal } : {}), ...(onOutput ? { stream: onOutput } : {}) }
  const call = inTurn(workspace)
  const close = () => workspace.close()
  const migstate: Migstate = {
    status: (args = {}) => call({}, (view) => status(view, args)),
    plan: (args = {}) => call({}, (view) => plan(view, args)),
    show: (args) => call({}, (view) => show(view, args)),
    graph: (args = {}) => call({}, (view) => graph(view, args)),
    history: ((args: HistoryArgs = {}) => call({}, (view) => history(view, args))) as Migstate['history'],
    mark: (args) => call(args, (view) => mark(view, args, ui)),
    fake: (args = {}) => call(args, (view) => fake(view, args, ui)),
    rerun: (args) => call(args, (view) => rerun(view, { ...args, migrations: namesOf(args), unattended: true }, ui)),
    run: (args) => call(args, (view) => run(view, args, ui)),
    recover: (args = {}) => call(args, (view) => recover(view, args, ui)),
    rollback: (args = {}) => call(args, (view) => rollback(view, args, ui)),
    snapshot: (args = {}) => call(args, (view) => createSnapshot(view, args, ui)),
    snapshots: () => call({}, listSnapshots),
    snapshotRows: (args) => call({}, (view) => showSnapshot(view, args)),
    restore: (args) => call(args, (view) => restoreSnapshot(view, args, ui)),
    withRestore: (work) => withRestore(migstate, work),
    warnings: () => workspace.warnings.list(),
    close,
    [Symbol.asyncDispose]: close,
  }
  return migstate
}

/** One call after the other: they share a connection. Each has its own flags and its own warnings. */
function inTurn(workspace: Workspace) {
  let last: Promise<unknown> = Promise.resolve()
  return <T extends object>(flags: Running, verb: (view: Workspace) => Promise<T>): Promise<Settled<T>> => {
    const turn = last.then(async () => {
      const view = workspace.withSettings(flags)
      return { ...(await verb(view)), warnings: view.warnings.list() }
    })
    last = turn.catch(() => {})
    return turn
  }
}

function namesOf({ migration, migrations }: { migration?: string; migrations?: string[] }): string[] {
  return migrations ?? (migration === undefined ? [] : [migration])
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
