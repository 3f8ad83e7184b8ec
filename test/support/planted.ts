import pg from 'pg'

/** Every SQL text that the program sends to PostgreSQL while `work` runs. */
export async function sqlOf(work: () => Promise<unknown>): Promise<string[]> {
  const texts: string[] = []
  const { query } = pg.Client.prototype
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [first] = args as [string | { text: string }]
    texts.push(typeof first === 'string' ? first : first.text)
    return (query as (...all: unknown[]) => unknown).apply(this, args)
  } as never
  try {
    await work()
  } finally {
    pg.Client.prototype.query = query
  }
  return texts
}

export interface Planted {
  functions: string[]
  operators: string[]
  types: string[]
  relations: string[]
}

type Query = (sql: string) => Promise<Record<string, unknown>[]>

/** Signatures for which an overload would fit better than pg_catalog's own, where a parameter has no type. */
const SIGNATURES = [
  'text',
  'text, text',
  'text, text, boolean',
  'text, text, text',
  'bigint',
  'integer',
  'name',
  'name, name',
  'name[]',
  'text[]',
  'json[]',
  'oid',
  'anyelement',
  'anyarray',
]

/**
 * In the schema `evil`: a function, an operator, a type and a view for every name in these texts that pg_catalog has one of, and more
 * overloads; each counts its calls (pg_stat_user_functions), in read-only transactions too.
 */
export async function plant(query: Query, texts: readonly string[]): Promise<Planted> {
  const words = [...new Set(texts.flatMap((text) => text.toLowerCase().match(/[a-z_][a-z0-9_]*/g) ?? []))]
  const symbols = [...new Set(texts.flatMap((text) => text.replace(/'[^']*'/g, '').match(/[-+*/<>=~!@#%^&|]+/g) ?? []))]
  const among = (names: readonly string[]) => names.map((name) => `'${name.replaceAll("'", "''")}'`).join(', ')
  const planted: Planted = { functions: [], operators: [], types: [], relations: [] }
  const attempt = async (sql: string, done: () => void) => {
    await query(`DO $outer$ BEGIN EXECUTE $inner$${sql}$inner$; EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION 'not planted'; END $outer$`).then(done, () => {})
  }
  const body = "LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
  const known = await query(
    `SELECT proname AS name, oidvectortypes(proargtypes) AS arguments, prorettype::regtype::text AS result FROM pg_catalog.pg_proc
      WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN (${among(words)})`,
  )
  for (const { name, arguments: types, result } of known)
    await attempt(`CREATE FUNCTION evil."${name}"(${types}) RETURNS ${result} ${body}`, () => planted.functions.push(`${name}(${types})`))
  for (const name of new Set(known.map((row) => String(row.name))))
    for (const types of SIGNATURES)
      await attempt(`CREATE FUNCTION evil."${name}"(${types}) RETURNS text ${body}`, () => planted.functions.push(`${name}(${types})`))
  const operators = await query(
    `SELECT oprname AS name, oprleft::regtype::text AS l, oprright::regtype::text AS r, oprresult::regtype::text AS result FROM pg_catalog.pg_operator
      WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprleft <> 0 AND oprname IN (${among(symbols)})`,
  )
  for (const [index, { name, l, r, result }] of operators.entries())
    await attempt(
      `CREATE FUNCTION evil.operator_${index}(${l}, ${r}) RETURNS ${result} ${body}; CREATE OPERATOR evil.${name} (LEFTARG = ${l}, RIGHTARG = ${r}, FUNCTION = evil.operator_${index})`,
      () => planted.operators.push(`${l} ${name} ${r}`),
    )
  await query("CREATE FUNCTION evil.spy() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN true; END'")
  const types = await query(
    `SELECT typname AS name FROM pg_catalog.pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype = 'b' AND typname IN (${among([...words, 'int4', 'int8', 'bool', 'varchar'])})`,
  )
  for (const { name } of types) await attempt(`CREATE DOMAIN evil."${name}" AS pg_catalog."${name}" CHECK (evil.spy())`, () => planted.types.push(String(name)))
  const relations = await query(
    `SELECT relname AS name FROM pg_catalog.pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v') AND relname IN (${among(words)})`,
  )
  for (const { name } of relations)
    await attempt(`CREATE VIEW evil."${name}" AS SELECT *, evil.spy() AS spied FROM pg_catalog."${name}" WHERE evil.spy()`, () =>
      planted.relations.push(String(name)),
    )
  return planted
}

/** What was called since, by name; sessions tell their numbers when they end. */
export async function called(query: Query): Promise<string[]> {
  return (await query('SELECT pg_catalog.concat(schemaname, $$.$$, funcname) AS name FROM pg_catalog.pg_stat_user_functions WHERE calls > 0 ORDER BY 1')).map(
    ({ name }) => String(name),
  )
}
