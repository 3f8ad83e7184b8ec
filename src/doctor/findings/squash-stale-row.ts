import { holesOf, keyOf, pairOf } from '../../migrations/index.js'
import { type Facts, hasOwnId, placeOf } from '../facts.js'
import type { Found } from '../finding.js'
import { listed, mendRows, nameOfKey, repair } from '../words.js'
import { squashStates } from './squashes.js'

/** The squash has a row although only some of its parts have: it was taken back in part (Django before 4.0 leaves the row). */
export function staleSquashRows(facts: Facts): Found[] {
  const holes = facts.view ? holesOf(facts.view) : new Set<string>()
  return squashStates(facts).flatMap(({ key, own, recorded, missing, gone }): Found[] => {
    if (!own || recorded.length === 0 || missing.length === 0 || gone.length > 0) return []
    // Lost rows of parts are the cause, and findings of their own.
    if (missing.every((part) => holes.has(part))) return []
    const [app, name] = pairOf(key)
    const squashRows = facts.rows.filter((row) => keyOf(row) === key)
    const ids = squashRows.map(({ id }) => id)
    return [
      {
        code: 'squash-stale-row',
        severity: 'warning',
        app,
        migration: name,
        message: `${app}.${name} is recorded, but ${listed(missing.map(nameOfKey))} of what it replaces ${missing.length === 1 ? 'is' : 'are'} not. Django does not count its row, and works with its parts.`,
        evidence: [`recorded: ${listed(recorded.map(nameOfKey))}`, `the row of the squash: id ${ids.join(', ')}`],
        repairs: [
          repair('python manage.py migrate', 'runs the parts that are missing; then the row is right', { recommended: true }),
          ...(squashRows.every((row) => hasOwnId(facts, row)) ? [mendRows({ do: 'delete', ids }, 'takes only the row of the squash out')] : []),
        ],
        about: [nameOfKey(key), ...missing.map(nameOfKey)],
        explains: [],
        place: placeOf(facts, key),
      },
    ]
  })
}
