import { byId, type Row } from '../../database/index.js'
import { keyOf } from '../../migrations/index.js'
import type { Facts } from '../facts.js'
import type { Found } from '../finding.js'
import { repair } from '../words.js'

/** Harmless to Django; scripts and hand-written statements meet them. */
export function duplicates({ rows, table }: Facts): Found[] {
  const byKey = new Map<string, Row[]>()
  for (const row of [...rows].sort(byId)) byKey.set(keyOf(row), [...(byKey.get(keyOf(row)) ?? []), row])
  return [...byKey.values()].flatMap((same): Found[] => {
    const [first, ...rest] = same as [Row, ...Row[]]
    if (rest.length === 0) return []
    const ids = rest.map(({ id }) => id)
    // Without ids of their own no statement can tell them apart.
    const canTell = ids.every((id) => /^-?\d+$/.test(id) && id !== first.id) && new Set(ids).size === ids.length
    return [
      {
        code: 'duplicate',
        severity: 'warning',
        app: first.app,
        migration: first.name,
        message: `${first.app}.${first.name} is recorded ${same.length} times. Django counts the rows as one; what compares or deletes rows by hand does not.`,
        evidence: same.map(({ id, applied }) => `id ${id}, applied ${applied}`),
        repairs: canTell
          ? [
              repair(`DELETE FROM ${table?.sql} WHERE id IN (${ids.join(', ')});`, `keeps the earliest row (id ${first.id}) and its time`, {
                recommended: true,
                safe: true,
              }),
            ]
          : [],
        about: [`${first.app}.${first.name}`],
        explains: [],
        place: 0,
      },
    ]
  })
}
