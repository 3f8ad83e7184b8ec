/** All rows and the counter, seen at one moment. */
export interface History {
  /** In order of id. */
  rows: Row[]
  /** The id that the next insert gets; null without a counter. */
  sequence: string | null
}

/** One row of `django_migrations`, exact: no driver's number or date type ever touches a value. */
export interface Row {
  /** Decimal digits; 64-bit safe. */
  id: string
  app: string
  name: string
  /**
   * The stored value in the database's own form: `2024-03-10 02:30:00.123456+00` (UTC) on PostgreSQL, as stored elsewhere.
   * A SQLite value that is not text is its SQL literal, with `appliedType`.
   */
  applied: string
  appliedType?: SqliteType
  /** Columns that Django's table has not, as text in the database's own form (SQLite: as literals); absent where there are none or it is not known. */
  extra?: Readonly<Record<string, string | null>>
  /** What is NULL though Django's table allows none; its text is then `NULL`. */
  nulls?: readonly ('id' | 'app' | 'name')[]
}

/** What SQLite's typeof() says of a value that is not text; of the others there is only `null`. */
export type SqliteType = 'integer' | 'real' | 'blob' | 'null'

/** A row that does not exist yet: without `id` the database gives it the next one. */
export interface NewRow extends Omit<Row, 'id'> {
  id?: string
}

/** Equal to the last microsecond and storage type, and in the extra columns that both know. */
export function sameRow(left: Row, right: Row): boolean {
  const same = left.id === right.id && left.app === right.app && left.name === right.name && sameApplied(left, right)
  return same && sameNulls(left, right) && sameExtra(left, right)
}

/** A column that has come or gone since, or that an older version has not copied, is no difference of a row. */
export function sameExtra({ extra: left = {} }: Partial<Row>, { extra: right = {} }: Partial<Row>): boolean {
  return Object.entries(left).every(([name, value]) => !Object.hasOwn(right, name) || right[name] === value)
}

function sameNulls(left: Row, right: Row): boolean {
  return (left.nulls ?? []).join() === (right.nulls ?? []).join()
}

/** Rows that one id names and no other row has. */
export function namedRows(rows: readonly Row[]): Set<Row> {
  const times = new Map<string, number>()
  for (const { id } of rows) times.set(id, (times.get(id) ?? 0) + 1)
  return new Set(rows.filter((row) => times.get(row.id) === 1 && !row.nulls?.includes('id')))
}

export function sameApplied(left: Omit<Row, 'id'>, right: Omit<Row, 'id'>): boolean {
  return left.applied === right.applied && left.appliedType === right.appliedType
}

/** By id as a number; rows of a damaged table with equal ids keep a stable order. */
export function byId(left: Row, right: Row): number {
  const difference = toNumber(left.id) - toNumber(right.id)
  if (difference !== 0n) return difference < 0n ? -1 : 1
  return left.app < right.app ? -1 : left.app > right.app ? 1 : left.name < right.name ? -1 : left.name > right.name ? 1 : 0
}

export function highestId(rows: readonly Row[]): bigint {
  return rows.reduce((highest, row) => (toNumber(row.id) > highest ? toNumber(row.id) : highest), 0n)
}

function toNumber(id: string): bigint {
  return /^-?\d+$/.test(id) ? BigInt(id) : 0n
}
