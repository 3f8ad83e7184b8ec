import { byId, type Row } from '../../database/index.js'
import { keyOf } from '../../migrations/index.js'
import { type Facts, hasOwnId } from '../facts.js'
import type { Found } from '../finding.js'
import { mendRows } from '../words.js'

/** Harmless to Django; scripts and hand-written statements meet them. */
export function duplicates(facts: Facts): Found[] {
  const { rows } = facts
  const byKey = new Map<string, Row[]>()
  for (const row of [...rows].sort(byId)) byKey.set(keyOf(row), [...(byKey.get(keyOf(row)) ?? []), row])
  return [...byKey.values()].flatMap((same): Found[] => {
    const [first, ...rest] = same as [Row, ...Row[]]
    if (rest.length === 0) return []
    const ids = rest.map(({ id }) => id)
    // Without ids of their own no statement can tell them apart.
    const canTell = rest.every((row) => hasOwnId(facts, row))
    return [
      {
        code: 'duplicate',
        severity: 'warning',
        app: first.app,
        migration: first.name,
        message: `${first.app}.${first.name} is recorded ${same.length} times. Django counts the rows as one; what compares or deletes rows by hand does not.`,
        evidence: same.map(({ id, applied }) => `id ${id}, applied ${applied}`),
        repairs: canTell ? [mendRows({ do: 'delete', ids }, `keeps the earliest row (id ${first.id}) and its time`, { recommended: true, safe: true })] : [],
        about: [`${first.app}.${first.name}`],
        explains: [],
        place: 0,
      },
    ]
  })
}
