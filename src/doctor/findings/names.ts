import type { Row } from '../../database/index.js'
import { appOf, ghostsOf, holesOf, type Key, keyOf, type LoaderView, makeKey, nameOf } from '../../migrations/index.js'
import { evidenceFor, type Facts, readApps } from '../facts.js'

/** A row under a name that no file has, with the unrecorded file that it probably is. */
export interface NamePair {
  row: Row
  key: Key
  /** The same name but for blanks, case, form of letters, `.py`. */
  damaged: boolean
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
export function namePairs(facts: Facts): NamePair[] {
  const { view, rows } = facts
  if (!view) return []
  const apps = readApps(facts)
  const free = [...view.disk.keys()].filter((key) => apps.has(appOf(key)) && !view.recorded.has(key) && view.graph.hasNode(key))
  const strangers = rows.filter((row) => apps.has(row.app) && !view.graph.missing.has(keyOf(row)))
  const lost = [...apps].flatMap((app) => ghostsOf(view, strangers, app)).concat(rows.filter((row) => !apps.has(row.app) && apps.has(plainName(row.app))))
  const pairs = lost.flatMap((row) => damagedPair(facts, row, free))
  const taken = new Set(pairs.flatMap(({ row, key }) => [row.id, key]))
  const others = lost.filter((row) => !taken.has(row.id))
  const rest = free.filter((key) => !taken.has(key))
  return [...pairs, ...others.flatMap((row) => renamedPair(facts, row, others, rest))]
}

function damagedPair({ view }: Facts, row: Row, free: readonly Key[]): NamePair[] {
  const same = free.filter((key) => plainName(appOf(key)) === plainName(row.app) && plainName(nameOf(key)) === plainName(row.name))
  // Two rows for one file, one of them right, are no pair.
  return same.length === 1 && !view?.recorded.has(makeKey(row.app, nameOf(same[0] as Key))) ? [{ row, key: same[0] as Key, damaged: true }] : []
}

const numberOf = (name: string) => /^\d+/.exec(name)?.[0] ?? null
const restOf = (name: string) => name.replace(/^\d+_?/, '')

/** The same number under another name, or the same name under another number; the schema must not contradict it. */
function renamedPair(facts: Facts, row: Row, rows: readonly Row[], free: readonly Key[]): NamePair[] {
  const isLike = (name: string, key: Key, app: string) =>
    appOf(key) === app &&
    ((numberOf(name) !== null && numberOf(name) === numberOf(nameOf(key))) ||
      (restOf(name) !== '' && restOf(name) === restOf(nameOf(key)) && restOf(name) !== 'initial'))
  const files = free.filter((key) => isLike(row.name, key, row.app))
  const [key] = files
  if (files.length !== 1 || key === undefined) return []
  if (rows.filter((one) => isLike(one.name, key, one.app)).length !== 1) return []
  const verdict = evidenceFor(facts, key)?.verdict
  // A number is taken again in another branch more often than a file is renamed.
  const isTold = verdict === 'ran' || restOf(row.name) === restOf(nameOf(key)) || holesOf(facts.view as LoaderView).has(key)
  return verdict === 'not run' || verdict === 'in part' || !isTold ? [] : [{ row, key, damaged: false }]
}
