/** The name that Django gives its table (django/db/migrations/recorder.py). */
export const SHADOW_TABLE = 'django_migrations'

/** The column that only a shadow has: a statement that names it fails on the real table. */
export const SHADOW_COLUMN = 'migstate_run'

/** Statements that take the hidden rows out of the shadow again, a thousand ids each. */
export function hideRows(ids: readonly string[], statement: (ids: string[]) => string): string[] {
  const chunks = Array.from({ length: Math.ceil(ids.length / 1000) }, (_unused, index) => ids.slice(index * 1000, (index + 1) * 1000))
  return chunks.map((chunk) => statement(chunk.map(checkedId)))
}

/** The same statements for a database whose own operators nobody can replace. */
export function hideRowsPlainly(table: string, run: string, ids: readonly string[]): string[] {
  return hideRows(ids, (chunk) => `DELETE FROM ${table} WHERE ${SHADOW_COLUMN} = '${checked(run)}' AND id IN (${chunk.join(', ')})`)
}

/** Under Django's own name for the table. */
export function livePlainly(run: string): string {
  return `SELECT count(*) FROM ${SHADOW_TABLE} WHERE ${SHADOW_COLUMN} = '${checked(run)}'`
}

/** INSERT of an event in the style of Python's drivers, where a per cent sign is doubled. */
export function insertEvent(event: string): string {
  return `INSERT INTO ${event.replaceAll('%', '%%')} (operation, history_table, at, event, detail) VALUES (%s, %s, %s, %s, %s)`
}

/** Operation and snapshot ids are ours; nothing else may stand in a statement unbound. */
export function checked(id: string): string {
  if (!/^[0-9a-f]+$/.test(id)) throw new Error('not an id of the journal')
  return id
}

function checkedId(id: string): string {
  if (!/^-?\d+$/.test(id)) throw new Error('not the id of a row')
  return id
}
