import { createRequire } from 'node:module'
import { sqliteDriver } from './sqlite/driver.js'

/** Set by the build for the drivers that are inside the bundle. */
declare const __DRIVER_VERSIONS__: Record<string, string> | undefined

/** Versions of the drivers that are used, by package (SQLite's own version for `node:sqlite`); null where one is not installed. */
export function driverVersions(): Record<string, string | null> {
  const bundled = typeof __DRIVER_VERSIONS__ === 'undefined' ? {} : __DRIVER_VERSIONS__
  const sqlite = sqliteDriver()
  return { ...Object.fromEntries(['pg', 'mysql2'].map((name) => [name, bundled[name] ?? installedVersion(name)])), [sqlite.name]: sqlite.version }
}

function installedVersion(name: string): string | null {
  try {
    return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version
  } catch {
    return null
  }
}
