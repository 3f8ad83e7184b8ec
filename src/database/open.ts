import { type ConnectionSpec, Redactor } from '../config/index.js'
import { MigstateError, type Warnings } from '../errors/index.js'
import { Database } from './database.js'
import type { Cluster, ServerFacts } from './server-facts.js'
import type { Dialect } from './dialect.js'
import type { TableSearch } from './history-table.js'
import type { Session } from './session.js'
import { unfitTable } from './side-tables.js'

export interface OpenOptions {
  schema: string | undefined
  /** Without: `django_migrations`. */
  table: string | undefined
  /** No command that only reads, and no dry run, ever opens a SQLite file for writing. */
  readOnly: boolean
  /** Milliseconds to wait for a table that somebody else has to himself. */
  patience: number
  /** Ends the waiting. */
  signal: AbortSignal | undefined
  /** Told each statement, once connected, before it is sent. */
  onStatement?: ((sql: string) => void) | undefined
  /** Without: one that knows what URLs and names of variables show. */
  redactor?: Redactor
  /** Called while the server answers the longest question of most commands; throws nothing. */
  meanwhile?: (() => void) | undefined
}

export const DJANGO_TABLE = 'django_migrations'

/**
 * Connects, finds out which server it is, and finds the history table. Nothing is written.
 * @throws MigstateError `cannot-connect` `wrong-password` `database-missing` `not-a-database` `table-missing` `table-ambiguous` …
 */
export async function openDatabase(spec: ConnectionSpec, options: OpenOptions, warnings: Warnings): Promise<Database> {
  let dialect = await dialectOf(spec)
  const session = await dialect.connect(spec, { readOnly: options.readOnly, patience: options.patience })
  session.watch(options.onStatement)
  try {
    const facts = await dialect.describe(session, spec)
    if (facts.engine !== dialect.engine) dialect = (await import('./mariadb/index.js')).mariadb
    if (facts.unsupported) dialect = await readOnlyDialect(dialect)
    if (facts.cluster) dialect = await inCluster(dialect, session, facts.cluster, options.readOnly ? null : warnings)
    return await findHistory(new DatabaseParts(spec, dialect, session, facts, options), warnings)
  } catch (error) {
    await session.close()
    throw error
  }
}

class DatabaseParts {
  constructor(
    readonly spec: ConnectionSpec,
    readonly dialect: Dialect,
    readonly session: Session,
    readonly facts: ServerFacts,
    readonly options: OpenOptions,
  ) {}
}

async function dialectOf(spec: ConnectionSpec): Promise<Dialect> {
  if (spec.family === 'sqlite') return (await import('./sqlite/index.js')).sqlite
  if (spec.family === 'postgresql') return (await import('./postgresql/index.js')).postgresql
  return (await import('./mysql/index.js')).mysql
}

/** A server of another make is read with what every make understands. */
async function readOnlyDialect(dialect: Dialect): Promise<Dialect> {
  if (dialect.engine === 'postgresql') return (await import('./postgresql/plain.js')).plain(dialect)
  return (await import('./mysql/plain.js')).plain(dialect)
}

/** @param warnings null for a command that writes nothing */
async function inCluster(dialect: Dialect, session: Session, cluster: Cluster, warnings: Warnings | null): Promise<Dialect> {
  const { clustered, clusterWarning, readCausally } = await import('./mysql/cluster.js')
  warnings?.add('one-node-lock', clusterWarning(cluster))
  await readCausally(session, cluster)
  return clustered(dialect, cluster)
}

async function findHistory(parts: DatabaseParts, warnings: Warnings): Promise<Database> {
  const { dialect, session, options } = parts
  const name = options.table ?? DJANGO_TABLE
  const asked = dialect.findTable(session, { schema: options.schema, name })
  // By then the question is on its way.
  if (options.meanwhile) setImmediate(options.meanwhile)
  const search = await asked
  if (!search.table && options.schema !== undefined)
    throw new MigstateError('table-missing', `There is no table ${options.schema}.${name}.`, {
      hint: search.others.length > 0 ? `It exists as ${search.others.join(', ')}.` : 'Check --schema and --table.',
    })
  if (!search.table && options.table !== undefined) throw new MigstateError('table-missing', `There is no table "${name}".`, { hint: 'Check --table.' })
  if (!search.table && search.others.length > 1)
    throw new MigstateError('table-ambiguous', `The search_path finds no table ${name}, and several schemas have one: ${search.others.join(', ')}.`, {
      hint: `Give --schema with one of them, for example --schema ${search.others[0]?.split('.')[0]}.`,
      details: { candidates: search.others },
    })
  if (!search.table && search.others.length === 1) {
    const schema = (search.others[0] as string).slice(0, -name.length - 1)
    const only = await dialect.findTable(session, { schema, name })
    warnings.add('table-ambiguous', `the search_path finds no table ${name}; ${search.others[0]} is used, the only one there is`)
    return opened(parts, only, warnings)
  }
  if (search.others.length > 0 && options.schema === undefined)
    warnings.add('table-ambiguous', `${search.table?.label} is used; there is also ${search.others.join(', ')}`)
  return opened(parts, search, warnings)
}

/** Nothing is read of a table that would run its owner's code with this role's rights. */
function opened({ spec, dialect, session, facts, options }: DatabaseParts, { table, trust, currentSchema }: TableSearch, warnings: Warnings): Database {
  if (trust?.advice) warnings.add('privileged-role', trust.advice)
  if (table && trust && trust.reading.length > 0) throw unfitTable(table, trust.reading)
  const database = new Database(spec, dialect, session, facts, table, currentSchema, options.table ?? DJANGO_TABLE, {
    ...options,
    onStatement: options.onStatement,
    redactor: options.redactor ?? new Redactor(),
    warnings,
    trust,
  })
  if (!options.readOnly) database.refuseTraps()
  return database
}
