import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import type { ConnectionSpec, SqliteSpec } from '../../config/index.js'
import { MigstateError } from '../../errors/index.js'
import type { HistoryTable, TableSearch } from '../history-table.js'
import type { ServerFacts } from '../server-facts.js'
import type { Catalogue } from '../dialect.js'
import { quoteIdentifier } from '../identifier.js'
import type { Session } from '../session.js'
import { versionIn } from './connect.js'
import { type FoundColumn, refuseOdd, shapeOf } from './shape.js'
import { untilFree } from './until-free.js'

export const quote = (name: string) => quoteIdentifier(name, '"', 1_000_000)

/** What the file says of itself. */
export const catalogue: Catalogue = {
  async describe(session: Session, spec: ConnectionSpec): Promise<ServerFacts> {
    const { path } = spec as SqliteSpec
    return { engine: 'sqlite', version: versionIn(session), host: null, name: path, readOnly: whyReadOnly(path), pooled: false }
  },

  async findTable(session, wanted): Promise<TableSearch> {
    if (wanted.schema !== undefined) throw new MigstateError('usage', '--schema belongs to PostgreSQL.', { hint: 'Leave --schema out.' })
    const found = await untilFree(() =>
      session.rows<Found>(
        `SELECT m.name AS tab, m.type AS kind, m.sql AS sql, CAST((SELECT count(*) FROM pragma_index_list(m.name) WHERE origin = 'pk') AS TEXT) AS keys,
                p.name AS name, p.type AS type, CAST(p."notnull" AS TEXT) AS "notnull", p.dflt_value AS given, CAST(p.pk AS TEXT) AS pk, CAST(p.hidden AS TEXT) AS hidden
           FROM sqlite_master m LEFT JOIN pragma_table_xinfo(m.name) p
          WHERE m.type IN ('table', 'view') AND lower(m.name) = lower(?) ORDER BY p.cid`,
        [wanted.name],
      ),
    )
    const [first] = found
    if (!first) return { table: null, others: [], currentSchema: null }
    refuseOdd(first.tab, first.kind, first.sql)
    return {
      table: { ...tableNamed(first.tab), hasCounter: /\bAUTOINCREMENT\b/i.test(first.sql ?? ''), shape: shapeOf(first.tab, Number(first.keys), found) },
      others: [],
      currentSchema: null,
    }
  },

  async tableFacts(session, _beside, name) {
    const columns = await session.rows<{ name: string; notnull: unknown; dflt_value: string | null; pk: unknown }>(
      'SELECT name, "notnull", dflt_value, pk FROM pragma_table_info(?)',
      [name],
    )
    // sqlite_stat1 has an estimate only after ANALYZE; counting to the limit is cheap, counting all of a large table is not.
    const counted = columns.length > 0 ? await session.rows<{ n: unknown }>(`SELECT count(*) AS n FROM (SELECT 1 FROM ${quote(name)} LIMIT 100000)`) : []
    return {
      exists: columns.length > 0,
      columns: columns.map((one) => ({
        name: one.name,
        nullable: String(one.notnull) === '0' && String(one.pk) === '0',
        hasDefault: one.dflt_value !== null || String(one.pk) !== '0',
      })),
      rows: counted[0] === undefined ? null : Number(counted[0].n),
    }
  },
}

type Found = FoundColumn & { tab: string; kind: string; sql: string | null; keys: string }

function tableNamed(name: string): Omit<HistoryTable, 'shape'> {
  return { schema: null, name, sql: quote(name), label: name, appliedType: 'datetime' }
}

function whyReadOnly(path: string): string | null {
  try {
    accessSync(path, constants.W_OK)
    // The rollback journal and the lock file lie beside the database.
    accessSync(dirname(path), constants.W_OK)
    return null
  } catch {
    return `the file or its folder may not be written (${path})`
  }
}
