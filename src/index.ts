import { loadConfig, type Settings } from './config/index.js'
import { fake, type FakeArgs } from './verbs/fake.js'
import { graph, type GraphArgs } from './verbs/graph.js'
import { history, type HistoryArgs } from './verbs/history.js'
import { SILENT } from './verbs/interaction.js'
import { mark, type MarkArgs } from './verbs/mark.js'
import { plan, type PlanArgs } from './verbs/plan.js'
import { recover, type RecoverArgs } from './verbs/recover.js'
import { rerun, type RerunArgs } from './verbs/rerun.js'
import { rollback, type RollbackArgs } from './verbs/rollback.js'
import { show, type ShowArgs } from './verbs/show.js'
import { createSnapshot, listSnapshots, restoreSnapshot, showSnapshot } from './verbs/snapshot.js'
import { status, type StatusArgs } from './verbs/status.js'
import { Workspace } from './verbs/workspace.js'

export { type ErrorCode, MigstateError, type Warning } from './errors/index.js'
export type * from './verbs/results.js'
export type { StatusResult } from './verbs/status.js'
export type { FakeResult } from './verbs/fake.js'
export type { GraphResult } from './verbs/graph.js'
export type { ShowResult } from './verbs/show.js'
export type { FakeArgs, GraphArgs, HistoryArgs, MarkArgs, PlanArgs, RecoverArgs, RerunArgs, RollbackArgs, ShowArgs, StatusArgs }

/** The long flags in camelCase; without `url` the database is the project's own. */
export type OpenOptions = Omit<Settings, 'json' | 'noColor' | 'verbose' | 'quiet'>

/**
 * The same verbs as the CLI, for integration tests and scripts: nothing is printed, nothing is asked, no `yes` is needed.
 * Each verb gives the CLI's JSON `result`; failures are `MigstateError`. Close it in `finally`, or declare it with `await using`.
 */
export async function open(options: OpenOptions = {}) {
  const config = loadConfig(options, process.env, process.cwd())
  const workspace = await Workspace.open(config, { files: 'optional', readOnly: false, command: 'migstate (library)', env: process.env })
  const close = () => workspace.close()
  return {
    status: (args: StatusArgs = {}) => status(workspace, args),
    plan: (args: PlanArgs = {}) => plan(workspace, args),
    show: (args: ShowArgs) => show(workspace, args),
    graph: (args: GraphArgs = {}) => graph(workspace, args),
    fake: (args: FakeArgs = {}) => fake(workspace, args, SILENT),
    mark: (args: MarkArgs) => mark(workspace, args, SILENT),
    /** One migration may also be named as `migration: name`. */
    rerun: (args: Omit<RerunArgs, 'migrations' | 'unattended'> & { migration?: string; migrations?: string[] }) =>
      rerun(workspace, { ...args, migrations: args.migrations ?? (args.migration === undefined ? [] : [args.migration]), unattended: true }, SILENT),
    recover: (args: RecoverArgs = {}) => recover(workspace, args, SILENT),
    rollback: (args: RollbackArgs = {}) => rollback(workspace, args, SILENT),
    history: (args: HistoryArgs = {}) => history(workspace, args),
    snapshot: () => createSnapshot(workspace, SILENT),
    snapshots: () => listSnapshots(workspace),
    snapshotRows: (args: { id: string }) => showSnapshot(workspace, args),
    restore: (args: { id: string; dryRun?: boolean; reason?: string }) => restoreSnapshot(workspace, args, SILENT),
    /** What weakened the answers so far. */
    warnings: () => workspace.warnings.list(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

export type Migstate = Awaited<ReturnType<typeof open>>
