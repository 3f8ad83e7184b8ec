import { appOf, ghostsOf, keyOf, nameOf, pairOf } from '../../migrations/index.js'
import { evidenceFor, type Facts, placeOf, readApps } from '../facts.js'
import type { Found } from '../finding.js'
import { countLine, counted, listed, nameOfKey, operationLines, recordRows, repair } from '../words.js'
import { squashStates } from './squashes.js'

/** All parts are recorded and the squash is not: Django's `[-]`. Or its `replaces` were taken out before its row was written. */
export function unrecordedSquashes(facts: Facts): Found[] {
  return [...squashStates(facts).flatMap((one) => (one.own || one.missing.length > 0 ? [] : [derived(facts, one)])), ...withoutReplaces(facts)]
}

function derived(facts: Facts, { key, recorded }: { key: string; recorded: readonly string[] }): Found {
  const [app, name] = pairOf(key)
  return {
    code: 'squash-unrecorded',
    severity: 'info',
    app,
    migration: name,
    message: `${app}.${name} is not recorded, but all ${recorded.length} migrations that it replaces are. Django counts it as applied, and the next migrate writes its row.`,
    evidence: [`recorded: ${listed(recorded.map(nameOfKey))}`],
    repairs: [
      repair('python manage.py migrate', 'finishes recording it, and does nothing else for it', { recommended: true }),
      recordRows([key], 'writes its row now', { safe: true }),
    ],
    about: [nameOfKey(key)],
    explains: [],
    place: placeOf(facts, key),
  }
}

/** Several rows without a file beside a squash without a row: the rows are its parts, and its file does not say so any more. */
function withoutReplaces(facts: Facts): Found[] {
  const { view, rows } = facts
  if (!view) return []
  return [...readApps(facts)].flatMap((app) => {
    const ghosts = ghostsOf(view, rows, app)
    const squashes = [...view.disk].filter(
      ([key, file]) => appOf(key) === app && file.replaces.length === 0 && /squash/i.test(nameOf(key)) && !view.recorded.has(key),
    )
    const [first] = squashes
    if (ghosts.length < 2 || squashes.length !== 1 || !first) return []
    const [key] = first
    const evidence = evidenceFor(facts, key)
    const ran = evidence?.verdict === 'ran'
    return [
      {
        code: 'squash-unrecorded' as const,
        severity: 'error' as const,
        app,
        migration: nameOf(key),
        message: `${nameOfKey(key)} is not recorded, and ${counted(ghosts.length, 'row')} of ${app} ${ghosts.length === 1 ? 'has' : 'have'} no file: the migrations that it replaced. Its "replaces" was taken out before this database recorded it, so manage.py migrate would run it.`,
        evidence: [`without a file: ${listed(ghosts.map(({ name }) => name))}`, ...(evidence ? [countLine(evidence), ...operationLines(evidence)] : [])],
        repairs: [
          recordRows([key], ran ? 'all that it does is there already' : 'only if the rows without a file are all of its parts', {
            recommended: ran,
            safe: ran,
          }),
        ],
        about: [nameOfKey(key), ...ghosts.map(({ name }) => `${app}.${name}`), ...(evidence?.about ?? [])],
        explains: [key, ...ghosts.map(keyOf)],
        place: placeOf(facts, key),
      },
    ]
  })
}
