import type { HistoryFacts, Schema, SchemaTable } from '../schema-facts.js'
import type { HistoryTable } from '../history-table.js'
import type { Session } from '../session.js'
import { idMending } from './mend-id.js'
import type { PostgresqlSession } from './session.js'
import { serialOf } from './shape.js'

/** Ordinary and partitioned tables, views and foreign tables: whatever Django can read as a table. */
const KINDS = "('r', 'p', 'v', 'm', 'f')"

const COLUMNS = `SELECT json_build_object('name', a.attname, 'nullable', NOT a.attnotnull)
                   FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`

const INDEXES = `SELECT json_build_object('name', i.relname, 'valid', x.indisvalid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid
           UNION ALL SELECT json_build_object('name', k.conname, 'valid', true) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('c', 'x')`

/** The catalogue is open to every role. Of tables of one name that in the history's own schema counts, then as search_path has them. */
export async function introspect(session: Session, history: HistoryTable | null): Promise<Schema> {
  const { schemas } = (session as PostgresqlSession).opening
  const wanted = [...new Set([...(history?.schema == null ? [] : [history.schema]), ...schemas])]
  const found = await session.rows<{ name: string; plain: string; schema: string; columns: string; indexes: string }>(
    `SELECT c.relname AS name, (c.relkind NOT IN ('v', 'm') AND NOT c.relispartition)::text AS plain, n.nspname AS schema, array_to_json(ARRAY(${COLUMNS}))::text AS columns, array_to_json(ARRAY(${INDEXES}))::text AS indexes
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ${KINDS} AND n.nspname <> 'pg_catalog' AND n.nspname IN (${wanted.map(() => '?').join(', ') || 'NULL'})`,
    wanted,
  )
  const tables = new Map<string, SchemaTable>()
  for (const { name, plain, columns, indexes } of found.sort((left, right) => wanted.indexOf(left.schema) - wanted.indexOf(right.schema)))
    if (!tables.has(name)) tables.set(name, { name, isTable: plain === 'true', columns: JSON.parse(columns), indexes: JSON.parse(indexes) })
  return { tables: [...tables.values()], foldsCase: false, foldsTables: false, hidden: null, history: history && (await historyFacts(session, history)) }
}

async function historyFacts(session: Session, history: HistoryTable): Promise<HistoryFacts> {
  const { sql, shape, sequence } = history
  const highest = `(SELECT max(id) FROM ${sql})`
  const counter = sequence ? `'${sequence.sql.replaceAll("'", "''")}'` : serialOf(sql)
  return {
    fillsId: shape.fillsId,
    mendsId: shape.fillsId ? null : await idMending(session, history),
    hasCounterApart: true,
    looseEngine: null,
    keepsTimes: shape.givesTimes,
    mend: {
      id: shape.mendId,
      counter: `SELECT setval(${counter}, ${highest});`,
      engine: '',
      applied: `ALTER TABLE ${sql} ALTER COLUMN applied TYPE timestamptz USING applied::timestamptz;`,
    },
  }
}
