import { createHash } from 'node:crypto'

/** django/db/backends/utils.py `truncate_name`. @param length of the database's identifiers, null for none */
export function shortName(name: string, length: number | null): string {
  if (length === null || name.length <= length) return name
  return `${name.slice(0, length - 4)}${createHash('md5').update(name).digest('hex').slice(0, 4)}`
}

/** django/db/backends/utils.py `strip_quotes`. */
export function unquoted(table: string): string {
  return /^"[^"]*"$/.test(table) ? table.slice(1, -1) : table
}

/** `app.Model`, or a name in the app of who says so; `self` is who says so (django/db/migrations/utils.py `resolve_relation`). */
export function splitLabel(label: string, from: { app: string; name: string }): { app: string; name: string } {
  if (label === 'self') return from
  const dot = label.indexOf('.')
  return dot < 0 ? { app: from.app, name: label } : { app: label.slice(0, dot), name: label.slice(dot + 1) }
}
