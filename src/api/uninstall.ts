import { dropJournal, withOperationLock } from '../change/index.js'
import { MigstateError } from '../errors/index.js'
import { type ExportedJournal, exportJournal, Journal, writeExport } from '../journal/index.js'
import { patienceOf, whereOf } from './change-flow.js'
import type { Interaction } from './interaction.js'
import type { Workspace } from './workspace.js'

export interface UninstallArgs {
  /** Where the journal goes before it is dropped; never over a file. */
  export?: string | undefined
  noExport?: boolean | undefined
  dryRun?: boolean | undefined
}

export interface UninstallResult {
  dryRun: boolean
  /** Side tables that were dropped, or would be; empty where there are none. */
  dropped: string[]
  /** null: not asked for, or nothing to export. */
  exported: { file: string; operations: number; snapshots: number } | null
}

/** An uninstall that was interrupted where DROP TABLE commits by itself, or side tables that were never all made. */
const LEFT_OVER = { historyTables: [], operations: [], snapshots: [] }

/** Drops the side tables, after a last export of the journal. The history itself is not touched. */
export async function uninstall(workspace: Workspace, args: UninstallArgs, ui: Interaction): Promise<UninstallResult> {
  const { database } = workspace
  database.requireTable()
  const journal = new Journal(database)
  const whole = await database.reading(async () => (await journal.exists()) && database.journalLabels('missing').length === 0)
  const dropped = database.journalLabels('there')
  if (dropped.length === 0) return { dryRun: args.dryRun ?? false, dropped, exported: null }
  const content = whole ? await database.reading(() => exportJournal(database)) : LEFT_OVER
  refuseOthers(content, database.table.name)
  // What an interrupted one has left can no longer be read as a journal: it was exported before anything was dropped.
  const file = args.noExport || !whole ? null : (args.export ?? `migstate-journal-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.json`)
  const exported = file === null ? null : { file, operations: content.operations.length, snapshots: content.snapshots.length }
  if (args.dryRun) return { dryRun: true, dropped, exported }
  await ui.confirm({
    title: 'uninstall',
    where: whereOf(workspace),
    changes: { removed: [], added: [], updated: [] },
    notes: [
      `Drops ${dropped.join(', ')} (operations: ${content.operations.length}, snapshots: ${content.snapshots.length}); after that nothing of it can be undone.`,
      file === null ? 'The journal is not exported.' : `The journal is written to ${file} first.`,
    ],
    ask: 'Drop them?',
  })
  const patience = patienceOf(workspace, ui)
  await withOperationLock(database, { patience, multiStep: false, name: 'migstate uninstall', makeJournal: false }, async () => {
    // Written under the lock: nothing can come in between the copy and the drop.
    if (file !== null) await writeExport(file, await database.reading(() => exportJournal(database)))
    await dropJournal(database)
  })
  return { dryRun: false, dropped, exported }
}

/** Side tables serve every history table beside them. @throws MigstateError `usage` */
function refuseOthers({ historyTables }: Pick<ExportedJournal, 'historyTables'>, own: string): void {
  const others = historyTables.filter((name) => name !== own)
  if (others.length === 0) return
  throw new MigstateError('usage', `The side tables also hold the journal of ${others.join(', ')}, which would be lost.`, {
    hint: `Drop them by hand when none of these is needed any more, or name the table: migstate history --table ${others[0]}`,
    details: { candidates: others },
  })
}
