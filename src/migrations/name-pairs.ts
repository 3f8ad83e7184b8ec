import type { Row } from '../database/index.js'
import type { ProjectFiles } from '../project/index.js'
import { holesOf } from './holes.js'
import { appOf, type Key, keyOf, makeKey, nameOf } from './key.js'
import type { LoaderView } from './loader-view.js'
import { ghostsOf } from './status.js'

/** A row under a name that no file has, with the unrecorded file that it probably is. */
export interface NamePair {
  row: Row
  key: Key
  /** The same name but for blanks, case, form of letters, `.py`. */
  damaged: boolean
}

/** Rows, files, and what the schema says where it was looked at. */
export interface NameFacts {
  view: LoaderView
  rows: readonly Row[]
  project: ProjectFiles
  verdictOf?: (key: Key) => string | undefined
}

/** Labels whose files were found and read, so that a missing file is missing. */
export function readApps({ apps }: ProjectFiles): ReadonlySet<string> {
  return new Set(apps.filter((app) => app.migrated && app.broken === null && app.problems.length === 0).map(({ label }) => label))
}

/** Blanks of any kind, upper and lower case, composed letters, an ending of a file: what damages a name and does not make another one. */
export function plainName(name: string): string {
  return name
    .normalize('NFKC')
    .replaceAll(/[\s\u200b-\u200d\ufeff]+/g, '')
    .replace(/\.pyc?$/i, '')
    .toLowerCase()
}

/** Pairs of a ghost and an unrecorded file; each is in one pair at most, and a name that could be of two is in none. */
export function namePairs(facts: NameFacts): NamePair[] {
  const { view, rows, project } = facts
  const apps = readApps(project)
  const free = [...view.disk.keys()].filter((key) => apps.has(appOf(key)) && !view.recorded.has(key) && view.graph.hasNode(key))
  const strangers = rows.filter((row) => apps.has(row.app) && !view.graph.missing.has(keyOf(row)))
  const lost = [...apps].flatMap((app) => ghostsOf(view, strangers, app)).concat(rows.filter((row) => !apps.has(row.app) && apps.has(plainName(row.app))))
  const pairs = lost.flatMap((row) => damagedPair(facts, row, free))
  const taken = new Set(pairs.flatMap(({ row, key }) => [row.id, key]))
  const others = lost.filter((row) => !taken.has(row.id))
  const rest = free.filter((key) => !taken.has(key))
  return [...pairs, ...others.flatMap((row) => renamedPair(facts, row, others, rest))]
}

function damagedPair({ view }: NameFacts, row: Row, free: readonly Key[]): NamePair[] {
  const same = free.filter((key) => plainName(appOf(key)) === plainName(row.app) && plainName(nameOf(key)) === plainName(row.name))
  // Two rows for one file, one of them right, are no pair.
  return same.length === 1 && !view.recorded.has(makeKey(row.app, nameOf(same[0] as Key))) ? [{ row, key: same[0] as Key, damaged: true }] : []
}

const numberOf = (name: string) => /^\d+/.exec(name)?.[0] ?? null
const restOf = (name: string) => name.replace(/^\d+_?/, '')

/** The same number under another name, or the same name under another number; the schema must not contradict it. */
function renamedPair({ view, verdictOf }: NameFacts, row: Row, rows: readonly Row[], free: readonly Key[]): NamePair[] {
  const isLike = (name: string, key: Key, app: string) =>
    appOf(key) === app &&
    ((numberOf(name) !== null && numberOf(name) === numberOf(nameOf(key))) ||
      (restOf(name) !== '' && restOf(name) === restOf(nameOf(key)) && restOf(name) !== 'initial'))
  const files = free.filter((key) => isLike(row.name, key, row.app))
  const [key] = files
  if (files.length !== 1 || key === undefined) return []
  if (rows.filter((one) => isLike(one.name, key, one.app)).length !== 1) return []
  const verdict = verdictOf?.(key)
  // A number is taken again in another branch more often than a file is renamed.
  const isTold = verdict === 'ran' || restOf(row.name) === restOf(nameOf(key)) || holesOf(view).has(key)
  return verdict === 'not run' || verdict === 'in part' || !isTold ? [] : [{ row, key, damaged: false }]
}
