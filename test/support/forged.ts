import type { TestDatabase } from './databases.js'

/** A row as the journal writes it. */
export interface ForgedRow {
  id: string
  app: string
  name: string
  applied: string
}

export const FORGED: ForgedRow = { id: '900', app: 'admin', name: '0001_forged', applied: '2024-01-01 00:00:00' }

export const NOTHING = { removed: [], added: [], updated: [] }

/** A value as SQL; `undefined` is NULL. */
export function sql(database: TestDatabase, value: string | number | undefined): string {
  if (value === undefined) return 'NULL'
  if (typeof value === 'number') return String(value)
  const text = value.replaceAll("'", "''").replaceAll('\0', '')
  return `'${database.engine === 'mysql' || database.engine === 'mariadb' ? text.replaceAll('\\', '\\\\') : text}'`
}

/** What whoever has INSERT on the side tables can do; nothing of it goes through the program. */
export function forger(database: TestDatabase) {
  const insert = (table: string, values: Record<string, string | number | undefined>) =>
    database.query(
      `INSERT INTO ${table} (${Object.keys(values).join(', ')}) VALUES (${Object.values(values)
        .map((value) => sql(database, value))
        .join(', ')})`,
    )
  const event = (operation: string | undefined, name: string, detail: unknown, more: Record<string, string | number | undefined> = {}) =>
    insert('migstate_event', {
      operation,
      history_table: 'django_migrations',
      at: '2026-11-01T00:00:00.000Z',
      event: name,
      detail: typeof detail === 'string' ? detail : JSON.stringify(detail),
      ...more,
    })
  const operation = (id: string, more: Record<string, string | number | undefined> = {}) =>
    insert('migstate_operation', {
      id,
      format: 1,
      history_table: 'django_migrations',
      kind: 'rerun',
      started_at: '2026-11-01T00:00:00.000Z',
      actor: 'mallory',
      host: 'elsewhere',
      pid: '1',
      command: 'migstate rerun',
      reason: undefined,
      snapshot: `${id}s`,
      ...more,
    })
  /** The header of a snapshot that is there, as its event has it. */
  const header = async (snapshot: string): Promise<Record<string, unknown> & { sequence: string; digest: string }> => {
    const events = await database.query("SELECT detail FROM migstate_event WHERE event = 'snapshot'")
    return events.map((one) => JSON.parse(String(one.detail))).find((one) => one.id === snapshot)
  }
  /** The same rows under another id. */
  const copyRows = async (from: string, to: string) => {
    const columns = database.engine === 'sqlite' ? 'row_id, app, name, applied' : 'row_id, app, name, applied, applied_type'
    await database.query(
      `INSERT INTO migstate_snapshot_row (snapshot, ${columns}) SELECT ${sql(database, to)}, ${columns} FROM migstate_snapshot_row WHERE snapshot = ${sql(database, from)}`,
    )
  }
  return { insert, event, operation, header, copyRows }
}

export function liftedDetail(lifted: Record<string, unknown>) {
  return {
    lifted: {
      app: FORGED.app,
      name: FORGED.name,
      target: [FORGED],
      hidden: [],
      reverse: null,
      rest: [],
      unrecordedSquashes: [],
      absentMeansNotRun: true,
      namedSessions: false,
      timeZone: null,
      sequence: null,
      ...lifted,
    },
  }
}

export function outcome(changes: Partial<Record<'removed' | 'added' | 'updated', unknown[]>>, before: string | null, after = before) {
  return { changes: { ...NOTHING, ...changes }, sequence: { before, after } }
}
