import type { HistoryFacts, Schema, SchemaTable } from '../schema-facts.js'
import type { HistoryTable } from '../history-table.js'
import type { Session } from '../session.js'
import { idMending, wouldGo } from './mend-id.js'

interface Found {
  name: string
  type: string
  sql: string | null
  column: string | null
  notnull: string | null
  pk: string | null
}

/** One question for all columns, one for all indexes. Virtual tables that no driver here can open are left out. */
export async function introspect(session: Session, history: HistoryTable | null): Promise<Schema> {
  const columns = await session.rows<Found>(
    `SELECT m.name AS name, m.type AS type, m.sql AS sql, p.name AS "column", CAST(p."notnull" AS TEXT) AS "notnull", CAST(p.pk AS TEXT) AS pk
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
  return { tables: [...tables.values()], foldsCase: true, foldsTables: true, hidden: null, history: history && (await historyFacts(session, history)) }
}

/** The names of constraints stand only in the text of the table. */
function constraintsIn(sql: string): SchemaTable['indexes'] {
  return [...sql.matchAll(/\bCONSTRAINT\s+"((?:[^"]|"")*)"/gi)].map((match) => ({ name: (match[1] as string).replaceAll('""', '"'), valid: true }))
}

async function historyFacts(session: Session, history: HistoryTable): Promise<HistoryFacts> {
  const { shape } = history
  return {
    fillsId: shape.fillsId,
    mendsId: shape.fillsId ? null : await idMending(session, history),
    hasCounterApart: false,
    looseEngine: null,
    keepsTimes: true,
    mend: { id: shape.fillsId || (await wouldGo(session, history)) === null ? shape.mendId : '', counter: '', engine: '', applied: '' },
  }
}
