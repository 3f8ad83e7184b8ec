import type { Database } from '../database/index.js'
import type { ProjectFiles } from '../django/index.js'
import type { Warnings } from '../errors/index.js'

/**
 * `applied` for a new row as this project's Django would write it: an instant where the column stores instants, else naive
 * text in UTC (USE_TZ) or in TIME_ZONE (django/db/backends/*: adapt_datetimefield_value; django/utils/timezone.py: now).
 */
export function stamper(database: Database, project: ProjectFiles | null, databaseTimeZone: string | null, warnings: Warnings): () => string {
  if (database.dialect.capabilities.storesInstants) return () => format(microseconds(), 'UTC', '+00')
  const zone = zoneOf(project, databaseTimeZone)
  if (zone === null) warnings.add('time-zone-unknown', 'USE_TZ or TIME_ZONE of the project is not known, so new rows get the time in UTC')
  return () => format(microseconds(), zone ?? 'UTC', '')
}

function zoneOf(project: ProjectFiles | null, databaseTimeZone: string | null): string | null {
  if (!project || project.useTz === null) return null
  const zone = project.useTz ? (databaseTimeZone ?? 'UTC') : project.timeZone
  if (zone === null) return null
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone })
    return zone
  } catch {
    return null
  }
}

/** Microseconds since the epoch. */
function microseconds(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000))
}

/** `YYYY-MM-DD HH:MM:SS.ffffff`, the fraction left out when it is zero, as Python's str(datetime) does. */
export function format(instant: bigint, timeZone: string, suffix: string): string {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(new Date(Number(instant / 1000n)))
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
  const fraction = (instant % 1_000_000n).toString().padStart(6, '0')
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}:${part('second')}${fraction === '000000' ? '' : `.${fraction}`}${suffix}`
}
