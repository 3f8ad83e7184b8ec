import { createHash, randomBytes } from 'node:crypto'
import { byId, type Row } from '../database/row.js'

/** sha256 of the canonical rows: one JSON list [id, app, name, applied, appliedType] for each line, in order of id. */
export function digestOf(rows: readonly Row[]): string {
  const hash = createHash('sha256')
  for (const row of [...rows].sort(byId)) hash.update(`${JSON.stringify([row.id, row.app, row.name, row.applied, row.appliedType ?? null])}\n`)
  return hash.digest('hex')
}

/** Short enough to type a part of, long enough never to meet twice in one journal. */
export function newId(): string {
  return randomBytes(6).toString('hex')
}
