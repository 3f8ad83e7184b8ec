import { pairOf } from '../../migrations/index.js'
import { evidenceFor, type Facts, placeOf } from '../facts.js'
import type { Found } from '../finding.js'
import { countLine, listed, nameOfKey, operationLines, recordRows, repair } from '../words.js'
import { squashStates } from './squashes.js'

/** Some parts are recorded, and some of the others have no file: Django can take neither the squash nor its parts. */
export function partialSquashes(facts: Facts): Found[] {
  return squashStates(facts).flatMap(({ key, recorded, missing, gone }): Found[] => {
    if (recorded.length === 0 || gone.length === 0) return []
    const [app, name] = pairOf(key)
    const evidence = evidenceFor(facts, key)
    const ran = evidence?.verdict === 'ran'
    return [
      {
        code: 'squash-partial',
        severity: 'error',
        app,
        migration: name,
        message: `${app}.${name} replaces ${recorded.length + missing.length} migrations, of which ${listed(missing.map(nameOfKey))} ${missing.length === 1 ? 'is' : 'are'} not recorded and ${listed(gone.map(nameOfKey))} ${gone.length === 1 ? 'has' : 'have'} no file. Django can use neither the squash nor its parts.`,
        evidence: [`recorded: ${listed(recorded.map(nameOfKey))}`, ...(evidence ? [countLine(evidence), ...operationLines(evidence)] : [])],
        repairs: [
          recordRows(
            [key],
            ran ? 'all that the squash does is there already: writes the rows that are missing' : 'only if what is not recorded ran all the same',
            {
              recommended: ran,
              safe: ran,
            },
          ),
          repair(
            `git log --all --diff-filter=D --name-only -- '*/${pairOf(gone[0] as string)[1]}.py'`,
            'else get the files back (or the release that had them), and migrate',
          ),
        ],
        about: [nameOfKey(key), ...missing.map(nameOfKey), ...recorded.map(nameOfKey), ...(evidence?.about ?? [])],
        explains: [key, ...missing],
        place: placeOf(facts, key),
      },
    ]
  })
}
