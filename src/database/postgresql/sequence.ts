import type { HistoryTable, Sequence } from '../history-table.js'
import type { Question, Session } from '../session.js'

/** Other columns that are owned, or filled, by the sequence s (pg_depend: deptype a, i and n), but for those of the table c. */
const OTHERS = `SELECT DISTINCT o.oid::regclass::text || '.' || a.attname
                  FROM (SELECT refobjid AS rel, refobjsubid AS col FROM pg_depend
                         WHERE classid = 'pg_class'::regclass AND objid = s.oid AND refclassid = 'pg_class'::regclass AND refobjsubid > 0
                        UNION ALL SELECT d.adrelid, d.adnum FROM pg_depend p JOIN pg_attrdef d ON d.oid = p.objid
                         WHERE p.classid = 'pg_attrdef'::regclass AND p.refclassid = 'pg_class'::regclass AND p.refobjid = s.oid) u
                  JOIN pg_class o ON o.oid = u.rel JOIN pg_attribute a ON a.attrelid = u.rel AND a.attnum = u.col
                 WHERE o.oid <> c.oid AND NOT o.relispartition ORDER BY 1`

/**
 * The sequence behind `id` of the table c, as JSON: serial and identity by ownership, else the one from which the column's default draws (nextval is
 * 1574 in pg_proc.dat). By the catalogue alone: pg_get_expr would wait for whoever holds the table.
 */
export const SEQUENCE = `SELECT json_build_object('sql', format('%I.%I', sn.nspname, s.relname), 'owned', pg_has_role(s.relowner, 'USAGE'),
                        'mayUpdate', has_sequence_privilege(s.oid, 'UPDATE'), 'mayRead', has_sequence_privilege(s.oid, 'SELECT'), 'others', ARRAY(${OTHERS}))::text
                   FROM (SELECT d.objid, 1 AS turn FROM pg_depend d JOIN pg_attribute i ON i.attrelid = d.refobjid AND i.attnum = d.refobjsubid
                          WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.deptype IN ('a', 'i') AND i.attname = 'id'
                         UNION ALL SELECT d.refobjid, 2 FROM pg_attrdef f JOIN pg_attribute i ON i.attrelid = f.adrelid AND i.attnum = f.adnum
                           JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass
                          WHERE f.adrelid = c.oid AND i.attname = 'id' AND f.adbin::text ~ ':funcid 1574 ') u
                   JOIN pg_class s ON s.oid = u.objid AND s.relkind = 'S' JOIN pg_namespace sn ON sn.oid = s.relnamespace ORDER BY u.turn LIMIT 1`

/** As it is now: a table that was looked at has it as it was then. */
export async function sequenceOf(session: Session, table: HistoryTable): Promise<Sequence | null> {
  const [found] = await session.rows<{ sequence: string | null }>(`SELECT (${SEQUENCE}) AS sequence FROM pg_class c WHERE c.oid = to_regclass(?)`, [table.sql])
  return sequenceIn(found?.sequence)
}

export function sequenceIn(json: string | null | undefined): Sequence | null {
  return json == null ? null : (JSON.parse(json) as Sequence)
}

/** null when there is no sequence, or this role may not read it. */
export async function readSequence(session: Session, table: HistoryTable): Promise<string | null> {
  const sequence = await sequenceOf(session, table)
  return sequence?.mayRead ? session.ask(nextOf(sequence)) : null
}

export function nextOf({ sql }: Sequence): Question<string | null> {
  return {
    sql: `SELECT CASE WHEN s.is_called THEN s.last_value + p.seqincrement ELSE s.last_value END::text AS next
       FROM ${sql} s, pg_sequence p WHERE p.seqrelid = ?::regclass`,
    bindings: [sql],
    read: ({ rows }) => (rows as { next: string }[])[0]?.next ?? null,
  }
}
