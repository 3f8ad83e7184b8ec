import type { HistoryFacts, Schema, SchemaTable } from '../schema-facts.js'
import type { HistoryTable } from '../history-table.js'
import { COMMITS } from './shape.js'
import type { Session } from '../session.js'

/** information_schema shows a role only the tables on which it has a right (manual, INFORMATION_SCHEMA privileges). */
const OF_SERVER = `SELECT CAST(@@lower_case_table_names AS CHAR) AS folds,
                          (SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'SELECT') +
                          (SELECT COUNT(*) FROM information_schema.SCHEMA_PRIVILEGES WHERE PRIVILEGE_TYPE = 'SELECT' AND DATABASE() LIKE TABLE_SCHEMA) AS sees`

export async function introspect(session: Session, history: HistoryTable | null): Promise<Schema> {
  const columns = await session.rows<{ tab: string; name: string; nullable: string }>(
    'SELECT TABLE_NAME AS tab, COLUMN_NAME AS name, IS_NULLABLE AS nullable FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION',
  )
  // A view has no index: a row without a name is of one.
  const named = await session.rows<{ tab: string; name: string | null }>(
    `SELECT DISTINCT TABLE_NAME AS tab, INDEX_NAME AS name FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
      UNION SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE()
      UNION SELECT TABLE_NAME, NULL FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE <> 'BASE TABLE'`,
  )
  const views = new Set(named.flatMap(({ tab, name }) => (name === null ? [tab] : [])))
  const [server] = await session.rows<{ folds: string; sees: unknown }>(OF_SERVER)
  const tables = new Map<string, SchemaTable>()
  for (const { tab, name, nullable } of columns) {
    const table = tables.get(tab) ?? { name: tab, isTable: !views.has(tab), columns: [], indexes: [] }
    tables.set(tab, table)
    table.columns.push({ name, nullable: nullable === 'YES' })
  }
  for (const { tab, name } of named) if (name !== null) tables.get(tab)?.indexes.push({ name, valid: true })
  return {
    tables: [...tables.values()],
    foldsCase: true,
    foldsTables: server?.folds !== '0',
    hidden: Number(server?.sees) > 0 ? null : 'this role has rights on single tables only, and the server shows it no others',
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
