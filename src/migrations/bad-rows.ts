import type { Row } from '../database/row.js'
import type { Rules } from '../django/rules.js'
import type { Gate } from './gate.js'

/** A column `applied` whose type gives Django no times. */
export interface TimeColumn {
  /** As the catalogue writes it. */
  type: string
}

/** With USE_TZ the converter of MySQL's backend asks each value for its offset (convert_datetimefield_value, timezone.make_aware). */
function ofColumn({ type }: TimeColumn, { app, name }: Pick<Row, 'app' | 'name'>): Gate {
  const python = PYTHON.find(([pattern]) => pattern.test(type))?.[1] ?? 'str'
  return { gate: 'bad-row', exception: 'AttributeError', message: `'${python}' object has no attribute 'utcoffset'`, migrations: [[app, name]] }
}

/** What the drivers make of a column's values (MySQLdb.converters, pymysql.converters). */
const PYTHON: readonly [RegExp, string][] = [
  [/^date\b/i, 'datetime.date'],
  [/^time\b/i, 'datetime.timedelta'],
  [/^((tiny|small|medium|big)?int|year)/i, 'int'],
  [/^(float|double)/i, 'float'],
  [/^decimal/i, 'decimal.Decimal'],
  [/(blob|binary)/i, 'bytes'],
]

/**
 * Rows whose `applied` this Django cannot read. Since 3.0 the recorder fetches whole rows, and one bad time stops every command
 * (recorder.py `applied_migrations`). A text that does not look like a time at all is None for Django, and no error
 * (django/utils/dateparse.py `parse_datetime`).
 */
export function badRows(
  rows: readonly (Pick<Row, 'app' | 'name' | 'appliedType'> & { applied?: string })[],
  rules: Rules,
  engine?: string,
  column?: TimeColumn,
): Gate[] {
  if (!rules.readsApplied) return []
  const [first] = rows
  if (column && first) return [ofColumn(column, first)]
  return rows.flatMap((row) => {
    if (row.applied === undefined || row.appliedType !== undefined) return []
    const reason = engine === 'sqlite' ? sqliteReason(row.applied) : engine === 'postgresql' ? postgresqlReason(row.applied) : undefined
    if (reason === undefined) return []
    const message = `The row ${row.app}.${row.name} has "${row.applied}" in "applied": ${reason}`
    return [{ gate: 'bad-row' as const, exception: engine === 'sqlite' ? 'ValueError' : null, message, migrations: [[row.app, row.name] as [string, string]] }]
  })
}

/** django/utils/dateparse.py, `datetime_re`: what matches is given to `datetime(...)`, which refuses what is out of range. */
const DATETIME = /^(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d{1,6}\d{0,6})?)?\s*(?:Z|[+-]\d{2}(?::?\d{2})?)?$/

function sqliteReason(applied: string): string | undefined {
  const match = DATETIME.exec(applied)
  if (!match) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number]
  if (year < 1) return 'year 0 is out of range'
  if (month < 1 || month > 12) return 'month must be in 1..12'
  if (day < 1 || day > new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()) return 'day is out of range for month'
  if (hour > 23) return 'hour must be in 0..23'
  if (minute > 59) return 'minute must be in 0..59'
  if (second > 59) return 'second must be in 0..59'
  return undefined
}

/** A Python datetime holds the years 1 to 9999, and no infinity (psycopg refuses the rest). */
function postgresqlReason(applied: string): string | undefined {
  if (/infinity/.test(applied)) return 'Python has no such time'
  return / BC$/.test(applied) || /^\d{5,}-/.test(applied) ? 'the year is out of range' : undefined
}
