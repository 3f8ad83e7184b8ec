import type { HistoryFacts, HistoryTable, Schema, SchemaTable } from '../dialect.js'
import type { Session } from '../session.js'

interface Found {
  name: string
  type: string
  sql: string | null
  column: string | null
  declared: string | null
  notnull: string | null
  pk: string | null
}

/** One question for all columns, one for all indexes. Virtual tables that no driver here can open are left out. */
export async function introspect(session: Session, history: HistoryTable | null): Promise<Schema> {
  const columns = await session.rows<Found>(
    `SELECT m.name AS name, m.type AS type, m.sql AS sql, p.name AS "column", p.type AS declared, CAST(p."notnull" AS TEXT) AS "notnull", CAST(p.pk AS TEXT) AS pk
       FROM sqlite_master m LEFT JOIN pragma_table_info(m.name) p
      WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND coalesce(m.sql, '') NOT LIKE 'CREATE VIRTUAL TABLE%'`,
  )
  const indexes = await session.rows<{ name: string; owner: string }>("SELECT name, tbl_name AS owner FROM sqlite_master WHERE type = 'index'")
  const tables = new Map<string, SchemaTable>()
  for (const { name, type, sql, column, notnull, pk } of columns) {
    const table = tables.get(name) ?? { name, isTable: type === 'table', columns: [], indexes: constraintsIn(sql ?? '') }
    tables.set(name, table)
    if (column !== null) table.columns.push({ name: column, nullable: notnull === '0' && pk === '0' })
  }
  for (const { name, owner } of indexes) tables.get(owner)?.indexes.push({ name, valid: true })
  const own = columns.filter(({ name }) => history !== null && name === history.name)
  return { tables: [...tables.values()], foldsCase: true, foldsTables: true, hidden: null, history: history && historyFacts(history, own) }
}

/** The names of constraints stand only in the text of the table. */
function constraintsIn(sql: string): SchemaTable['indexes'] {
  return [...sql.matchAll(/\bCONSTRAINT\s+"((?:[^"]|"")*)"/gi)].map((match) => ({ name: (match[1] as string).replaceAll('""', '"'), valid: true }))
}

/** A column that is INTEGER PRIMARY KEY, in just these words, is the row's number (sqlite.org/autoinc.html). */
function historyFacts({ sql }: HistoryTable, columns: readonly Found[]): HistoryFacts {
  const id = columns.find(({ column }) => column?.toLowerCase() === 'id')
  const fresh =
    'CREATE TABLE migstate_new (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied datetime NOT NULL)'
  const rebuilt = `BEGIN; ${fresh}; INSERT INTO migstate_new (app, name, applied) SELECT app, name, applied FROM ${sql} ORDER BY id; DROP TABLE ${sql}; ALTER TABLE migstate_new RENAME TO ${sql}; COMMIT;`
  return {
    fillsId: id?.declared?.toUpperCase() === 'INTEGER' && id.pk === '1',
    hasCounterApart: false,
    looseEngine: null,
    keepsTimes: true,
    mend: { id: rebuilt, counter: '', engine: '', applied: '' },
  }
}
