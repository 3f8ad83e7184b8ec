import { appOf, type Key, makeKey } from '../../migrations/index.js'
import { type Facts, placeOf } from '../facts.js'
import type { Found } from '../finding.js'
import { repair } from '../words.js'

/** A step of `migrate` about a model or a field that the applied migrations do not make: Django dies there, although its plan lists it. */
export function stateBreaks(facts: Facts, explained: ReadonlySet<Key> = new Set()): Found[] {
  const { stateBreak } = facts
  // Where a finding says already what of that app does not count, this is a symptom of it.
  if (!stateBreak || [...explained].some((key) => appOf(key) === stateBreak.missesOf)) return []
  const { app, name, operation, line, reason, about, before } = stateBreak
  const where = before
    ? `manage.py migrate dies before its first step, also where it has nothing to do: ${app}.${name} (${operation}, line ${line})`
    : `manage.py migrate would come to ${app}.${name} and die there: ${operation} (line ${line})`
  return [
    {
      code: 'state-breaks',
      severity: 'error',
      app,
      migration: name,
      message: `${where} is about something that is not there; ${reason}.`,
      evidence: [
        before || about.length > 2
          ? 'Django says "was declared with a lazy reference", and not which migration is missing'
          : 'Django says KeyError, FieldDoesNotExist or "has no field", and not which migration is missing',
        'what makes it was deleted, was squashed away, or is not counted as applied',
      ],
      repairs: [repair(`migstate graph ${app}`, 'to see what stands on what, and what counts as applied')],
      about: [`${app}.${name}`, ...about],
      explains: [],
      place: placeOf(facts, makeKey(app, name)),
    },
  ]
}
