import type { Row } from '../../database/index.js'
import { appOf, ghostsOf, type Key, keyOf, nameOf, pairOf, typableKeys } from '../../migrations/index.js'
import type { Evidence } from '../evidence/judge.js'
import { type Facts, inPlanOrder, placeOf, readApps, recordedAbove } from '../facts.js'
import type { Found, Proposal } from '../finding.js'
import { counted, countLine, listed, nameOfKey, operationLines, repair, unrecordRows } from '../words.js'
import { daysBetween } from './name-reused.js'
import { missingRoots, runAgain } from './recorded-missing.js'

interface Remade {
  app: string
  /** Recorded under names that new files took over, and not in the schema as those say. */
  taken: Evidence[]
  /** What only lacks what those make. */
  needing: Key[]
  ghosts: Row[]
  /** Of one of them the row is older than the file, by the date in it. */
  dated: { key: string; recorded: string; made: string } | null
}

/**
 * Files that were deleted and made anew: the row of the first one has the name of a new file that says more or other things, and the rows of
 * those after it have no file. Both halves are one cause, and no row of either is wrong by itself.
 */
export function remadeHistories(facts: Facts, explained: ReadonlySet<string> = new Set()): Found[] {
  const { view, rows } = facts
  if (!view) return []
  return [...readApps(facts)].flatMap((app) => {
    const taken = missingRoots(facts).filter(({ evidence: { key } }) => appOf(key) === app && !explained.has(key))
    const dated = taken.flatMap(({ evidence }) => daysBetween(facts, evidence.key) ?? [])[0] ?? null
    const ghosts = ghostsOf(view, rows, app).filter((row) => !view.graph.missing.has(keyOf(row)) && !explained.has(keyOf(row)) && isOfBefore(row, dated))
    const remade = { app, taken: taken.map(({ evidence }) => evidence), needing: taken.flatMap(({ others }) => others), ghosts, dated }
    return ghosts.length > 0 && taken.length > 0 && isLikely(facts, remade) ? [found(facts, remade)] : []
  })
}

/** A row that came after the new file is none of the old ones. */
const isOfBefore = ({ applied }: Row, dated: Remade['dated']): boolean => dated === null || applied.slice(0, 10) < dated.made

/**
 * A row older than its file proves it. Without dates: the rows without a file come after the first migration, of which a part is there, as
 * where it takes together what several made. A dropped table beside a row of another branch looks otherwise.
 */
function isLikely({ view, madeOn, rows }: Facts, { taken, ghosts, dated, app }: Remade): boolean {
  if (dated !== null) return true
  const first = taken.find(({ key, verdict }) => verdict === 'in part' && (view?.graph.parents(key) ?? []).every((one) => appOf(one) !== app))
  if (!first || madeOn.has(first.key)) return false
  const own = [...(view?.disk.keys() ?? [])].filter((key) => appOf(key) === app && rows.some((row) => keyOf(row) === key))
  return own.every((key) => ghosts.every(({ name }) => nameOf(key) < name))
}

function found(facts: Facts, remade: Remade): Found {
  const { app, taken, needing, ghosts, dated } = remade
  const names = taken.map(({ key }) => nameOfKey(key))
  const older = ghosts.map(({ name }) => `${app}.${name}`)
  return {
    code: 'history-remade',
    severity: 'error',
    app,
    migration: null,
    message: `The migrations of ${app} were ${dated ? '' : 'probably '}made anew: ${listed(names)} ${names.length === 1 ? 'is' : 'are'} recorded, by the row of an older file of this name, and what the file says now is not all in the database; ${counted(older.length, 'row')} after it ${older.length === 1 ? 'has' : 'have'} no file. Django says "No migrations to apply", and whatever uses the rest fails.`,
    evidence: [
      ...taken.flatMap((one) => [`${nameOfKey(one.key)}: ${countLine(one)}`, ...operationLines(one)]),
      `recorded, without a file: ${listed(older)}`,
      ...(dated ? [`${nameOfKey(dated.key)} is recorded since ${dated.recorded}, and its file was made on ${dated.made}`] : []),
    ],
    repairs: repairsOf(facts, remade),
    about: [...names, ...older, ...taken.flatMap(({ about }) => about)],
    explains: [...taken.map(({ key }) => key), ...needing, ...ghosts.map(keyOf)],
    place: placeOf(facts, (taken[0] as Evidence).key),
  }
}

/** What is there of a migration in part cannot be made again, so rows alone never mend that. */
function repairsOf(facts: Facts, { taken, needing, ghosts, dated }: Remade): Proposal[] {
  const gone = [...new Set(ghosts.map(keyOf))]
  const parts = taken.filter(({ verdict }) => verdict === 'in part')
  const prune = repair(`migstate mark unapplied ${typableKeys(gone)}`, 'takes the rows of the older files out, once all that the new files say is there')
  if (parts.length > 0)
    return [
      ...parts.map(({ key }) =>
        repair(
          `python manage.py sqlmigrate ${pairOf(key).join(' ')}`,
          'prints what the new file says; the statements that are missing are for a person to give',
        ),
      ),
      prune,
    ]
  const keys = inPlanOrder(facts, new Set([...taken.map(({ key }) => key), ...needing]))
  // What others stand on cannot be taken out with them.
  if (keys.some((key) => recordedAbove(facts, key).some((one) => !keys.includes(one))))
    return [...runAgain(facts, keys).map((one) => ({ ...one, recommended: dated !== null })), prune]
  return [
    unrecordRows(
      [...keys, ...gone],
      'takes the rows of the older files out: nothing of the new ones is there, so Django makes them as if for the first time',
      { recommended: dated !== null },
      'python manage.py migrate',
    ),
  ]
}
