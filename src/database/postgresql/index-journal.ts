import type { HistoryTable, JournalTables } from '../history-table.js'
import { SIDE_TABLES } from '../side-tables.js'
import type { Session } from '../session.js'
import { begin } from './fixed-path.js'
import { journalIndexes } from './journal-ddl.js'

/** Only an owner may: whoever is none does not try, which the server would log each time. */
export async function indexJournal(session: Session, table: HistoryTable, journal: JournalTables): Promise<void> {
  const found = await session.rows<{ name: string | null; owned: string }>(
    `SELECT i.relname AS name, pg_catalog.pg_has_role(t.relowner, CAST('USAGE' AS text))::text AS owned
       FROM pg_catalog.pg_class t JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
       LEFT JOIN pg_catalog.pg_index x ON x.indrelid = t.oid LEFT JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
      WHERE n.nspname = ? AND t.relname IN (${SIDE_TABLES.map(() => '?').join(', ')})`,
    [table.schema, ...SIDE_TABLES],
  )
  const there = new Set(found.map(({ name }) => name))
  const missing = Object.entries(journalIndexes(journal)).flatMap(([name, statement]) => (there.has(name) ? [] : [statement]))
  if (missing.length === 0 || found.some(({ owned }) => owned !== 'true')) return
  await session.run(begin('', "SET LOCAL lock_timeout = '500ms'", 'SET LOCAL statement_timeout = 0'))
  try {
    for (const statement of missing) await session.run(statement)
    await session.run('COMMIT')
  } catch (error) {
    await session.run('ROLLBACK').catch(() => {})
    throw error
  }
}
