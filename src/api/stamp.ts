import type { Database } from '../database/index.js'
import type { ProjectFiles } from '../project/index.js'
import type { Warnings } from '../errors/index.js'

/**
 * The time zone of `applied` for new rows, as this project's Django would write it: UTC (USE_TZ) or TIME_ZONE
 * (django/db/backends: adapt_datetimefield_value; django/utils/timezone.py: now). null where it is not known.
 */
export function zoneFor(database: Database, project: ProjectFiles | null, databaseTimeZone: string | null, warnings: Warnings): string | null {
  if (database.dialect.timeKept(database.table) === 'instant') return 'UTC'
  const zone = zoneOf(project, databaseTimeZone)
  if (zone === null) warnings.add('time-zone-unknown', 'USE_TZ or TIME_ZONE of the project is not known, so new rows get the time in UTC')
  return zone
}

/** `applied` for a new row, now or at an ISO time: an instant where the column stores instants, else naive text in the zone. */
export function zoneStamper(database: Database, zone: string | null): (at?: string | null) => string {
  const { dialect, table } = database
  const kept = dialect.timeKept(table)
  const fraction = (digits: string) => dialect.fractionText(table, digits)
  return (at) => {
    const time = format(at ? microsecondsOf(at) : microseconds(), kept === 'instant' ? 'UTC' : (zone ?? 'UTC'), fraction)
    return kept === 'day' ? time.slice(0, 10) : kept === 'instant' ? `${time}+00` : time
  }
}

/** `2024-03-10T02:30:00.123456Z`, to the microsecond. */
function microsecondsOf(iso: string): bigint {
  const [seconds, fraction = ''] = iso.replace(/Z$/, '').split('.') as [string, string?]
  return BigInt(Date.parse(`${seconds}Z`)) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'))
}

function zoneOf(project: ProjectFiles | null, databaseTimeZone: string | null): string | null {
  if (!project || project.useTz === null) return null
  const zone = project.useTz ? (databaseTimeZone ?? 'UTC') : project.timeZone
  if (zone === null || zone === 'UTC') return zone
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

/** `YYYY-MM-DD HH:MM:SS` and the fraction in the form of the database. */
export function format(instant: bigint, timeZone: string, fraction: (digits: string) => string): string {
  const time = new Date(Number(instant / 1000n))
  const digits = (instant % 1_000_000n).toString().padStart(6, '0')
  // The first use of Intl takes more than ten milliseconds.
  const seconds = timeZone === 'UTC' ? time.toISOString().slice(0, 19).replace('T', ' ') : inZone(time, timeZone)
  return seconds + fraction(digits)
}

function inZone(time: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(time)
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}:${part('second')}`
}
