import type { Operation } from './records.js'

/** The migrations that an operation was about: those whose rows it changed, else the one that it tried to run. */
export function targetsOf({ changes, events }: Pick<Operation, 'changes' | 'events'>): [app: string, name: string][] {
  const rows = [...changes.removed, ...changes.added, ...changes.updated.map(({ before }) => before)]
  const found = new Map(rows.map((row) => [`${row.app}\0${row.name}`, [row.app, row.name] as [string, string]]))
  if (found.size > 0) return [...found.values()]
  const begun = events.find(({ event }) => event === 'shadowed' || event === 'lifted')
  const detail = begun?.detail as Record<string, { app?: unknown; name?: unknown } | undefined> | null | undefined
  const tried = detail?.shadowed ?? detail?.lifted
  return typeof tried?.app === 'string' && typeof tried.name === 'string' ? [[tried.app, tried.name]] : []
}

/** `shop.0003_x, 4 more`; empty where it was about no migration. */
export function targetOf(operation: Pick<Operation, 'changes' | 'events'>): string {
  const [first, ...more] = targetsOf(operation)
  if (!first) return ''
  return more.length === 0 ? first.join('.') : `${first.join('.')}, ${more.length} more`
}
