import type { HistoryTable, Row, Schema } from '../database/index.js'
import type { ProjectFiles, Unshipped } from '../project/index.js'
import {
  appOf,
  type Key,
  type LoaderView,
  makeKey,
  type NamePair,
  namePairs,
  readApps as readAppsOf,
  type Rules,
  type StateBreak,
} from '../migrations/index.js'
import type { Drift } from './evidence/drift.js'
import type { Evidence } from './evidence/judge.js'
import type { Sight } from './evidence/sight.js'

/** What a rehearsal said of a migration that leaves no trace in the schema. */
export interface RehearsedFact {
  /** ISO 8601. */
  at: string
  /** What it would change, or why it was not rehearsed to its end: a line for people. */
  said: string
  /** `mark`: a run changes nothing. `run`: a run changes rows, and a second one no more. null: it does not decide. */
  supports: 'mark' | 'run' | null
}

/** Everything that findings are made of: files x rows x schema x server facts, read at one moment. */
export interface Facts {
  alias: string
  /** null with `--no-files` or without a project. */
  project: ProjectFiles | null
  /** In order of id. */
  rows: readonly Row[]
  rules: Rules
  /** As Django sees squashes; null without files. */
  view: LoaderView | null
  /** null: it is not there. */
  table: HistoryTable | null
  /** The name that the table has or would have. */
  tableName: string
  schema: Schema
  sight: Sight
  /** The id that the next insert would get; null where there is no counter. */
  sequence: string | null
  /** By migration on disk, in Django's order; empty where there is no order. */
  evidence: ReadonlyMap<Key, Evidence>
  /** What rehearsals said; null: none was asked for. */
  rehearsed: ReadonlyMap<Key, RehearsedFact> | null
  /** Migrations that lie in installed packages and did not come with them. */
  unshipped: readonly Unshipped[]
  /** Where `migrate` would die while it follows the models; null: nowhere that can be told. */
  stateBreak: StateBreak | null
  /** Why nothing can be written, or null. */
  readOnly: string | null
  /** Operations that were begun and not ended; `holder`: who is at it, null for nobody. */
  unfinished: readonly { id: string; kind: string; holder: string | null }[]
  /** What was said of other tables of the same name. */
  otherTables: string | null
  /** Another table gets its ids from the same counter. */
  sharesCounter: boolean
  /** GRANTs that this role lacks for a change. */
  missingGrants: readonly string[]
  /** A server of another make; null: one that is proven. */
  unsupported: { name: string; reason: string } | null
  /** Of recorded migrations of which something is not there: the day that Django has written into the file, `YYYY-MM-DD`. */
  madeOn: ReadonlyMap<Key, string>
  /** Where the database differs from all migrations together; empty while one is pending. */
  drift: readonly Drift[]
  /** A migration's data and its record commit together. */
  transactionalDdl: boolean
  /** How the database keeps times. */
  engine: string
  /** One that tests use again, by Django's rules of naming. */
  isTestDatabase: boolean
  now: Date
}

/** Of a squash that its parts stand for, theirs together. */
export function evidenceFor({ evidence, view }: Facts, key: Key): Evidence | null {
  const own = evidence.get(key)
  if (own) return own
  const parts = (view?.replacements.get(key)?.replaces ?? []).flatMap(([app, name]) => evidence.get(makeKey(app, name)) ?? [])
  if (parts.length === 0) return null
  const verdicts = new Set(parts.map(({ verdict }) => verdict).filter((verdict) => verdict === 'ran' || verdict === 'not run' || verdict === 'in part'))
  const [only] = verdicts
  return {
    key,
    recorded: parts.every(({ recorded }) => recorded),
    operations: parts.flatMap(({ operations }) => operations),
    verdict: verdicts.size > 1 ? 'in part' : (only ?? (parts.some(({ verdict }) => verdict === 'unseen') ? 'unseen' : 'nothing')),
    missing: parts.flatMap(({ missing }) => missing),
    present: parts.flatMap(({ present }) => present),
    about: parts.flatMap(({ about }) => about),
  }
}

/** Its place in Django's order, for findings of the same rank. */
export function placeOf({ evidence }: Facts, key: Key): number {
  const at = [...evidence.keys()].indexOf(key)
  return at < 0 ? evidence.size : at
}

/** Whether a statement can name this row and no other. */
export function hasOwnId({ rows }: Facts, { id }: Row): boolean {
  return /^-?\d+$/.test(id) && rows.filter((row) => row.id === id).length === 1
}

/** Labels whose files were found and read, so that a missing file is missing. */
export function readApps({ project }: Facts): ReadonlySet<string> {
  return project ? readAppsOf(project) : new Set()
}

/** Rows under other names than those of their files, judged by the schema too. */
export function namePairsIn(facts: Facts): NamePair[] {
  const { view, rows, project } = facts
  return view && project ? namePairs({ view, rows, project, verdictOf: (key) => evidenceFor(facts, key)?.verdict }) : []
}

/** Names that the `replaces` of a file lists, of whichever label: Django reads their rows as those of the file. */
export function replacedKeys({ view }: Facts): ReadonlySet<Key> {
  return new Set([...(view?.replacements.values() ?? [])].flatMap(({ replaces }) => replaces.map(([app, name]) => makeKey(app, name))))
}

/** Recorded migrations above this one in all apps, nearest first. */
export function recordedAbove({ view }: Facts, key: Key): Key[] {
  if (!view?.graph.hasNode(key)) return []
  return view.graph.backwardsPlan(key).filter((one) => one !== key && view.recorded.has(one))
}

/** Migrations below this one in all apps that do not count as applied, in Django's order. */
export function pendingBelow({ view }: Facts, key: Key): Key[] {
  return view?.graph.hasNode(key) ? view.graph.forwardsPlan(key).filter((one) => one !== key && !view.applied.has(one)) : []
}

/** In Django's order. */
export function inPlanOrder({ evidence }: Facts, keys: Iterable<Key>): Key[] {
  const wanted = new Set(keys)
  const known = [...evidence.keys()].filter((key) => wanted.has(key))
  return [...known, ...[...wanted].filter((key) => !evidence.has(key)).sort()]
}

export function appsOf(keys: Iterable<Key>): string[] {
  return [...new Set([...keys].map(appOf))]
}
