import { inShort, newestOperations, type Operation, unfinishedOperations } from '../journal/index.js'
import type { Database, Row } from '../database/index.js'
import type { Warnings } from '../errors/index.js'
import { warnOfTable } from './table-warnings.js'
import type { Workspace } from './workspace.js'

/** So many of the newest operations are looked at by every reading command. */
export const GLANCE = 50

/** What of the journal every reading command looks at. */
export interface Glance {
  /** Newest first. */
  newest: Operation[]
  /** Newest first, however old they are. */
  unfinished: Operation[]
}

/** Inside a transaction. @param limit more than `GLANCE`, where they are shown */
export async function glance(database: Database, limit = GLANCE): Promise<Glance> {
  const most = Math.max(limit, GLANCE)
  const newest = await newestOperations(database, most)
  // Fewer than asked for are all that there are.
  const unfinished = newest.length < most ? newest.filter(({ finishedAt }) => finishedAt === null) : await unfinishedOperations(database)
  return { newest, unfinished }
}

/** What every reading command looks at, at one moment; without the journal where this role may not read it, which is warned of. */
export async function lookAround(workspace: Workspace): Promise<{ rows: Row[]; journal: Glance | null }> {
  const { database, warnings } = workspace
  if (!database.hasTable) return { rows: [], journal: null }
  const seen = await workspace.askJournal(async () => ({ history: await database.readHistory(), journal: await glance(database) }))
  const { history, journal } = seen ?? { history: await workspace.read(), journal: null }
  warnOfTable(database, history, warnings)
  return { rows: history.rows, journal }
}

/**
 * Reading commands say that an operation is unfinished, or in progress while its lock is held, and what of the newest and the unfinished
 * ones cannot be understood; they never fail for it.
 */
export async function warnUnfinished(workspace: Workspace, known?: Glance | null): Promise<void> {
  const { database } = workspace
  if (!database.hasTable) return
  const seen = known === undefined ? await workspace.askJournal(() => glance(database)) : known
  if (seen === null) return
  const newest = new Set(seen.newest.map(({ seq }) => seq))
  warnUnreadable(workspace.warnings, [...seen.newest, ...seen.unfinished.filter(({ seq }) => !newest.has(seq))])
  const [operation] = seen.unfinished
  if (!operation) return
  const missing = operation.events.some(({ event }) => event === 'lifted')
  const holder = await database.dialect.advisoryLockHolder(database.edit, database.table)
  const reaches = database.dialect.capabilities.sessionLocks === 'everybody'
  workspace.warnings.add(
    'unfinished-operation',
    holder
      ? `the operation ${operation.id} (${operation.kind}) is in progress (${holder})${missing ? ', so rows may be missing for now' : ''}`
      : `the operation ${operation.id} (${operation.kind}) ${reaches ? '' : 'is in progress on another node, or '}was interrupted${missing ? ', so rows may be missing' : ''}; run "migstate recover"`,
  )
}

/** Others may write to the side tables too: what is wrong there is named, and the rest is read. */
function warnUnreadable(warnings: Warnings, operations: readonly Operation[]): void {
  for (const { id, format, newer, problems } of operations) {
    if (newer)
      warnings.add('newer-format', `the operation ${inShort(id)} was written by a later migstate (format ${format}), so what it changed cannot be told`)
    for (const problem of problems) warnings.add('damaged-journal', `of operation ${inShort(id)} ${problem}`)
  }
}
