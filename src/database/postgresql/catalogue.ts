import type { ConnectionSpec, ServerSpec } from '../../config/index.js'
import type { HistoryTable, TableSearch } from '../history-table.js'
import type { ServerFacts } from '../server-facts.js'
import type { Catalogue } from '../dialect.js'
import { quoteIdentifier } from '../identifier.js'
import type { Session } from '../session.js'
import { relationsNamed } from './relations.js'
import { sequenceIn } from './sequence.js'
import type { PostgresqlSession } from './session.js'
import { refuseUnreadable, shapeOf } from './shape.js'
import { trustOf } from './trust.js'

export const quote = (name: string) => quoteIdentifier(name, '"', 63)

/** What the server and its catalogue say. */
export const catalogue: Catalogue = {
  async describe(session: Session, spec: ConnectionSpec): Promise<ServerFacts> {
    const { version, name, standby, readOnly, pooled, unsupported } = (session as PostgresqlSession).opening
    const server = spec as ServerSpec
    const driver = session.driver as { host?: string }
    return {
      engine: 'postgresql',
      version,
      host: server.socket ?? server.host ?? driver.host ?? null,
      name,
      readOnly: standby ? 'it is a standby (pg_is_in_recovery)' : readOnly ? 'transaction_read_only is on' : null,
      pooled,
      unsupported,
    }
  },

  async findTable(session, wanted): Promise<TableSearch> {
    const { schemas } = (session as PostgresqlSession).opening
    const found = await relationsNamed(session, [wanted.name], { history: true })
    const tables = found.filter(({ kind }) => kind === 'r' || kind === 'p')
    // Whatever has the name in the first schema that has it: a view there hides the tables behind it, as for the connection itself.
    const first = schemas.find((schema) => found.some((relation) => relation.schema === schema))
    const chosen = found.find(({ schema }) => schema === (wanted.schema ?? first))
    if (chosen) refuseUnreadable(chosen)
    const trust = chosen && trustOf(chosen)
    const type = chosen?.columns.find(({ name }) => name === 'applied')?.type ?? null
    return {
      table: chosen
        ? {
            ...tableAt(chosen.schema, wanted.name),
            appliedType: type ?? 'timestamp with time zone',
            shape: shapeOf({ ...chosen, stranger: trust?.stranger ?? false }),
            followers: chosen.followers.map(({ label, schema, name, own }) => ({
              label,
              sql: tableAt(schema, name).sql,
              column: own === null ? null : quote(own),
            })),
            sequence: sequenceIn(chosen.sequence),
            stranger: trust?.stranger ?? false,
          }
        : null,
      others: tables.filter((one) => one !== chosen && one.readable).map(({ schema }) => `${schema}.${wanted.name}`),
      currentSchema: schemas[0] ?? null,
      ...(trust ? { trust } : {}),
    }
  },

  async tableFacts(session, beside, name) {
    const columns = await session.rows<{ name: string; nullable: string; given: string }>(
      `SELECT a.attname AS name, (NOT a.attnotnull)::text AS nullable, (a.atthasdef OR a.attidentity <> '')::text AS given
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ? AND c.relname = ? AND a.attnum > 0 AND NOT a.attisdropped`,
      [beside.schema, name],
    )
    const [size] = await session.rows<{ rows: string }>(
      'SELECT c.reltuples::bigint::text AS rows FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ? AND c.relname = ?',
      [beside.schema, name],
    )
    const estimate = Number(size?.rows ?? -1)
    return {
      exists: columns.length > 0,
      columns: columns.map((one) => ({ name: one.name, nullable: one.nullable === 'true', hasDefault: one.given === 'true' })),
      rows: estimate < 0 ? null : estimate,
    }
  },
}

function tableAt(schema: string, name: string): Pick<HistoryTable, 'schema' | 'name' | 'sql' | 'label'> {
  return {
    schema,
    name,
    sql: `${quote(schema)}.${quote(name)}`,
    label: `${schema}.${name}`,
  }
}
