import type { HistoryTable } from '../history-table.js'
import type { Session } from '../session.js'

export interface Sequence {
  /** Quoted and schema-qualified. */
  sql: string
  owned: boolean
  mayUpdate: boolean
  mayRead: boolean
  /** Columns of other tables that get their values from it, or own it. */
  others: string[]
}

/** Owned by a column, or named in its default (pg_depend: deptype a, i and n). */
const OTHERS = `SELECT DISTINCT o.oid::regclass::text || '.' || a.attname
                  FROM (SELECT refobjid AS rel, refobjsubid AS col FROM pg_depend
                         WHERE classid = 'pg_class'::regclass AND objid = c.oid AND refclassid = 'pg_class'::regclass AND refobjsubid > 0
                        UNION ALL SELECT d.adrelid, d.adnum FROM pg_depend p JOIN pg_attrdef d ON d.oid = p.objid
                         WHERE p.classid = 'pg_attrdef'::regclass AND p.refclassid = 'pg_class'::regclass AND p.refobjid = c.oid) u
                  JOIN pg_class o ON o.oid = u.rel JOIN pg_attribute a ON a.attrelid = u.rel AND a.attnum = u.col
                 WHERE o.oid <> to_regclass(?) AND NOT o.relispartition ORDER BY 1`

/** The sequence behind `id`: serial and identity by ownership, else the one that the column's default names. */
export async function sequenceOf(session: Session, table: HistoryTable): Promise<Sequence | null> {
  const [found] = await session.rows<{ sql: string | null; owned: string; may_update: string; may_read: string; others: string }>(
    `WITH named AS (
       SELECT coalesce(
         pg_get_serial_sequence(?, 'id'),
         (SELECT substring(pg_get_expr(d.adbin, d.adrelid) from 'nextval\\(''(.*)''::regclass')
            FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
           WHERE d.adrelid = to_regclass(?) AND a.attname = 'id')) AS name)
     SELECT format('%I.%I', n.nspname, c.relname) AS sql, pg_has_role(c.relowner, 'USAGE')::text AS owned,
            has_sequence_privilege(c.oid, 'UPDATE')::text AS may_update, has_sequence_privilege(c.oid, 'SELECT')::text AS may_read,
            array_to_json(ARRAY(${OTHERS}))::text AS others
       FROM named JOIN pg_class c ON c.oid = to_regclass(named.name) JOIN pg_namespace n ON n.oid = c.relnamespace`,
    [table.sql, table.sql, table.sql],
  )
  if (!found?.sql) return null
  const { sql, owned, may_update, may_read, others } = found
  return { sql, owned: owned === 'true', mayUpdate: may_update === 'true', mayRead: may_read === 'true', others: JSON.parse(others) as string[] }
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
