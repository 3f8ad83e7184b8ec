import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { whenTestEnds } from './endings.js'
import type { Engine } from './servers/server.js'

export type { Engine }

/** The engines of this run; `npm test -- --db sqlite` leaves only some. */
export const engines = (process.env.MIGSTATE_TEST_ENGINES ?? 'sqlite').split(',') as Engine[]

export type Values = Record<string, string | number | null>

/** A database of its own for one test. */
export interface TestDatabase {
  engine: Engine
  url: string
  /** SQLite only. */
  file: string | undefined
  /** What the example project's settings read. */
  env: Record<string, string>
  /** Every value as text. */
  query(sql: string): Promise<Values[]>
  drop(): Promise<void>
}

export interface Wanted {
  /** Another one, by SHOP_DB_NAME, whose tables and rows it has from the start. */
  like?: string
  /** It outlives the test: others are made like it. */
  keep?: boolean
}

/** Dropped when the test ends, if nobody has done so before. */
export async function freshDatabase(engine: Engine, { like, keep = false }: Wanted = {}): Promise<TestDatabase> {
  const database = await (engine === 'sqlite' ? freshSqlite(like) : engine === 'postgresql' ? freshPostgres(like) : freshMysql(engine, like))
  if (!keep) whenTestEnds(database.drop)
  return database
}

/** Ends one that was kept. */
export async function dropKept(engine: Engine, name: string): Promise<void> {
  if (engine === 'sqlite') return rmSync(dirname(name), { recursive: true, force: true })
  if (engine === 'postgresql') return postgresAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  await mysqlRunner(engine)(`DROP DATABASE IF EXISTS ${name}`)
}

async function freshSqlite(like?: string): Promise<TestDatabase> {
  const { default: Sqlite } = await import('better-sqlite3')
  const folder = mkdtempSync(join(tmpdir(), 'migstate-db-'))
  const file = join(folder, 'db.sqlite3')
  if (like === undefined) new Sqlite(file).exec('PRAGMA user_version = 1').close()
  else copyFileSync(like, file)
  return {
    engine: 'sqlite',
    url: `sqlite:///${file}`,
    file,
    env: { SHOP_DB_ENGINE: 'django.db.backends.sqlite3', SHOP_DB_NAME: file },
    query: async (sql) => {
      const database = new Sqlite(file, { timeout: 10_000 })
      try {
        database.defaultSafeIntegers(true)
        const statement = database.prepare(sql)
        if (!statement.reader) {
          statement.run()
          return []
        }
        return (statement.all() as Record<string, unknown>[]).map(asText)
      } finally {
        database.close()
      }
    },
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

async function freshPostgres(like?: string): Promise<TestDatabase> {
  const { default: pg } = await import('pg')
  const server = new URL(process.env.MIGSTATE_TEST_PG_URL as string)
  const name = `ms_${randomBytes(5).toString('hex')}`
  await postgresAdmin(`CREATE DATABASE ${name}${like === undefined ? '' : ` TEMPLATE ${like}`}`)
  const own = new URL(server.href)
  own.pathname = `/${name}`
  return {
    engine: 'postgresql',
    url: own.href,
    file: undefined,
    env: djangoEnv('django.db.backends.postgresql', own, name),
    query: async (sql) => {
      const client = new pg.Client({
        connectionString: own.href,
        types: { getTypeParser: () => (value: string) => value } as never,
        options: '-c TimeZone=UTC',
      })
      await client.connect()
      try {
        const result = await client.query(sql)
        return (Array.isArray(result) ? result.at(-1) : result).rows
      } finally {
        await client.end()
      }
    },
    drop: () => postgresAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  }
}

async function postgresAdmin(sql: string): Promise<void> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: process.env.MIGSTATE_TEST_PG_URL })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

async function freshMysql(engine: 'mysql' | 'mariadb', like?: string): Promise<TestDatabase> {
  const server = mysqlServer(engine)
  const name = `ms_${randomBytes(5).toString('hex')}`
  const run = mysqlRunner(engine)
  await run(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
  if (like !== undefined) await run(await copyOf(like, run), name)
  const own = new URL(server.href)
  own.pathname = `/${name}`
  if (!own.username) own.username = 'root'
  return {
    engine,
    url: own.href,
    file: undefined,
    env: djangoEnv('django.db.backends.mysql', own, name),
    query: (sql) => run(sql, name),
    drop: async () => {
      // A session that a failed test has left would keep its locks, and the drop would wait for them.
      for (const { id } of await run(`SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = '${name}'`)) await run(`KILL ${id}`).catch(() => [])
      await run(`DROP DATABASE IF EXISTS ${name}`)
    },
  }
}

/** Host and port of the server that a test has now; of files none. */
export function serverOf(engine: Engine): string {
  if (engine === 'sqlite') return ''
  return engine === 'postgresql' ? new URL(process.env.MIGSTATE_TEST_PG_URL as string).host : mysqlServer(engine).host
}

function mysqlServer(engine: 'mysql' | 'mariadb'): URL {
  return new URL((engine === 'mysql' ? process.env.MIGSTATE_TEST_MYSQL_URL : process.env.MIGSTATE_TEST_MARIADB_URL) as string)
}

function mysqlRunner(engine: 'mysql' | 'mariadb') {
  const server = mysqlServer(engine)
  return async (sql: string, database?: string): Promise<Values[]> => {
    const { createConnection } = await import('mysql2/promise')
    const connection = await createConnection({
      host: server.hostname,
      port: Number(server.port || 3306),
      user: decodeURIComponent(server.username) || 'root',
      password: decodeURIComponent(server.password),
      ...(database === undefined ? {} : { database }),
      dateStrings: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
      multipleStatements: true,
    })
    try {
      const [rows] = await connection.query(sql)
      return Array.isArray(rows) ? (rows as Record<string, unknown>[]).map(asText) : []
    } finally {
      await connection.end()
    }
  }
}

/** Statements that make the tables and rows of another database again, counters and foreign keys too. */
async function copyOf(like: string, run: (sql: string) => Promise<Values[]>): Promise<string> {
  const statements = ['SET FOREIGN_KEY_CHECKS = 0']
  for (const { name } of await run(`SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${like}'`)) {
    const [made] = await run(`SHOW CREATE TABLE \`${like}\`.\`${name}\``)
    statements.push(String(made?.['Create Table']), `INSERT INTO \`${name}\` SELECT * FROM \`${like}\`.\`${name}\``)
  }
  return statements.join(';\n')
}

function djangoEnv(backend: string, url: URL, name: string): Record<string, string> {
  return {
    SHOP_DB_ENGINE: backend,
    SHOP_DB_NAME: name,
    SHOP_DB_HOST: url.hostname,
    SHOP_DB_PORT: url.port,
    SHOP_DB_USER: decodeURIComponent(url.username),
    SHOP_DB_PASSWORD: decodeURIComponent(url.password),
  }
}

function asText(row: Record<string, unknown>): Values {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, value === null ? null : Buffer.isBuffer(value) ? value.toString('utf8') : String(value)]),
  )
}
