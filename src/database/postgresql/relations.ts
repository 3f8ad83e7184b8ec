import type { Session } from '../session.js'
import { SEQUENCE } from './sequence.js'

/** A relation as the catalogue tells it; nothing of it is read, for reading it may run its owner's code. */
export interface Relation {
  schema: string
  name: string
  /** pg_class.relkind */
  kind: string
  owner: string
  /** The owner is this role, or a superuser, who needs no trap. */
  ours: boolean
  readable: boolean
  /** A policy would hide rows from this role. */
  hidden: boolean
  columns: { name: string; type: string; system: boolean; nullable: boolean; filled: boolean; generated: boolean; fixed: boolean }[]
  /** Tables that inherit from this one; partitions are none. */
  heirs: string[]
  /** Code of the owner's that a mere SELECT can run: the planner computes what is constant in these expressions. */
  onReading: string[]
  /** Code of the owner's that a change runs. */
  onWriting: string[]
  /** Names of its indexes. */
  indexes: string[]
  /** Why this role's rights are worth a trap; null for an ordinary role. */
  privileged: string | null
  /** Of the history alone. */
  sequence: string | null
  followers: { label: string; schema: string; name: string; own: string | null }[]
}

const COLUMNS = `SELECT json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'system', t.typnamespace = 'pg_catalog'::regnamespace,
                          'nullable', NOT a.attnotnull, 'filled', a.atthasdef OR a.attidentity <> '', 'generated', a.attgenerated <> '', 'fixed', a.attidentity = 'a')
                   FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`

const ON_READING = `SELECT 'partitions' WHERE c.relkind = 'p'
          UNION ALL SELECT 'the table ' || inhrelid::regclass::text || ', which inherits from it' FROM pg_inherits WHERE inhparent = c.oid
          UNION ALL SELECT 'the index ' || indexrelid::regclass::text || ' over an expression' FROM pg_index WHERE indrelid = c.oid AND (indexprs IS NOT NULL OR indpred IS NOT NULL)
          UNION ALL SELECT 'the statistics ' || stxname || ' of an expression' FROM pg_statistic_ext WHERE stxrelid = c.oid AND 'e' = ANY (stxkind)`

/**
 * A default that calls nothing but nextval (1574) and casts of results (480, 714, 669: pg_proc.dat) is no trap. Read from the stored
 * tree: pg_get_expr would wait for whoever holds the table.
 */
const ON_WRITING = `SELECT 'the trigger ' || tgname FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal
          UNION ALL SELECT 'the rule ' || rulename FROM pg_rewrite WHERE ev_class = c.oid
          UNION ALL SELECT 'the constraint ' || conname FROM pg_constraint WHERE conrelid = c.oid AND contype = 'c'
          UNION ALL SELECT 'the default of the column ' || a.attname FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
                     WHERE d.adrelid = c.oid AND regexp_replace(d.adbin::text, '[{](FUNCEXPR|CONST|RELABELTYPE) |:funcid (1574|480|714|669) ', '', 'g') ~ '[{][A-Z]|:funcid'
          UNION ALL SELECT 'the type of the column ' || a.attname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND t.typnamespace <> 'pg_catalog'::regnamespace`

const HEIRS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = c.oid AND c.relkind = 'r'"

const INDEXES = 'SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid'

const FOLLOWERS = `SELECT json_build_object('label', k.conrelid::regclass::text, 'schema', fn.nspname, 'name', f.relname,
                          'own', CASE WHEN array_length(k.conkey, 1) = 1 AND h.attname = 'id' THEN a.attname END)
         FROM pg_constraint k JOIN pg_class f ON f.oid = k.conrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
         JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1] JOIN pg_attribute h ON h.attrelid = k.confrelid AND h.attnum = k.confkey[1]
        WHERE k.confrelid = c.oid AND k.contype = 'f' AND k.confdeltype IN ('c', 'n', 'd') ORDER BY k.conrelid::regclass::text`

const PRIVILEGED = `SELECT CASE WHEN bool_or(r.rolsuper) THEN 'a superuser' WHEN bool_or(r.rolbypassrls) THEN 'a role with BYPASSRLS' WHEN bool_or(r.rolcreaterole) THEN 'a role with CREATEROLE'
               WHEN bool_or(EXISTS (SELECT 1 FROM pg_roles p WHERE p.rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
                                       AND pg_has_role(r.oid, p.oid, 'MEMBER'))) THEN 'a role that may use the files or programs of the server' END
          FROM pg_roles r WHERE r.rolname IN (session_user, current_user)`

/**
 * Relations of these names, in one schema or in all that are no system's; one question for all facts.
 * @param wanted `history`: also what gives their ids, and what follows their rows
 */
export async function relationsNamed(
  session: Session,
  names: readonly string[],
  wanted: { schema?: string | undefined; history?: boolean },
): Promise<Relation[]> {
  const { schema, history } = wanted
  const found = await session.rows<Record<string, string | null>>(
    `SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind, o.rolname AS owner, (o.rolsuper OR o.rolname IN (session_user, current_user))::text AS ours,
            (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))::text AS readable, row_security_active(c.oid)::text AS hidden,
            array_to_json(ARRAY(${COLUMNS}))::text AS columns, array_to_json(ARRAY(${ON_READING}))::text AS on_reading,
            array_to_json(ARRAY(${ON_WRITING}))::text AS on_writing, array_to_json(ARRAY(${HEIRS}))::text AS heirs, (${PRIVILEGED}) AS privileged,
            array_to_json(ARRAY(${INDEXES}))::text AS indexes${history ? `, (${SEQUENCE}) AS sequence, array_to_json(ARRAY(${FOLLOWERS}))::text AS followers` : ''}
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles o ON o.oid = c.relowner
      WHERE c.relname IN (${names.map(() => '?').join(', ')}) AND ${schema === undefined ? "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'" : 'n.nspname = ?'}
      ORDER BY n.nspname`,
    [...names, ...(schema === undefined ? [] : [schema])],
  )
  const list = (text: string | null | undefined) => JSON.parse(text ?? '[]') as never[]
  return found.map((row) => ({
    schema: String(row.schema),
    name: String(row.name),
    kind: String(row.kind),
    owner: String(row.owner),
    ours: row.ours === 'true',
    readable: row.readable === 'true',
    hidden: row.hidden === 'true',
    columns: list(row.columns),
    heirs: list(row.heirs),
    onReading: list(row.on_reading),
    onWriting: list(row.on_writing),
    indexes: list(row.indexes),
    privileged: row.privileged ?? null,
    sequence: row.sequence ?? null,
    followers: list(row.followers),
  }))
}
