import type { HistoryResult, OperationResult, SnapshotListResult, SnapshotShowResult } from '../verbs/results.js'
import { clean, cleanLine } from './clean.js'
import { renderRows } from './rows.js'
import type { Style } from './style.js'
import { alignColumns } from './table.js'

export function renderHistory(result: HistoryResult | OperationResult, style: Style): string {
  return 'operations' in result ? renderList(result, style) : renderOperation(result, style)
}

function renderList({ operations }: HistoryResult, style: Style): string {
  if (operations.length === 0) return 'No operations yet.'
  const rows = operations.map((one) => [one.id, one.status, time(one.startedAt), one.actor, one.kind, counts(one.changes), one.reason ?? ''])
  const [head, ...body] = alignColumns([['OPERATION', 'STATUS', 'STARTED (UTC)', 'BY', 'KIND', 'ROWS', 'REASON'], ...rows])
  return [style.strong(head as string), ...body].join('\n')
}

function renderOperation({ operation }: OperationResult, style: Style): string {
  const facts = alignColumns(
    [
      ['started', `${time(operation.startedAt)} UTC`],
      ['finished', operation.finishedAt ? `${time(operation.finishedAt)} UTC` : 'not yet'],
      ['by', `${operation.actor} on ${operation.host}`],
      ['command', operation.command],
      ...(operation.reason ? [['reason', operation.reason]] : []),
      ['snapshot', operation.snapshot],
      ...(operation.undoneBy ? [['undone by', operation.undoneBy]] : []),
    ],
    '  ',
  )
  const events = operation.events.map((event) => `  ${time(event.at)}  ${cleanLine(event.event)}`)
  return [
    style.strong(`${operation.id}  ${clean(operation.kind)}: ${operation.status}`),
    ...facts,
    '',
    ...renderRows(operation.changes, style),
    '',
    ...events,
  ].join('\n')
}

export function renderSnapshots({ snapshots }: SnapshotListResult, style: Style): string {
  if (snapshots.length === 0) return 'No snapshots yet.'
  const rows = snapshots.map((one) => [one.id, time(one.createdAt), String(one.rows), one.operation ?? '(by hand)', one.digest.slice(0, 16)])
  const [head, ...body] = alignColumns([['SNAPSHOT', 'CREATED (UTC)', 'ROWS', 'OPERATION', 'SHA256'], ...rows])
  return [style.strong(head as string), ...body].join('\n')
}

export function renderSnapshot({ snapshot }: SnapshotShowResult, style: Style): string {
  const rows = alignColumns(
    snapshot.history.map((row) => [row.id, row.app, row.name, row.applied]),
    '  ',
  )
  return [
    style.strong(`${snapshot.id}  ${snapshot.rows} rows, ${time(snapshot.createdAt)} UTC`),
    ...rows,
    '',
    `next id ${snapshot.sequence ?? 'unknown'}, sha256 ${snapshot.digest}`,
  ].join('\n')
}

function time(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ')
}

function counts({ removed, added, updated }: { removed: number; added: number; updated: number }): string {
  return [removed && `-${removed}`, added && `+${added}`, updated && `~${updated}`].filter(Boolean).join(' ') || '0'
}
