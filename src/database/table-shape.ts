import { parseObject } from './parse-object.js'
import type { Row } from './row.js'
import type { Answer } from './session.js'

/** A column of the history table. */
export interface TableColumn {
  /** As SQL has it; the four of Django in lower case. */
  name: string
  /** Ready for a cast. */
  type: string
  nullable: boolean
  /** A row that names no value for it gets one: a default, an identity, a counter. */
  filled: boolean
  /** Computed from other columns: no statement may write it. */
  generated: boolean
  /** PostgreSQL: GENERATED ALWAYS AS IDENTITY, which an UPDATE may not set. */
  fixed?: boolean
}

/** How the history table is made, as the catalogue tells it. */
export interface TableShape {
  columns: TableColumn[]
  /** An insert without an id gets one. */
  fillsId: boolean
  /** The statement that makes the column `id` as Django makes it; for who owns the table. */
  mendId: string
  /** Why nothing may be written: `is a view`, `has …`; empty for a table that can be changed and put back exactly. */
  unfit: string[]
  /** Django reads a time from the column `applied` as it is declared. */
  givesTimes: boolean
  /** The name of an engine that cannot undo half a change; null: it can. */
  looseEngine: string | null
}

const OWN: readonly string[] = ['id', 'app', 'name', 'applied']

/** What Django's table has not: it is copied and put back with each row. */
export function extraColumns({ columns }: TableShape): TableColumn[] {
  return columns.filter(({ name, generated }) => !OWN.includes(name) && !generated)
}

/** What a row may hold that four texts cannot: the extra columns, and of Django's those that may be NULL. */
export function keptApart(shape: TableShape): TableColumn[] {
  return [...shape.columns.filter(({ name, nullable }) => nullable && OWN.includes(name) && name !== 'applied'), ...extraColumns(shape)]
}

/** A new row gets no value for these, and they must have one. */
export function missingValues(shape: TableShape): string[] {
  return extraColumns(shape).flatMap(({ name, nullable, filled }) => (nullable || filled ? [] : [name]))
}

/** Extra columns of a row that are written with it, and their values. */
export function extraValues(shape: TableShape, { extra }: { extra?: Row['extra'] }): { column: TableColumn; value: string | null }[] {
  if (!extra) return []
  return extraColumns(shape).flatMap((column) => (Object.hasOwn(extra, column.name) ? [{ column, value: extra[column.name] ?? null }] : []))
}

/** A row as a database answers it: `more` is a JSON object of text for what is kept apart, null or absent where nothing is. */
export interface RawRow {
  id: string | null
  app: string | null
  name: string | null
  applied: string | null
  more?: string | null | undefined
  /** SQLite: typeof(applied). */
  type?: string | null | undefined
}

/** A row of migstate_snapshot_row with all its columns; an older version has made no `extra`. */
export interface RawSnapshotRow {
  row_id: string
  app: string
  name: string
  applied: string | null
  extra?: string | null
}

/** Of copies that hold a time as text. */
export function toSnapshotRows({ rows }: Answer): Row[] {
  return (rows as RawSnapshotRow[]).map(({ row_id: id, app, name, applied, extra: more }) => toRow({ id, app, name, applied, more }))
}

/** NULL is written out, and said to be one. */
export function toRow(raw: RawRow): Row {
  const more = raw.more == null ? {} : parseObject(raw.more)
  const isNull = (column: 'id' | 'app' | 'name') => raw[column] === null || (Object.hasOwn(more, column) && more[column] === null)
  const nulls = (['id', 'app', 'name'] as const).filter(isNull)
  const extra = Object.fromEntries(Object.entries(more).filter(([name]) => !OWN.includes(name)))
  const appliedType = raw.type === undefined ? (raw.applied === null ? 'null' : 'text') : raw.type
  return {
    id: nulls.includes('id') ? 'NULL' : String(raw.id),
    app: nulls.includes('app') ? 'NULL' : String(raw.app),
    name: nulls.includes('name') ? 'NULL' : String(raw.name),
    applied: raw.applied ?? 'NULL',
    ...(appliedType === 'text' ? {} : { appliedType: appliedType as NonNullable<Row['appliedType']> }),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
    ...(nulls.length > 0 ? { nulls } : {}),
  }
}

/** `app` and `name` as they are bound. */
export function keyOf({ app, name, nulls }: Pick<Row, 'app' | 'name' | 'nulls'>): [app: string | null, name: string | null] {
  return [nulls?.includes('app') ? null : app, nulls?.includes('name') ? null : name]
}

/** `applied` as it is bound where a type is no matter of a value. */
export function appliedValue({ applied, appliedType }: { applied: string; appliedType?: Row['appliedType'] }): string | null {
  return appliedType === 'null' ? null : applied
}
