import type { ConnectionSpec, ServerSpec } from '../../config/index.js'
import { MigstateError } from '../../errors/index.js'
import type { HistoryTable, TableSearch } from '../history-table.js'
import type { ServerFacts } from '../server-facts.js'
import type { Catalogue } from '../dialect.js'
import { quoteIdentifier } from '../identifier.js'
import type { Session } from '../session.js'
import { makeOf } from './makes.js'
import { type FoundColumn, refuseView, shapeOf } from './shape.js'
import { PRIVILEGES, trustOf } from './trust.js'

export const quote = (name: string) => quoteIdentifier(name, '`', 256)

/** What the server and its catalogue say. */
export const catalogue: Catalogue = {
  async describe(session: Session, spec: ConnectionSpec): Promise<ServerFacts> {
    const server = spec as ServerSpec
    const { version, readOnly, ...make } = await makeOf(session)
    return {
      engine: /mariadb/i.test(version) ? 'mariadb' : 'mysql',
      version: version.split('-')[0] as string,
      host: server.socket ?? server.host ?? null,
      name: server.database as string,
      readOnly: readOnly && !(await mayWriteReadOnly(session)) ? 'read_only is ON' : null,
      pooled: false,
      ...make,
    }
  },

  async findTable(session, wanted): Promise<TableSearch> {
    if (wanted.schema !== undefined) throw new MigstateError('usage', '--schema belongs to PostgreSQL.', { hint: 'Name the database in the URL instead.' })
    const found = await session.rows<Found>(
      `SELECT DATABASE() AS here, t.TABLE_NAME AS tab, t.TABLE_TYPE AS kind, t.ENGINE AS engine, c.COLUMN_NAME AS name, c.COLUMN_TYPE AS type, c.IS_NULLABLE AS nullable,
              c.COLUMN_DEFAULT IS NOT NULL AS given, c.COLUMN_DEFAULT LIKE '%nextval(%' AS drawn, c.EXTRA AS extra, c.COLUMN_KEY AS keyed, ${PRIVILEGES}
         FROM information_schema.TABLES t LEFT JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
        WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME = ? ORDER BY c.ORDINAL_POSITION`,
      [wanted.name],
    )
    const [first] = found
    if (!first) return { table: null, others: [], currentSchema: null }
    refuseView(first.tab, first.kind)
    const trust = trustOf(first.tab, first)
    const applied = found.find(({ name }) => name?.toLowerCase() === 'applied')
    const table = { ...tableNamed(first.tab, applied?.type ?? null), database: first.here, shape: shapeOf(first.tab, first.engine, found.filter(isColumn)) }
    return { table: { ...table, stranger: trust.stranger }, others: [], currentSchema: null, trust }
  },

  async tableFacts(session, _beside, name) {
    const columns = await session.rows<{ name: string; nullable: string; given: string | null; extra: string }>(
      'SELECT COLUMN_NAME AS name, IS_NULLABLE AS nullable, COLUMN_DEFAULT AS given, EXTRA AS extra FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
      [name],
    )
    const [size] = await session.rows<{ size: unknown }>(
      'SELECT TABLE_ROWS AS size FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
      [name],
    )
    return {
      exists: columns.length > 0,
      columns: columns.map((one) => ({
        name: one.name,
        nullable: one.nullable === 'YES',
        hasDefault: one.given !== null || /auto_increment|DEFAULT_GENERATED/i.test(one.extra),
      })),
      rows: size?.size == null ? null : Number(size.size),
    }
  },
}

type Found = { here: string; tab: string; kind: string; engine: string | null; super: unknown; others: string | null } & {
  [Name in keyof FoundColumn]: FoundColumn[Name] | null
}

/** A table of which this account may see no column has none here. */
function isColumn(found: Found): found is Found & FoundColumn {
  return found.name !== null
}

function tableNamed(name: string, appliedType: string | null): Omit<HistoryTable, 'shape'> {
  return { schema: null, name, sql: quote(name), label: name, appliedType: appliedType ?? 'datetime(6)' }
}

/** read_only does not bind accounts with these rights (MySQL manual, read_only; MariaDB: READ ONLY ADMIN). */
async function mayWriteReadOnly(session: Session): Promise<boolean> {
  const grants = await session.rows<Record<string, string>>('SHOW GRANTS').catch(() => [])
  return grants.some((grant) => /\b(SUPER|CONNECTION_ADMIN|READ[_ ]ONLY ADMIN|ALL PRIVILEGES)\b.* ON \*\.\*/.test(Object.values(grant)[0] ?? ''))
}
