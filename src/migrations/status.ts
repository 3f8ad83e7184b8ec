import { byId, type Row } from '../database/row.js'
import type { ProjectFiles } from '../project/types.js'
import { readableConflicts } from './gates.js'
import { holesOf, nearestAppliedAbove } from './holes.js'
import { type Key, keyOf, makeKey, nameOf } from './key.js'
import { loadHistory } from './loader.js'
import { probableLabel } from './not-found.js'
import type { LoaderView } from './loader-view.js'
import type { Rules } from '../django/rules.js'

export interface MigrationStatus {
  name: string
  /** `unrecorded-squash` is Django's `[-]`. */
  state: 'applied' | 'unapplied' | 'unrecorded-squash'
  recorded: boolean
  applied: string | null
  hole: boolean
  /** Of a hole: the nearest applied migration above it. */
  appliedAbove: [app: string, name: string] | null
  /** How many rows it has; more than one are duplicates. */
  rows: number
  /** null: a custom operation, or a file that could not be read. */
  data: boolean | null
  replaces: [app: string, name: string][]
  /** Only with `--data`: its data operations and custom ones, a line each. */
  operations?: string[]
}

export interface AppStatus {
  label: string
  path: string
  migrations: MigrationStatus[]
  ghosts: Row[]
}

/** An app that has rows and was not found, or rows that are not among the files of one that could not be read whole. */
export interface UnknownApp {
  label: string
  /** INSTALLED_APPS has an entry that is probably this app. */
  installed: boolean
  rows: Row[]
}

export interface HistoryStatus {
  apps: AppStatus[]
  unknownApps: UnknownApp[]
  summary: { applied: number; unapplied: number; holes: number; ghosts: number; duplicates: number; conflicts: number; unreadable: number }
  view: LoaderView
}

/**
 * Files against rows, drawn like `showmigrations --list`; unlike it, this answers also where Django cannot load.
 * @param wanted labels; null: all apps. The summary counts what is listed.
 */
export function statusOf(project: ProjectFiles, rows: readonly Row[], rules: Rules, wanted: ReadonlySet<string> | null = null): HistoryStatus {
  const view = loadHistory(project, rows, rules)
  const shown = (label: string) => wanted === null || wanted.has(label)
  const own = rows.filter((row) => shown(row.app))
  const byKey = new Map<Key, Row[]>()
  for (const row of [...own].sort(byId)) byKey.set(keyOf(row), [...(byKey.get(keyOf(row)) ?? []), row])
  const facts = { view, rules, holes: holesOf(view), rows: byKey }
  const apps = project.apps
    .filter((app) => shown(app.label))
    .map((app) => ({
      label: app.label,
      path: app.path,
      migrated: app.migrated,
      migrations: listed(view, app.label, rules).map((key) => migrationStatus(facts, key)),
      // What its label is or where its migrations are is not known: none is missing.
      ghosts: app.problems.length > 0 ? [] : ghostsOf(view, rows, app.label),
    }))
    .filter((app) => app.migrated || app.ghosts.length > 0)
    .map(({ migrated: _migrated, ...app }) => app)
    .sort((left, right) => (left.label < right.label ? -1 : 1))
  const all = apps.flatMap((app) => app.migrations)
  const read = project.apps.filter((app) => shown(app.label))
  const files = read.flatMap((app) => app.migrations)
  return {
    apps,
    unknownApps: unknownApps(project, view, rows).filter((app) => shown(app.label)),
    summary: {
      applied: all.filter((one) => one.state !== 'unapplied').length,
      unapplied: all.filter((one) => one.state === 'unapplied').length,
      holes: all.filter((one) => one.hole).length,
      ghosts: apps.reduce((sum, app) => sum + app.ghosts.length, 0),
      duplicates: own.length - byKey.size,
      conflicts: readableConflicts(project, view, rules).filter((gate) => gate.migrations.some(([app]) => shown(app))).length,
      // What the settings say of an app is in a file too.
      unreadable:
        files.filter((file) => file.broken || file.problems.length > 0).length +
        read.filter((app) => app.problems.length > 0).length +
        (project.complete ? 0 : 1),
    },
    view,
  }
}

/** For each leaf of the app its forward plan, cut to the app; each migration once (showmigrations.py, show_list). */
export function listed(view: LoaderView, app: string, rules: Rules): Key[] {
  const seen = new Set(view.graph.forwardsPlansWithin(app, view.graph.leaves(app)))
  // A cycle has no leaf. Where Django stops at it anyway its members are listed all the same; before 2.2 it may not notice.
  if (rules.checksCyclesAtLoad || view.graph.leaves().length > 0) for (const key of view.graph.nodesOf(app)) seen.add(key)
  return [...seen]
}

/** `[X]`, `[ ]` or, since 4.0, `[-]`. */
export function stateOf(view: LoaderView, rules: Rules, key: Key): MigrationStatus['state'] {
  if (!view.applied.has(key)) return 'unapplied'
  return rules.showsUnrecordedSquash && !view.recorded.has(key) ? 'unrecorded-squash' : 'applied'
}

interface Facts {
  view: LoaderView
  rules: Rules
  holes: ReadonlySet<Key>
  rows: ReadonlyMap<Key, readonly Row[]>
}

function migrationStatus({ view, rules, holes, rows }: Facts, key: Key): MigrationStatus {
  const file = view.disk.get(key)
  const own = rows.get(key) ?? []
  return {
    name: nameOf(key),
    state: stateOf(view, rules, key),
    recorded: own.length > 0,
    applied: own.at(-1)?.applied ?? null,
    hole: holes.has(key),
    appliedAbove: holes.has(key) ? nearestAppliedAbove(view, key) : null,
    rows: own.length,
    data: file?.data ?? null,
    replaces: file?.replaces ?? [],
  }
}

/** Rows without a file, in an app whose files were read; a name that a `replaces` still lists is no ghost. */
export function ghostsOf(view: LoaderView, rows: readonly Row[], app: string): Row[] {
  const replaced = new Set([...view.replacements.values()].flatMap((file) => file.replaces.map(([label, name]) => makeKey(label, name))))
  return rows.filter((row) => row.app === app && !view.disk.has(keyOf(row)) && !replaced.has(keyOf(row))).sort(byId)
}

function unknownApps(project: ProjectFiles, view: LoaderView, rows: readonly Row[]): UnknownApp[] {
  const known = new Set(project.apps.map((app) => app.label))
  const labels = [...new Set(rows.map((row) => row.app))].filter((label) => !known.has(label)).sort()
  const elsewhere = project.apps.filter((app) => app.problems.length > 0).map(({ label }) => ({ label, installed: true, rows: ghostsOf(view, rows, label) }))
  return [
    ...elsewhere.filter((app) => app.rows.length > 0),
    ...labels.map((label) => ({
      label,
      installed: project.notFound.some((entry) => probableLabel(entry) === label),
      rows: rows.filter((row) => row.app === label).sort(byId),
    })),
  ]
}
