import type { TestDatabase } from './databases.js'
import { sql } from './forged.js'

const BATCH = 1000

/** `n` is the number of an operation, from 1 on. */
export const longId = (n: number) => `e${String(n).padStart(11, '0')}`

/**
 * Finished operations as the program writes them, in a journal that is there, the newest of it: each has recorded a migration of its own,
 * `old.NNNNNN_x`, and each tenth is a rollback of the one before it.
 * @param copies each gets the rows of this snapshot as its copy
 */
export async function lengthenJournal(database: TestDatabase, count: number, { copies }: { copies?: string } = {}): Promise<void> {
  const at = '2024-05-01T10:00:00.000Z'
  for (let first = 1; first <= count; first += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, count - first + 1) }, (_none, index) => first + index)
    const operations = numbers.map((n) => {
      const kind = n % 10 === 0 ? 'rollback' : 'mark applied'
      return [longId(n), 1, 'django_migrations', kind, at, 'ada', 'here', '12', `migstate ${kind} old --yes`, `s${longId(n)}`]
    })
    const events = numbers.flatMap((n) => [
      [longId(n), 'django_migrations', at, 'snapshot', JSON.stringify(header(database, n))],
      [longId(n), 'django_migrations', at, 'done', JSON.stringify(outcome(n))],
    ])
    await insert(database, 'migstate_operation (id, format, history_table, kind, started_at, actor, host, pid, command, snapshot)', operations)
    await insert(database, 'migstate_event (operation, history_table, at, event, detail)', events)
  }
  if (copies === undefined) return
  const columns = database.engine === 'sqlite' ? 'row_id, app, name, applied' : 'row_id, app, name, applied, applied_type'
  const copied = columns.replaceAll(/\b(?=\w)/g, 'r.')
  await database.query(
    `INSERT INTO migstate_snapshot_row (snapshot, ${columns}) SELECT o.snapshot, ${copied} FROM migstate_operation o, migstate_snapshot_row r
      WHERE o.id LIKE 'e00%' AND r.snapshot = '${copies}'`,
  )
}

function header({ engine }: TestDatabase, n: number) {
  return { id: `s${longId(n)}`, rows: 6, digest: 'a'.repeat(64), sequence: '7', engine, database: 'x' }
}

function outcome(n: number) {
  const row = (of: number) => ({ id: String(1000 + of), app: 'old', name: `${String(of).padStart(6, '0')}_x`, applied: '2024-05-01 10:00:00.123456+00' })
  const sequence = { before: '7', after: '7' }
  if (n % 10 === 0) return { undoes: longId(n - 1), changes: { removed: [row(n - 1)], added: [], updated: [] }, sequence }
  return { changes: { removed: [], added: [row(n)], updated: [] }, sequence }
}

async function insert(database: TestDatabase, into: string, rows: (string | number)[][]): Promise<void> {
  const values = rows.map((row) => `(${row.map((value) => sql(database, value)).join(', ')})`)
  await database.query(`INSERT INTO ${into} VALUES ${values.join(', ')}`)
}
