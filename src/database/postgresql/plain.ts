import type { Dialect } from '../dialect.js'
import type { SchemaTable } from '../schema-facts.js'
import type { Session } from '../session.js'
import type { TableShape } from '../table-shape.js'
import { quote } from './catalogue.js'
import type { PostgresqlSession } from './session.js'

/** Only reading needs it: rows of four texts. */
const NOTHING_ODD: TableShape = { columns: [], fillsId: true, mendId: '', unfit: [], givesTimes: true, looseEngine: null }

/**
 * For servers that speak PostgreSQL's protocol and are none: nothing is written there. Those that lack its settings and its catalogue are read
 * with the SQL standard's information_schema.
 */
export function plain(dialect: Dialect): Dialect {
  const standard = (session: Session) => (session as PostgresqlSession).opening.plain
  return {
    ...dialect,
    capabilities: { ...dialect.capabilities, transactionalDdl: false, sessionLocks: 'one-node', tableLocks: false, counters: false },

    async findTable(session, wanted) {
      if (!standard(session)) return dialect.findTable(session, wanted)
      const { schemas } = (session as PostgresqlSession).opening
      const found = await session.rows<{ schema: string; type: string }>(
        `SELECT table_schema AS schema, data_type AS type FROM information_schema.columns
          WHERE table_name = ? AND column_name = 'applied' AND table_schema NOT IN ('information_schema', 'pg_catalog') ORDER BY 1`,
        [wanted.name],
      )
      const chosen = found.find(({ schema }) => schema === (wanted.schema ?? schemas[0]))
      return {
        table: chosen
          ? {
              schema: chosen.schema,
              name: wanted.name,
              sql: `${quote(chosen.schema)}.${quote(wanted.name)}`,
              label: `${chosen.schema}.${wanted.name}`,
              appliedType: chosen.type,
              shape: NOTHING_ODD,
            }
          : null,
        others: found.filter((one) => one !== chosen).map(({ schema }) => `${schema}.${wanted.name}`),
        currentSchema: schemas[0] ?? null,
      }
    },

    async journalFacts(session, table) {
      // Nothing was ever written here.
      return standard(session) ? { there: [], wide: false, settled: true, problems: [] } : dialect.journalFacts(session, table)
    },

    async readSequence() {
      return null
    },

    async readHistory(session, table) {
      return { rows: await dialect.readRows(session, table), sequence: null }
    },

    async advisoryLockHolder(session, table) {
      return standard(session) ? null : dialect.advisoryLockHolder(session, table)
    },

    async missingGrants() {
      return []
    },

    async introspect(session, history) {
      if (!standard(session)) return dialect.introspect(session, history)
      const columns = await session.rows<{ tab: string; type: string; name: string; nullable: string }>(
        `SELECT table_name AS tab, table_type AS type, column_name AS name, is_nullable AS nullable
           FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
          WHERE table_schema = ? ORDER BY table_name, ordinal_position`,
        [history?.schema ?? (session as PostgresqlSession).opening.schemas[0] ?? ''],
      )
      const tables = new Map<string, SchemaTable>()
      for (const { tab, type, name, nullable } of columns) {
        const table = tables.get(tab) ?? { name: tab, isTable: type === 'BASE TABLE', columns: [], indexes: [] }
        tables.set(tab, table)
        table.columns.push({ name, nullable: nullable === 'YES' })
      }
      return { tables: [...tables.values()], foldsCase: false, foldsTables: false, hidden: 'the indexes of this server are not looked at', history: null }
    },
  }
}
