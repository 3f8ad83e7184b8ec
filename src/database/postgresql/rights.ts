import type { HistoryTable, JournalTables } from '../history-table.js'
import type { Session } from '../session.js'
import { sequenceOf } from './sequence.js'
import { temporaryGrant } from './shadow.js'

/** The GRANTs that this role lacks for a change: rows of the history, its counter, the side tables or the right to make them. */
export async function missingGrants(session: Session, table: HistoryTable, journal: JournalTables, purpose: 'change' | 'shadow'): Promise<string[]> {
  const [facts] = await session.rows<Record<'role' | 'rows' | 'make' | 'made' | 'temporary' | 'name', string>>(
    `SELECT pg_catalog.quote_ident(CAST(current_user AS text)) AS role,
            CAST(pg_catalog.has_table_privilege(t.oid, CAST('SELECT' AS text)) AND pg_catalog.has_table_privilege(t.oid, CAST('INSERT' AS text))
             AND pg_catalog.has_table_privilege(t.oid, CAST('UPDATE' AS text)) AND pg_catalog.has_table_privilege(t.oid, CAST('DELETE' AS text)) AS text) AS rows,
            CAST(pg_catalog.has_schema_privilege(t.relnamespace, CAST('CREATE' AS text)) AS text) AS make,
            CAST(pg_catalog.to_regclass(CAST(? AS text)) IS NOT NULL AS text) AS made, pg_catalog.current_database() AS name,
            CAST(pg_catalog.has_database_privilege(pg_catalog.current_database(), CAST('TEMP' AS text)) AS text) AS temporary
       FROM pg_catalog.pg_class t WHERE t.oid = pg_catalog.to_regclass(CAST(? AS text))`,
    [journal.event, table.sql],
  )
  if (!facts) return []
  const { role } = facts
  const grants = facts.rows === 'true' ? [] : [`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table.sql} TO ${role}`]
  const sequence = await sequenceOf(session, table)
  if (sequence && !(await mayUse(session, sequence.sql))) grants.push(`GRANT USAGE, SELECT ON SEQUENCE ${sequence.sql} TO ${role}`)
  if (purpose === 'shadow' && facts.temporary !== 'true') grants.push(temporaryGrant(facts.name, role))
  if (facts.made !== 'true') return facts.make === 'true' ? grants : [...grants, `GRANT CREATE ON SCHEMA ${table.sql.split('.')[0]} TO ${role}`]
  const closed: string[] = []
  for (const side of [journal.operation, journal.event, journal.snapshotRow]) if (!(await mayAppend(session, side))) closed.push(side)
  return closed.length === 0 ? grants : [...grants, `GRANT SELECT, INSERT ON ${closed.join(', ')} TO ${role}`]
}

/** An identity column draws from its sequence without asking for rights; a default that calls nextval() does not. */
async function mayUse(session: Session, sequence: string): Promise<boolean> {
  const [answer] = await session.rows<{ may: string }>(
    `SELECT CAST(pg_catalog.has_sequence_privilege(s.oid, CAST('USAGE' AS text)) OR EXISTS (
              SELECT 1 FROM pg_catalog.pg_depend d WHERE d.objid = s.oid AND d.deptype = 'i' AND d.refobjsubid > 0) AS text) AS may
       FROM pg_catalog.pg_class s WHERE s.oid = pg_catalog.to_regclass(CAST(? AS text))`,
    [sequence],
  )
  return answer?.may === 'true'
}

async function mayAppend(session: Session, table: string): Promise<boolean> {
  const [answer] = await session.rows<{ may: string }>(
    `SELECT CAST(pg_catalog.has_table_privilege(t.oid, CAST('SELECT' AS text)) AND pg_catalog.has_table_privilege(t.oid, CAST('INSERT' AS text)) AS text) AS may
       FROM pg_catalog.pg_class t WHERE t.oid = pg_catalog.to_regclass(CAST(? AS text))`,
    [table],
  )
  return answer?.may === 'true'
}
