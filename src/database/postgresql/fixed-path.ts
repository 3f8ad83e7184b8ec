import { quoteIdentifier } from '../identifier.js'

/**
 * The database's owner may have planted functions, operators, casts and types under the names that the tool uses (CVE-2018-1058): only
 * what is pg_catalog's is ever found, without a schema before its name. pg_temp stands last, or it would be first (manual 20.11.1).
 */
export const FIXED_PATH = 'pg_catalog, pg_temp'

/**
 * Settings of every transaction. Through a transaction pooler those of the session do not hold, and there they would be left behind for
 * others. A row that a policy hides is an error and not a missing row; constraints are not looked at by the planner, which would run
 * their functions.
 */
const OF_TRANSACTION = [
  `search_path = ${FIXED_PATH}`,
  'row_security = off',
  'constraint_exclusion = off',
  "client_encoding = 'UTF8'",
  'standard_conforming_strings = on',
  "TimeZone = 'UTC'",
  "DateStyle = 'ISO, YMD'",
  // What a role or a database sets for others must not end an edit in the middle.
  'statement_timeout = 0',
  'idle_in_transaction_session_timeout = 0',
]

const FIX = OF_TRANSACTION.map((setting) => `SET LOCAL ${setting}`).join('; ')

/** The only way to begin a transaction; more settings of it may follow. */
export function begin(mode: string, ...more: string[]): string {
  return ['BEGIN' + (mode && ` ${mode}`), FIX, ...more].join('; ')
}

/** @throws Error for a transaction that was not begun by `begin`: a bug */
export function beginsTransaction(sql: string): boolean {
  if (!/^\s*(BEGIN|START)\b/i.test(sql)) return false
  if (!sql.includes(FIX)) throw new Error('a transaction that does not fix its search path')
  return true
}

/** For people, who look for what comes after the settings. */
export function inShort(sql: string): string {
  return sql.replace(FIX, 'SET LOCAL …')
}

/** Settings that not every release has. */
const LATER: Readonly<Record<string, string>> = {
  // A view or a foreign table in the place of a table that was looked at before is an error (CVE-2024-7348).
  restrict_nonsystem_relation_kind: 'view, foreign-table',
  // PostgreSQL 14 and 17: the session waits while a migration runs.
  idle_session_timeout: '0',
  transaction_timeout: '0',
}

/**
 * The first text of every session. It runs with a search path of the database's own choice, so each function in it has its schema, no
 * operator is met but by its schema, and nothing is cast. Asked first is what the connection itself would find.
 * @param pid of the server session, as the login told it: where another one answers, a pooler stands between, and what is set ends
 *   with this text, which is one transaction
 */
export function opening(pid: number): string {
  const local = `pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.<>) ${Math.trunc(pid)}`
  const set = (name: string, value: string) => `pg_catalog.set_config('${name}', '${value}', ${local})`
  const settings: [string, string][] = [
    ['row_security', 'off'],
    ['constraint_exclusion', 'off'],
    ['client_encoding', 'UTF8'],
    ['standard_conforming_strings', 'on'],
    ['TimeZone', 'UTC'],
    ['DateStyle', 'ISO, YMD'],
    ['IntervalStyle', 'postgres'],
    ['statement_timeout', '0'],
    ['idle_in_transaction_session_timeout', '0'],
  ]
  return [
    `SELECT pg_catalog.array_to_json(pg_catalog.current_schemas(false)) AS schemas, pg_catalog.current_setting('server_version') AS version,
            pg_catalog.current_database() AS name, pg_catalog.pg_backend_pid() AS pid, pg_catalog.pg_is_in_recovery() AS standby,
            pg_catalog.current_setting('transaction_read_only') AS read_only, pg_catalog.version() AS build,
            pg_catalog.to_regproc('pg_catalog.aurora_version') IS NOT NULL AS aurora, pg_catalog.to_regclass('pg_catalog.pg_dist_local_group') IS NOT NULL AS citus`,
    `SELECT ${set('search_path', FIXED_PATH)}`,
    `SELECT ${settings.map(([name, value]) => set(name, value)).join(', ')}`,
    `SELECT set_config(name, CASE ${Object.entries(LATER)
      .map(([name, value]) => `WHEN name = '${name}' THEN '${value}'`)
      .join(' ')} END, ${local})
       FROM pg_settings WHERE name IN (${Object.keys(LATER)
         .map((name) => `'${name}'`)
         .join(', ')})`,
  ].join('; ')
}

/** Django's `assume_role`: before anything is asked, for what a session finds may depend on its role. */
export function setRole(role: string, local: boolean): string {
  return `SET ${local ? 'LOCAL ' : ''}ROLE ${quoteIdentifier(role, '"', 63)}`
}

/** A transaction of a session whose settings do not hold from one to the next. */
export function withRole(sql: string, role: string): string {
  return sql.replace(FIX, `${FIX}; ${setRole(role, true)}`)
}

/** Statements wait no longer than this for a lock, and are tried again. */
export const LOCK_TIMEOUT = "SET LOCAL lock_timeout = '500ms'"
