import { MigstateError } from '../../errors/index.js'
import type { HistoryTable } from '../history-table.js'
import { quoteIdentifier } from '../identifier.js'
import { canWrite, sayUnwritable } from '../side-tables.js'
import { keptApart, type TableColumn, type TableShape } from '../table-shape.js'

const quote = (name: string) => quoteIdentifier(name, '`', 256)

export interface FoundColumn {
  name: string
  type: string
  nullable: string
  given: unknown
  /** MariaDB: its default draws from a sequence. */
  drawn: unknown
  extra: string
  keyed: string
}

/** @throws MigstateError `table-unfit` for a view: LOCK TABLES would lock what is behind it, and it may hide rows */
export function refuseView(name: string, type: string): void {
  if (type === 'BASE TABLE') return
  const what = `is a ${type.toLowerCase()}`
  throw new MigstateError('table-unfit', `${name} ${what}, so its rows can neither be copied nor be put back for sure.`, {
    hint: 'Name the table behind it with --table.',
    details: { found: [what] },
  })
}

export function shapeOf(name: string, engine: string | null, found: readonly FoundColumn[]): TableShape {
  const columns = found.map(toColumn)
  const id = found.find((column) => column.name.toLowerCase() === 'id')
  const number = /^(tiny|small|medium|big)?int/i.test(id?.type ?? '') ? (id?.type as string) : 'bigint'
  return {
    columns: columns.filter(canWrite),
    fillsId: /auto_increment/i.test(id?.extra ?? ''),
    mendId: `ALTER TABLE ${quote(name)} MODIFY id ${number} NOT NULL AUTO_INCREMENT${id?.keyed === 'PRI' ? '' : ' PRIMARY KEY'};`,
    unfit: [...sayUnwritable(columns), ...sayDrawn(found)],
    givesTimes: keepsTimes(found.find((column) => column.name.toLowerCase() === 'applied')?.type ?? 'datetime'),
    looseEngine: engine !== null && engine !== 'InnoDB' ? engine : null,
  }
}

/** A sequence is a table of its own, which LOCK TABLES would have to name. */
function sayDrawn(found: readonly FoundColumn[]): string[] {
  return found.flatMap(({ name, drawn }) => (String(drawn) === '1' ? [`the column ${name} draws its default from a sequence`] : []))
}

/** MariaDB says the default of a column that may be NULL as a text `NULL`, which is no value. */
function toColumn({ name, type, nullable, given, extra }: FoundColumn): TableColumn {
  const own = ['id', 'app', 'name', 'applied'].includes(name.toLowerCase())
  return {
    name: own ? name.toLowerCase() : name,
    type,
    nullable: nullable === 'YES',
    filled: nullable !== 'YES' && (String(given) === '1' || /auto_increment|DEFAULT_GENERATED/i.test(extra)),
    generated: /\b(VIRTUAL|STORED|PERSISTENT) GENERATED\b|^(VIRTUAL|PERSISTENT|STORED)$/i.test(extra),
  }
}

/** What is no text is written as hexadecimal digits; of FLOAT the server shows six digits only, of its double all. */
/** Why the table is not altered by the tool there (dev.mysql.com, implicit-commit). */
export const COMMITS = 'ALTER TABLE commits by itself on this server'

const isBytes = ({ type }: TableColumn) =>
  /^(tiny|medium|long)?(blob|binary|varbinary)|^bit|^geometry|^(multi)?(point|linestring|polygon)|^geomcollection|^geometrycollection|^vector/i.test(type)

function asText(column: TableColumn): string {
  const name = quote(column.name)
  if (isBytes(column)) return `HEX(${/^bit/i.test(column.type) ? `CAST(${name} AS UNSIGNED)` : name})`
  return /^float/i.test(column.type) ? `CAST(${name} + 0e0 AS CHAR)` : `CAST(${name} AS CHAR)`
}

/** SQL for a value that was read with `asText`. */
export function place(column: TableColumn): string {
  if (/^bit/i.test(column.type)) return 'CAST(CONV(?, 16, 10) AS UNSIGNED)'
  return isBytes(column) ? 'UNHEX(?)' : '?'
}

/** The JSON of what four texts cannot hold, as SQL; null where there is nothing. */
export function moreOf({ shape }: HistoryTable): string | null {
  const columns = keptApart(shape)
  if (columns.length === 0) return null
  return `CAST(JSON_OBJECT(${columns.map((column) => `${literal(column.name)}, ${asText(column)}`).join(', ')}) AS CHAR)`
}

/** Django converts what the driver gives it (django/db/backends/mysql/operations.py, convert_datetimefield_value): only these give it a datetime. */
function keepsTimes(appliedType: string): boolean {
  return /^(datetime|timestamp)\b/i.test(appliedType)
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

export const quoted = quote
