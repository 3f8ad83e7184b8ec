import type { TestDatabase } from './databases.js'
import { whenTestEnds } from './endings.js'
import { until } from './until.js'

/**
 * Holds the history table as a long query, a dump or another deploy does.
 * @returns a function that lets it go; it is let go when the test ends, too
 */
export async function holdTable(database: TestDatabase): Promise<() => Promise<void>> {
  const free = await hold(database)
  let held = true
  const once = async () => {
    if (held) await free()
    held = false
  }
  whenTestEnds(once)
  return once
}

async function hold({ engine, url, file }: TestDatabase): Promise<() => Promise<void>> {
  if (engine === 'sqlite') {
    const { default: Sqlite } = await import('better-sqlite3')
    const holder = new Sqlite(file as string)
    holder.exec('BEGIN IMMEDIATE')
    return async () => void holder.close()
  }
  if (engine === 'postgresql') {
    const { default: pg } = await import('pg')
    const holder = new pg.Client({ connectionString: url, application_name: 'nightly vacuum' })
    await holder.connect()
    await holder.query('BEGIN; LOCK TABLE django_migrations IN ACCESS SHARE MODE')
    return () => holder.end()
  }
  const { createConnection } = await import('mysql2/promise')
  const holder = await createConnection(url.replace('mariadb:', 'mysql:'))
  await holder.query('LOCK TABLES django_migrations READ')
  return () => holder.end()
}

/** Ends every session in this database that is migstate's own, as a server that goes down does. */
export async function killSessions({ engine, query }: TestDatabase): Promise<void> {
  if (engine === 'postgresql')
    return void (await query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'migstate%'"))
  for (const { id } of await query('SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()'))
    await query(`KILL ${id}`)
}

/** On a server: somebody waits for a lock that another session holds. */
export async function someoneWaits({ engine, query }: TestDatabase): Promise<boolean> {
  const found = await query(
    engine === 'postgresql'
      ? 'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0'
      : "SELECT id FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE LIKE 'Waiting for table%'",
  )
  return found.length > 0
}

/**
 * PostgreSQL: waits until nobody else is in the database. A session tells its statistics before it leaves pg_stat_activity
 * (pgstat_shutdown_hook runs before pgstat_beshutdown_hook), so that after this the numbers are whole.
 * @param ask a query in another database, or one whose own session does not count
 */
export async function sessionsEnded(ask: (sql: string) => Promise<unknown[]>, database = 'pg_catalog.current_database()'): Promise<void> {
  const others = `SELECT pid FROM pg_stat_activity WHERE datname = ${database} AND pid <> pg_backend_pid() AND backend_type = 'client backend'`
  await until('every session has ended', async () => (await ask(others)).length === 0)
}
