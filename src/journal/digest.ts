import { createHash, randomBytes } from 'node:crypto'
import { byId, type Row } from '../database/row.js'

/**
 * sha256 of the canonical rows: one JSON list [id, app, name, applied, appliedType] for each line, in order of id. A row with more than four
 * texts has a sixth member: the pairs [column, text or null] of its extra columns and of what is NULL, in order of their names.
 */
export function digestOf(rows: readonly Row[]): string {
  return digest(rows, ({ applied, appliedType }) => [applied, appliedType ?? null])
}

/** Before format 2 a time that is NULL was null on a server, and no text. */
export function hasDigest(rows: readonly Row[], wanted: string): boolean {
  return (
    digestOf(rows) === wanted || digest(rows, ({ applied, appliedType }) => (appliedType === 'null' ? [null, null] : [applied, appliedType ?? null])) === wanted
  )
}

function digest(rows: readonly Row[], time: (row: Row) => unknown[]): string {
  const hash = createHash('sha256')
  for (const row of [...rows].sort(byContent)) hash.update(`${JSON.stringify([row.id, row.app, row.name, ...time(row), ...moreOf(row)])}\n`)
  return hash.digest('hex')
}

/** Rows of one id, or none, have an order too. */
function byContent(left: Row, right: Row): number {
  const order = byId(left, right)
  if (order !== 0) return order
  const [one, other] = [left, right].map((row) => JSON.stringify([row.applied, row.appliedType ?? null, ...moreOf(row)])) as [string, string]
  return one < other ? -1 : one > other ? 1 : 0
}

function moreOf({ extra = {}, nulls = [] }: Row): [column: string, value: string | null][][] {
  const pairs = [...Object.entries(extra), ...nulls.map((column): [string, null] => [column, null])]
  return pairs.length === 0 ? [] : [pairs.sort(([left], [right]) => (left < right ? -1 : 1))]
}

/** Short enough to type a part of, long enough never to meet twice in one journal. */
export function newId(): string {
  return randomBytes(6).toString('hex')
}
