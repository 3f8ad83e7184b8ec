import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import type { ConnectionSpec, SqliteSpec } from '../../config/index.js'
import { MigstateError } from '../../errors/index.js'
import type { HistoryTable, ServerFacts, TableSearch, Catalogue } from '../dialect.js'
import { quoteIdentifier } from '../identifier.js'
import type { Session } from '../session.js'
import { untilFree } from './until-free.js'

export const quote = (name: string) => quoteIdentifier(name, '"', 1_000_000)

/** What the file says of itself. */
export const catalogue: Catalogue = {
  async describe(session: Session, spec: ConnectionSpec): Promise<ServerFacts> {
    const [facts] = await session.rows<{ version: string }>('SELECT sqlite_version() AS version')
    const { path } = spec as SqliteSpec
    return { engine: 'sqlite', version: facts?.version ?? '', host: null, name: path, readOnly: whyReadOnly(path), pooled: false }
  },

  async findTable(session, wanted): Promise<TableSearch> {
    if (wanted.schema !== undefined) throw new MigstateError('usage', '--schema belongs to PostgreSQL.', { hint: 'Leave --schema out.' })
    const [found] = await untilFree(() =>
      session.rows<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?)", [wanted.name]),
    )
    return { table: found ? tableNamed(found.name) : null, others: [], currentSchema: null }
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

function tableNamed(name: string): HistoryTable {
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
