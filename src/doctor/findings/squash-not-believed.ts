import { pairOf } from '../../migrations/index.js'
import { evidenceFor, type Facts, placeOf } from '../facts.js'
import type { Found } from '../finding.js'
import { countLine, listed, nameOfKey, operationLines, recordRows, unrecordRows } from '../words.js'
import { squashStates } from './squashes.js'

/** The squash has a row, none of its parts has: while the file has `replaces`, Django believes only the parts. */
export function unbelievedSquashes(facts: Facts): Found[] {
  return squashStates(facts).flatMap(({ key, own, recorded, missing }): Found[] => {
    if (!own || recorded.length > 0 || missing.length === 0) return []
    const [app, name] = pairOf(key)
    const evidence = evidenceFor(facts, key)
    const [ran, never] = [evidence?.verdict === 'ran', evidence?.verdict === 'not run']
    return [
      {
        code: 'squash-not-believed',
        severity: 'error',
        app,
        migration: name,
        message: `${app}.${name} is recorded, but none of the ${missing.length} migrations that it replaces is. While its file has "replaces", Django believes only their rows: it counts as not applied, and manage.py migrate would run it.`,
        evidence: [`not recorded: ${listed(missing.map(nameOfKey))}`, ...(evidence ? [countLine(evidence), ...operationLines(evidence)] : [])],
        repairs: never
          ? [unrecordRows([key], 'nothing of it is there: migrate then runs it', { recommended: true, safe: true })]
          : [
              recordRows([key], ran ? 'all that it does is there already: writes the rows of its parts' : 'if it ran', {
                recommended: ran,
                safe: ran,
              }),
            ],
        about: [nameOfKey(key), ...missing.map(nameOfKey), ...(evidence?.about ?? [])],
        explains: [key, ...missing],
        place: placeOf(facts, key),
      },
    ]
  })
}
