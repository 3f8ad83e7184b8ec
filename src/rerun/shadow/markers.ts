import type { Database } from '../../database/index.js'
import { damagedOperation, type EventRecord, type Half, nameEvent, type Ready } from '../../journal/index.js'
import type { RowCounts } from '../outcome.js'
import { EVENTS } from './shadowed.js'

export type Outcome = 'ran' | 'not-run' | 'unknown'

export interface Judgement {
  outcome: Outcome
  /** The child has begun: it has left at least its first marker. */
  begun: boolean
  /** What the markers say, in words. */
  saw: string
  /** When it ran, by the child's clock; null where it did not, or nobody can know. */
  at: string | null
  rows: RowCounts | null
  /** Data or schema may be changed in part. */
  partly: boolean
}

/**
 * What became of one half, from the markers that its own session has committed; read when that session is gone. Exit statuses prove
 * nothing (manage.py can end with 0 and have run nothing), a committed marker does.
 * @param orderly the child has ended by itself: then Django has given up what it has not marked as done
 */
export function judgeMarkers(events: readonly EventRecord[], half: Half, orderly: boolean): Judgement {
  const names = EVENTS[half]
  const found = (name: string) => events.findLast((event) => event.event === name)
  const ready = found(names.ready)?.detail as Ready | undefined
  const whole = found(names.whole)
  const end = found(names.end)
  const rows = (whole?.detail as { rows?: RowCounts | null } | undefined)?.rows ?? null
  const judged = (outcome: Outcome, saw: string, partly = false): Judgement => ({
    outcome,
    begun: ready !== undefined,
    saw,
    at: outcome === 'ran' ? ((whole ?? end ?? events.findLast(({ problem }) => problem === null))?.at ?? null) : null,
    rows: outcome === 'ran' ? rows : null,
    partly,
  })
  if (!ready) return judged('not-run', 'nothing had begun: there is no marker')
  if (end) return judged('ran', `the marker "${names.end}" is committed`)
  const done = ready.operations.map((_operation, index) => found(names.operation.replace('%d', String(index))) !== undefined)
  const broken = ready.operations.some((_operation, index) => found(names.commits.replace('%d', String(index))) !== undefined)
  const progress = `${done.filter(Boolean).length} of ${done.length} operations have their marker`
  if (ready.canRollbackDdl && ready.atomic && !broken)
    return whole
      ? judged('ran', `the marker "${names.whole}" is committed with the migration`)
      : judged('not-run', 'the migration was rolled back: its marker is not there')
  const onlyData = ready.operations.every(([type]) => type === 'RunPython' || type === 'RunSQL')
  if (onlyData && (whole || (done.length > 0 && done.every(Boolean)))) return judged('ran', 'each operation has its marker')
  if (onlyData && done.length === 0) return judged('not-run', 'the migration has no operations, and no marker')
  const inOrder = half === 'backward' ? [...ready.operations].reverse() : ready.operations
  const trusted = ready.watched && !broken
  if (trusted && !done.some(Boolean) && inOrder[0]?.[1] === true) return judged('not-run', 'the first operation was rolled back: no marker is there')
  // Each in a transaction of its own: those with a marker are there, the others are not.
  if (trusted && ready.operations.every(([, transactional]) => transactional)) return judged('not-run', progress, true)
  if (orderly) return judged('not-run', `manage.py ended by itself, ${progress}`, true)
  return judged('unknown', whole ? `all operations have run, and what Django does after them may not have (${progress})` : progress, true)
}

/** Markers are written by Django's own session. @throws MigstateError `damaged-journal` when one of them is not of its shape */
export function refuseDamagedMarkers(database: Database, operation: Parameters<typeof damagedOperation>[1], events: readonly EventRecord[]): void {
  const marker = events.find(({ event, problem }) => problem !== null && isMarker(event))
  if (marker) throw damagedOperation(database, operation, `${nameEvent(marker)} ${marker.problem}`, marker)
}

function isMarker(event: string): boolean {
  const name = event.replace(/:\d+$/, ':%d')
  return Object.values(EVENTS).some((names) => Object.values(names).includes(name))
}
