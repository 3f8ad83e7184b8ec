import type { HistoryTable } from '../dialect.js'
import type { Session } from '../session.js'

export interface Sequence {
  /** Quoted and schema-qualified. */
  sql: string
  owned: boolean
  mayUpdate: boolean
  mayRead: boolean
}

/** The sequence behind `id`: serial and identity by ownership, else the one that the column's default names. */
export async function sequenceOf(session: Session, table: HistoryTable): Promise<Sequence | null> {
  const [found] = await session.rows<{ sql: string | null; owned: string; may_update: string; may_read: string }>(
    `WITH named AS (
       SELECT coalesce(
         pg_get_serial_sequence(?, 'id'),
         (SELECT substring(pg_get_expr(d.adbin, d.adrelid) from 'nextval\\(''(.*)''::regclass')
            FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
           WHERE d.adrelid = to_regclass(?) AND a.attname = 'id')) AS name)
     SELECT format('%I.%I', n.nspname, c.relname) AS sql, pg_has_role(c.relowner, 'USAGE')::text AS owned,
            has_sequence_privilege(c.oid, 'UPDATE')::text AS may_update, has_sequence_privilege(c.oid, 'SELECT')::text AS may_read
       FROM named JOIN pg_class c ON c.oid = to_regclass(named.name) JOIN pg_namespace n ON n.oid = c.relnamespace`,
    [table.sql, table.sql],
  )
  if (!found?.sql) return null
  return { sql: found.sql, owned: found.owned === 'true', mayUpdate: found.may_update === 'true', mayRead: found.may_read === 'true' }
}

/** null when there is no sequence, or this role may not read it. */
export async function readSequence(session: Session, table: HistoryTable): Promise<string | null> {
  const sequence = await sequenceOf(session, table)
  if (!sequence?.mayRead) return null
  const [state] = await session.rows<{ next: string }>(
    `SELECT CASE WHEN s.is_called THEN s.last_value + p.seqincrement ELSE s.last_value END::text AS next
       FROM ${sequence.sql} s, pg_sequence p WHERE p.seqrelid = ?::regclass`,
    [sequence.sql],
  )
  return state?.next ?? null
}
