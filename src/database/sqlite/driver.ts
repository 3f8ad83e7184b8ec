import { createRequire } from 'node:module'
import type { Knex } from 'knex'
import { type Builtin, builtinSqlite, nodeSqlite } from './node-sqlite.js'

/**
 * better-sqlite3 12 removes a hook of Node's from within the garbage collection, and Node 24.19 aborts the process there
 * (node_object_wrap.h); 13 is built on Node-API and does not.
 */
const SAFE_WITH = { node: 24, driver: 13 }

/** The drivers by name, with the version of their package or of SQLite itself. */
export type SqliteDriver = { name: 'better-sqlite3'; version: string | null } | { name: 'node:sqlite'; version: string; builtin: Builtin }

/** better-sqlite3 where it is there, fits this Node and starts; else Node's own SQLite; else better-sqlite3, whose error tells what is missing. */
export function sqliteDriver(): SqliteDriver {
  const require = createRequire(import.meta.url)
  const version = versionOf(require)
  const builtin = builtinSqlite()
  if (builtin === null || (version !== null && works(require, version))) return { name: 'better-sqlite3', version }
  return { name: 'node:sqlite', version: process.versions.sqlite ?? '', builtin }
}

/** What Knex takes for `client`. */
export async function sqliteClient(): Promise<Knex.Config['client']> {
  const driver = sqliteDriver()
  if (driver.name === 'better-sqlite3') return driver.name
  // @ts-expect-error Knex declares no types for its dialects
  const { default: Dialect } = (await import('knex/lib/dialects/better-sqlite3/index.js')) as { default: new (config: object) => object }
  const client = class extends Dialect {
    _driver(): unknown {
      return nodeSqlite(driver.builtin)
    }
  }
  return client as unknown as typeof Knex.Client
}

function versionOf(require: NodeJS.Require): string | null {
  try {
    return (require('better-sqlite3/package.json') as { version: string }).version
  } catch {
    return null
  }
}

function works(require: NodeJS.Require, version: string): boolean {
  if (major(process.versions.node) >= SAFE_WITH.node && major(version) < SAFE_WITH.driver) return false
  try {
    // Its binary is loaded by the first database, and may be missing or built for another Node.
    const Database = require('better-sqlite3') as new (path: string) => { close(): void }
    new Database(':memory:').close()
    return true
  } catch {
    return false
  }
}

const major = (version: string) => Number.parseInt(version, 10)
