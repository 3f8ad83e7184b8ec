import type { JournalFacts } from '../history-table.js'
import { missingColumns, SIDE_TABLES, WIDE_COLUMN } from '../side-tables.js'
import type { Session } from '../session.js'
import { journalDdl, journalIndexes } from './journal-ddl.js'

const NAMES = { operation: 'migstate_operation', event: 'migstate_event', snapshotRow: 'migstate_snapshot_row' }

/** A file has no owners whose rights could be lent, but a view or a trigger would still make a journal of its own. */
export async function journalFacts(session: Session): Promise<JournalFacts> {
  const names = SIDE_TABLES.map((name) => `'${name}'`).join(', ')
  const found = await session.rows<{ type: string; name: string; owner: string; sql: string | null; columns: string | null }>(
    `SELECT type, name, lower(tbl_name) AS owner, sql, CASE type WHEN 'table' THEN (SELECT group_concat(lower(p.name)) FROM pragma_table_info(m.name) p) END AS columns
       FROM sqlite_master m WHERE type IN ('table', 'view', 'trigger', 'index') AND lower(tbl_name) IN (${names})`,
  )
  if (found.length === 0) return { there: [], wide: false, settled: true, problems: [] }
  const problems = found.flatMap(({ type, name, owner, sql, columns }) => {
    if (type === 'index') return []
    if (type === 'trigger') return [`${owner} has the trigger ${name}`]
    if (type === 'view') return [`${owner} is a view`]
    if (/^\s*CREATE\s+VIRTUAL\b/i.test(sql ?? '')) return [`${owner} is a virtual table`]
    return missingColumns(journalDdl(NAMES), owner, listed(columns)).map((column) => `${owner} has no column ${column}`)
  })
  const wide = found.some(({ owner, columns }) => owner === 'migstate_snapshot_row' && listed(columns).includes(WIDE_COLUMN))
  const indexes = new Set(found.flatMap(({ type, name }) => (type === 'index' ? [name] : [])))
  const settled = Object.keys(journalIndexes(NAMES)).every((name) => indexes.has(name))
  return { wide, settled, there: found.flatMap(({ type, owner }) => (type === 'table' || type === 'view' ? [owner] : [])), problems }
}

const listed = (columns: string | null) => (columns ?? '').split(',')
