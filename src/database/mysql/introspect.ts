import type { HistoryFacts, Schema, SchemaTable } from '../schema-facts.js'
import type { HistoryTable } from '../history-table.js'
import { COMMITS } from './shape.js'
import type { Session } from '../session.js'

/** information_schema shows a role only the tables on which it has a right (manual, INFORMATION_SCHEMA privileges). */
const SEES_ALL = `SELECT 1 AS sees FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'SELECT'
                   UNION ALL SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES WHERE PRIVILEGE_TYPE = 'SELECT' AND DATABASE() LIKE TABLE_SCHEMA LIMIT 1`

export async function introspect(session: Session, history: HistoryTable | null): Promise<Schema> {
  const columns = await session.rows<{ tab: string; name: string; nullable: string }>(
    'SELECT TABLE_NAME AS tab, COLUMN_NAME AS name, IS_NULLABLE AS nullable FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION',
  )
  const indexes = await session.rows<{ tab: string; name: string }>(
    `SELECT DISTINCT TABLE_NAME AS tab, INDEX_NAME AS name FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
      UNION SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE()`,
  )
  const [all] = await session.rows(SEES_ALL)
  const views = await session.rows<{ name: string }>(
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE <> 'BASE TABLE'",
  )
  const [names] = await session.rows<{ folds: string }>('SELECT CAST(@@lower_case_table_names AS CHAR) AS folds')
  const tables = new Map<string, SchemaTable>()
  for (const { tab, name, nullable } of columns) {
    const table = tables.get(tab) ?? { name: tab, isTable: !views.some(({ name: view }) => view === tab), columns: [], indexes: [] }
    tables.set(tab, table)
    table.columns.push({ name, nullable: nullable === 'YES' })
  }
  for (const { tab, name } of indexes) tables.get(tab)?.indexes.push({ name, valid: true })
  return {
    tables: [...tables.values()],
    foldsCase: true,
    foldsTables: names?.folds !== '0',
    hidden: all ? null : 'this role has rights on single tables only, and the server shows it no others',
    history: history && historyFacts(history),
  }
}

function historyFacts({ sql, shape }: HistoryTable): HistoryFacts {
  return {
    fillsId: shape.fillsId,
    mendsId: shape.fillsId ? null : COMMITS,
    hasCounterApart: false,
    looseEngine: shape.looseEngine,
    keepsTimes: shape.givesTimes,
    mend: {
      id: shape.mendId,
      counter: '',
      engine: `ALTER TABLE ${sql} ENGINE=InnoDB;`,
      applied: `ALTER TABLE ${sql} MODIFY applied datetime(6) NOT NULL;`,
    },
  }
}
