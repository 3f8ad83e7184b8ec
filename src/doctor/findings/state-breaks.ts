import { makeKey } from '../../migrations/index.js'
import { type Facts, placeOf } from '../facts.js'
import type { Found } from '../finding.js'
import { repair } from '../words.js'

/** A step of `migrate` about a model or a field that the applied migrations do not make: Django dies there, although its plan lists it. */
export function stateBreaks(facts: Facts): Found[] {
  const { stateBreak } = facts
  if (!stateBreak) return []
  const { app, name, operation, line, reason } = stateBreak
  return [
    {
      code: 'state-breaks',
      severity: 'error',
      app,
      migration: name,
      message: `manage.py migrate would come to ${app}.${name} and die there: ${operation} (line ${line}) is about something that is not there; ${reason}.`,
      evidence: [
        'Django says KeyError, FieldDoesNotExist or "has no field", and not which migration is missing',
        'what makes it was deleted, was squashed away, or is not counted as applied',
      ],
      repairs: [repair(`migstate graph ${app}`, 'to see what stands on what, and what counts as applied')],
      about: [`${app}.${name}`],
      explains: [],
      place: placeOf(facts, makeKey(app, name)),
    },
  ]
}
