import type { HistoryListResult, OperationResult, SnapshotListResult, SnapshotPruneResult, SnapshotResult, SnapshotShowResult } from '../api/results.js'
import { clean, cleanLine } from './clean.js'
import { eventWords } from './event-words.js'
import { type Page, proseWidth } from './page.js'
import { renderRows } from './rows.js'
import { alignColumns } from './table.js'
import { wrap } from './wrap.js'
import { appliedTime, journalTime } from './time.js'

export function renderHistory(result: HistoryListResult | OperationResult, page: Page): string {
  return 'operations' in result ? renderList(result, page) : renderOperation(result, page)
}

/** Two lines for each operation: what and when, then on what, who and why. */
function renderList({ operations }: HistoryListResult, page: Page): string {
  if (operations.length === 0) return page.quiet ? '' : 'No operations yet.'
  const heads = alignColumns(
    operations.map((one) => [one.id, one.status, journalTime(one.startedAt), one.readable ? counts(one.changes) : 'unreadable', one.kind]),
    '',
    { width: page.width, cuttable: [4] },
  )
  return operations
    .flatMap((one, index) => {
      const parts = [
        ...(one.target === '' ? [] : [one.target]),
        ...(one.undoes.length > 0 ? [`undoes ${one.undoes.join(', ')}`] : []),
        `by ${one.actor} on ${one.host}${one.reason === null ? '' : `, "${one.reason}"`}`,
        ...(one.undoneBy === null ? [] : [`undone by ${one.undoneBy}`]),
        ...(one.copyPrunedAt === null || !hasCounts(one.changes) ? [] : ['can no longer be undone (its snapshot was pruned)']),
      ]
      const more = wrap(cleanLine(parts.join('; ')), proseWidth(page), ' '.repeat(14))
      return [`${page.strong(one.id)}${(heads[index] as string).slice(one.id.length)}`, page.weak(`              ${more}`)]
    })
    .join('\n')
}

function renderOperation({ operation }: OperationResult, page: Page): string {
  const rows = [
    ['what', `${operation.kind} ${operation.target}`.trim()],
    ['started', journalTime(operation.startedAt)],
    ['finished', operation.finishedAt ? journalTime(operation.finishedAt) : 'not yet'],
    ['by', `${operation.actor} on ${operation.host}`],
    ['command', operation.command],
    ...(operation.reason ? [['reason', operation.reason]] : []),
    ['snapshot', operation.copyPrunedAt === null ? operation.snapshot : `${operation.snapshot} (pruned ${journalTime(operation.copyPrunedAt)})`],
    ...(operation.undoes.length > 0 ? [['undoes', operation.undoes.join(', ')]] : []),
    ...(operation.undoneBy ? [['undone by', operation.undoneBy]] : []),
  ] as [string, string][]
  const facts = rows.map(([label, text]) => `  ${page.weak(label.padEnd(11))}${wrap(clean(text), page.width - 13, ' '.repeat(13))}`)
  const events = operation.events.map((event) => {
    const words = `${eventWords(event.event, event.detail)}${event.problem === undefined ? '' : ` (this event ${event.problem})`}`
    const head = `  ${page.weak(journalTime(event.at).slice(11, 26))}  `
    return head + wrap(cleanLine(words), proseWidth(page) - 19, ' '.repeat(19))
  })
  const changed = operation.readable ? renderRows(operation.changes, page) : ['What it changed cannot be told.']
  return [page.strong(`${operation.id}  ${operation.status}`), ...facts, '', ...(changed.length > 0 ? [...changed, ''] : []), ...events].join('\n')
}

export function renderSnapshots({ snapshots }: SnapshotListResult, page: Page): string {
  if (snapshots.length === 0) return page.quiet ? '' : 'No snapshots yet.'
  const rows = snapshots.map((one) => [one.id, journalTime(one.createdAt), `${one.rows} rows`, one.label])
  return alignColumns(rows, '', { width: page.width, cuttable: [3] })
    .map((line, index) => page.strong((snapshots[index] as { id: string }).id) + line.slice((snapshots[index] as { id: string }).id.length))
    .join('\n')
}

export function renderSnapshot({ snapshot }: SnapshotShowResult, page: Page): string {
  const rows = alignColumns(
    snapshot.history.map((row) => [row.id, row.app, row.name, appliedTime(row.applied)]),
    '  ',
    { width: page.width, cuttable: [1, 2] },
  )
  if (page.quiet) return rows.join('\n')
  return [
    page.strong(`${snapshot.id}  ${snapshot.rows} rows, ${journalTime(snapshot.createdAt)}`),
    ...(snapshot.label === '' ? [] : [clean(snapshot.label)]),
    ...rows,
    '',
    `next id ${snapshot.sequence ?? 'unknown'}`,
    `sha256 ${snapshot.digest}`,
  ].join('\n')
}

function counts({ removed, added, updated }: { removed: number; added: number; updated: number }): string {
  return [removed && `-${removed}`, added && `+${added}`, updated && `~${updated}`].filter(Boolean).join(' ') || '0'
}

function hasCounts({ removed, added, updated }: { removed: number; added: number; updated: number }): boolean {
  return removed + added + updated > 0
}

export function renderPruned({ dryRun, pruned, kept }: SnapshotPruneResult, page: Page): string {
  if (pruned.length === 0) return page.quiet ? '' : `There is nothing to prune (${kept} kept).`
  const list = renderSnapshots({ snapshots: pruned }, page)
  return page.quiet ? list : `${list}\n\n${dryRun ? 'Would prune' : 'Pruned'} ${pruned.length}, ${dryRun ? 'and keep' : 'kept'} ${kept}.`
}

export function renderNewSnapshot({ snapshot }: SnapshotResult, page: Page): string {
  if (page.quiet) return snapshot.id
  return `${page.strong(snapshot.id)}  ${snapshot.rows} rows\nGo back to it with: migstate snapshot restore ${snapshot.id}`
}
