import { driverVersions } from '../database/index.js'
import { NEWEST_KNOWN, OLDEST_KNOWN } from '../migrations/index.js'

export interface VersionResult {
  migstate: string
  node: string
  platform: string
  /** By package; null where it is not installed. */
  drivers: Record<string, string | null>
  /** The oldest and the newest Django whose rules have been compared with Django itself. */
  django: { from: string; to: string }
}

export function versions(migstate: string): VersionResult {
  return {
    migstate,
    node: process.version.slice(1),
    platform: `${process.platform}-${process.arch}`,
    drivers: driverVersions(),
    django: { from: OLDEST_KNOWN, to: NEWEST_KNOWN },
  }
}
