import type { Details } from './details.js'
import type { Operation } from './records.js'

/** The migrations that an operation was about: those whose rows it changed, else the one that it tried to run. */
export function targetsOf({ changes, events }: Pick<Operation, 'changes' | 'events'>): [app: string, name: string][] {
  const rows = [...changes.removed, ...changes.added, ...changes.updated.map(({ before }) => before)]
  const found = new Map(rows.map((row) => [`${row.app}\0${row.name}`, [row.app, row.name] as [string, string]]))
  if (found.size > 0) return [...found.values()]
  const begun = events.find(({ event }) => event === 'shadowed' || event === 'lifted')
  if (!begun || begun.problem !== null) return []
  const tried = begun.event === 'shadowed' ? (begun.detail as Details['shadowed']).shadowed : (begun.detail as Details['lifted']).lifted
  return [[tried.app, tried.name]]
}

/** `shop.0003_x, 4 more`; empty where it was about no migration. */
export function targetOf(operation: Pick<Operation, 'changes' | 'events'>): string {
  const [first, ...more] = targetsOf(operation)
  if (!first) return ''
  return more.length === 0 ? first.join('.') : `${first.join('.')}, ${more.length} more`
}
