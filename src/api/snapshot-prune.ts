import { planPrune, pruneCopies, type PruneRule, withOperationLock } from '../change/index.js'
import type { Database } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { Journal, type KeptCopy, keptCopies } from '../journal/index.js'
import { patienceOf, whereOf } from './change-flow.js'
import type { Interaction } from './interaction.js'
import type { SnapshotPruneResult } from './results.js'
import { snapshotInfo } from './snapshot.js'
import { warnUnfinished } from './unfinished.js'
import type { Workspace } from './workspace.js'

export interface PruneArgs {
  /** The copies of so many operations that changed rows, the newest; default: 20. */
  keep?: number | undefined
  /** Only copies that are older than so many days. */
  olderThan?: number | undefined
  dryRun?: boolean | undefined
}

const KEEP = 20

/** Gives up the rows of copies that no undo needs any more. The history is not touched, and what the journal says of operations stays. */
export async function pruneSnapshots(workspace: Workspace, args: PruneArgs, ui: Interaction): Promise<SnapshotPruneResult> {
  const { database } = workspace
  database.requireTable()
  const rule = ruleOf(args)
  const seen = await look(database, rule)
  await warnUnfinished(workspace)
  const dryRun = args.dryRun ?? false
  if (seen.chosen.length === 0 || dryRun) return { dryRun, ...result(seen) }
  await ui.confirm({
    title: 'snapshot prune',
    where: whereOf(workspace),
    changes: { removed: [], added: [], updated: [] },
    notes: [`Gives up the rows of ${seen.chosen.length} snapshots and keeps ${seen.kept}; the operations that they were made for can no longer be undone.`],
    ask: 'Prune them?',
  })
  const patience = patienceOf(workspace, ui)
  const lock = { patience, multiStep: false, name: 'migstate snapshot prune', makeJournal: true, allowUnfinished: true }
  return withOperationLock(database, lock, async () => {
    // Another prune may have been there meanwhile; what has come since is newer and so stays, as what was shown does.
    const shown = new Set(seen.chosen.map(({ snapshot }) => snapshot.id))
    const now = await look(database, rule)
    const chosen = now.chosen.filter(({ snapshot }) => shown.has(snapshot.id))
    await pruneCopies(database, chosen, workspace.actor, patience)
    return { dryRun: false, ...result({ chosen, kept: now.kept + now.chosen.length - chosen.length }) }
  })
}

/** @throws MigstateError `usage` */
function ruleOf({ keep = KEEP, olderThan }: PruneArgs): PruneRule {
  for (const [flag, value] of Object.entries({ keep, 'older-than': olderThan ?? 0 }))
    if (!Number.isSafeInteger(value) || value < 0) throw new MigstateError('usage', `--${flag} takes a whole number from 0 on, not ${value}.`)
  return { keep, before: olderThan === undefined ? undefined : daysAgo(olderThan) }
}

function daysAgo(days: number): string {
  return new Date(Math.max(Date.now() - days * 86_400_000, 0)).toISOString()
}

async function look(database: Database, rule: PruneRule): Promise<{ chosen: KeptCopy[]; kept: number }> {
  return database.reading(async () => {
    const copies = (await new Journal(database).exists()) ? await keptCopies(database) : []
    const chosen = planPrune(copies, rule)
    return { chosen, kept: copies.length - chosen.length }
  })
}

function result({ chosen, kept }: { chosen: readonly KeptCopy[]; kept: number }): Omit<SnapshotPruneResult, 'dryRun'> {
  return { pruned: chosen.map(({ snapshot }) => snapshotInfo(snapshot)), kept }
}
