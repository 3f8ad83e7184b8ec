import { atLeastAboveRows, planRestore, withEdit, withOperationLock } from '../change/index.js'
import { MigstateError } from '../errors/index.js'
import {
  findSnapshot,
  hasDigest,
  inShort,
  Journal,
  labelOf,
  newestSnapshots,
  newId,
  refuseIncredibleCounter,
  refusePruned,
  type SnapshotHeader,
  type SnapshotInfo,
} from '../journal/index.js'
import { lookAfterwards, patienceOf, runChange, settle } from './change-flow.js'
import type { Interaction } from './interaction.js'
import type { ChangeResult, SnapshotListResult, SnapshotResult, SnapshotShowResult } from './results.js'
import { warnUnfinished } from './unfinished.js'
import type { Workspace } from './workspace.js'

/** Copies the whole history by hand. No row of Django's table changes, so this is no operation. */
export async function createSnapshot(workspace: Workspace, args: { reason?: string | undefined }, ui: Interaction): Promise<SnapshotResult> {
  const { database } = workspace
  const journal = new Journal(database)
  const patience = patienceOf(workspace, ui)
  const createdAt = new Date().toISOString()
  const by = { actor: workspace.actor, ...(args.reason === undefined ? {} : { reason: args.reason }) }
  const header = await withOperationLock(
    database,
    { patience, multiStep: false, name: 'migstate snapshot create', makeJournal: true, allowUnfinished: true },
    async () => {
      database.effects.begin(null)
      const made = await withEdit(database, patience, async (scope) => {
        scope.writes()
        const result = await journal.writeSnapshot(database.edit, newId(), null, () => database.readHistory(), createdAt, by)
        return { result, proof: { operation: null, event: 'snapshot', at: createdAt }, consequence: 'nothing', finished: true }
      })
      return made as SnapshotHeader
    },
  )
  await lookAfterwards(workspace, () => warnUnfinished(workspace))
  return { snapshot: snapshotInfo({ ...header, operation: null, createdAt, label: labelOf(by, undefined) }) }
}

export async function listSnapshots(workspace: Workspace, args: { limit?: number | undefined } = {}): Promise<SnapshotListResult> {
  const { database } = workspace
  const { snapshots, problems } = database.hasTable ? await database.reading(() => newestSnapshots(database, args.limit)) : { snapshots: [], problems: [] }
  await warnUnfinished(workspace)
  for (const problem of problems) workspace.warnings.add('damaged-journal', problem)
  return { snapshots: snapshots.map(snapshotInfo) }
}

export async function showSnapshot(workspace: Workspace, args: { id: string }): Promise<SnapshotShowResult> {
  const { snapshot, rows } = await load(workspace, args.id)
  await warnUnfinished(workspace)
  if (snapshot.doubt) workspace.warnings.add(snapshot.doubt.code, `the snapshot ${inShort(snapshot.id)} cannot be restored: ${snapshot.doubt.what}`)
  return { snapshot: { ...snapshotInfo(snapshot), sequence: snapshot.sequence, history: rows } }
}

/** Makes the table equal to a snapshot: later rows go, ids and times exact. */
export async function restoreSnapshot(
  workspace: Workspace,
  args: { id: string; dryRun?: boolean; reason?: string | undefined },
  ui: Interaction,
): Promise<ChangeResult> {
  const opening = await settle(workspace, ui, args.dryRun ?? false)
  const { snapshot, rows } = await load(workspace, args.id)
  if (snapshot.doubt)
    throw new MigstateError(snapshot.doubt.code, `The snapshot ${inShort(snapshot.id)} is not restored: ${snapshot.doubt.what}.`, {
      ...(snapshot.doubt.code === 'damaged-journal'
        ? { hint: 'Look at "migstate snapshot show" and restore another one; "migstate snapshot list" has them.' }
        : {}),
      details: { snapshot: snapshot.id, found: [snapshot.doubt.what] },
    })
  if (!hasDigest(rows, snapshot.digest))
    throw new MigstateError('bad-file', `The snapshot ${snapshot.id} is damaged: its rows do not have the digest that was written with them.`)
  return runChange(
    workspace,
    opening,
    {
      kind: 'snapshot restore',
      plan: (now) => {
        refuseIncredibleCounter(snapshot.sequence, now, rows)
        return planRestore(rows, now)
      },
      edit: () => ({ sequence: (after) => atLeastAboveRows(snapshot.sequence, after) }),
      question: {
        title: `snapshot restore ${snapshot.id} (${snapshot.rows} rows, ${snapshot.createdAt}, ${snapshot.label})`,
        notes: [],
        ask: 'Make the table equal to this snapshot?',
      },
      dryRun: args.dryRun ?? false,
      reason: args.reason ?? null,
    },
    ui,
  )
}

async function load(workspace: Workspace, id: string) {
  const { database } = workspace
  database.requireTable()
  return database.reading(async () => {
    const snapshot = await findSnapshot(database, id)
    refusePruned(snapshot)
    return { snapshot, rows: await new Journal(database).snapshotRows(snapshot.id) }
  })
}

export function snapshotInfo(snapshot: SnapshotInfo): SnapshotInfo {
  const { id, operation, createdAt, rows, digest, label } = snapshot
  return { id, operation, createdAt, rows, digest, label }
}
