import type { Row } from '../database/row.js'
import type { Dependency, MigrationFile, ProjectFiles } from '../django/types.js'
import { type Gate, missingParentGate } from './gate.js'
import { MigrationGraph } from './graph.js'
import { appOf, type Key, keyOf, makeKey } from './key.js'
import type { Rules } from './rules.js'

/** Rows x files after Django's squash rules: mirrors django/db/migrations/loader.py. */
export interface LoaderView {
  graph: MigrationGraph
  /** Every migration on disk, replaced ones included. */
  disk: Map<Key, MigrationFile>
  /** The migrations on disk that have a non-empty `replaces`. */
  replacements: Map<Key, MigrationFile>
  /** Keys of the rows as stored. */
  recorded: Set<Key>
  /** Keys that count as applied: the rows, with squashes added and taken out as Django does. */
  applied: Set<Key>
  /** What makes Django refuse to load at all, Django's first one first. */
  gates: Gate[]
  /** Edges that could not be read or lead to an app that was not found: verdicts that rest on them are weaker. */
  uncertain: string[]
}

/** @param replace false: Django's second look with `replace_migrations=False`, where a squash and what it replaces coexist */
export function loadHistory(project: ProjectFiles, rows: readonly Pick<Row, 'app' | 'name'>[], rules: Rules, replace = true): LoaderView {
  const view: LoaderView = {
    graph: new MigrationGraph(),
    disk: new Map(),
    replacements: new Map(),
    recorded: new Set(rows.map(keyOf)),
    applied: new Set(rows.map(keyOf)),
    gates: [],
    uncertain: [],
  }
  addNodes(view, project)
  for (const [key, file] of view.disk) for (const parent of file.dependencies) addInternal(view, key, parent)
  for (const [key, file] of view.disk) {
    for (const parent of file.dependencies) addExternal(view, project, key, parent, 'parent')
    for (const child of file.runBefore) addExternal(view, project, key, child, 'child')
  }
  if (replace) for (const key of view.replacements.keys()) replaceMigration(view, rules, key, new Set())
  addGraphGates(view)
  return view
}

function addNodes(view: LoaderView, project: ProjectFiles): void {
  for (const app of project.apps) {
    if (app.broken) view.gates.push({ gate: 'bad-file', exception: app.broken.exception, message: app.broken.message, migrations: [] })
    for (const file of app.migrations) {
      const key = makeKey(app.label, file.name)
      if (file.broken) {
        view.gates.push({ gate: 'bad-file', exception: file.broken.exception, message: file.broken.message, migrations: [[app.label, file.name]] })
      } else if (file.problems.length > 0) {
        const [problem] = file.problems
        const message = `${file.file}${problem?.line ? `:${problem.line}` : ''}: ${problem?.message}`
        view.gates.push({ gate: 'unreadable', exception: null, message, migrations: [[app.label, file.name]] })
        view.uncertain.push(message)
      }
      view.disk.set(key, file)
      view.graph.addNode(key, file)
      if (file.replaces.length > 0) view.replacements.set(key, file)
    }
  }
  for (const problem of project.problems)
    if (problem.code === 'unreadable-file') view.uncertain.push(`${problem.file}${problem.line ? `:${problem.line}` : ''}: ${problem.message}`)
}

/** Same-app edges first, so that `__first__` and `__latest__` of other apps see whole apps (`add_internal_dependencies`). */
function addInternal(view: LoaderView, key: Key, parent: Dependency): void {
  if (parent.app === appOf(key) && parent.name !== '__first__') view.graph.addDependency(key, key, keyOf(parent))
}

function addExternal(view: LoaderView, project: ProjectFiles, key: Key, other: Dependency, role: 'parent' | 'child'): void {
  if (role === 'parent' && other.app === appOf(key)) return
  const resolved = checkKey(view, project, key, other)
  if (resolved === null) return
  if (role === 'parent') view.graph.addDependency(key, key, resolved)
  else view.graph.addDependency(key, resolved, key)
}

/** `check_key`: resolves `__first__` and `__latest__`; null where there is no edge. */
function checkKey(view: LoaderView, project: ProjectFiles, origin: Key, other: Dependency): Key | null {
  const key = keyOf(other)
  const app = project.apps.find((candidate) => candidate.label === other.app)
  const literal = other.name !== '__first__' && other.name !== '__latest__'
  if (view.graph.has(key) || (literal && app)) return key
  if (!app && mayExist(project, other.app)) {
    view.uncertain.push(`the app "${other.app}" was not found, so ${appOf(origin)} depends on something that cannot be checked`)
    return null
  }
  if (literal) return key
  if (other.app === appOf(origin)) return null
  if (!app) {
    view.gates.push({
      gate: 'bad-reference',
      exception: 'ValueError',
      message: `Dependency on unknown app: ${other.app}`,
      migrations: [origin.split('\0') as [string, string]],
    })
    return null
  }
  if (!app.migrated) return null
  const [found] = other.name === '__first__' ? view.graph.roots(other.app) : view.graph.leaves(other.app)
  if (found !== undefined) return found
  view.gates.push({
    gate: 'bad-reference',
    exception: 'ValueError',
    message: `Dependency on app with no migrations: ${other.app}`,
    migrations: [origin.split('\0') as [string, string]],
  })
  return null
}

/** An app that INSTALLED_APPS may contain although it was not found: then a missing node proves nothing. */
function mayExist(project: ProjectFiles, label: string): boolean {
  return (
    !project.complete ||
    project.notFound.some((entry) => entry.split('.').includes(label) || entry.split('.').at(-1) === `${label}Config`) ||
    project.notFound.length > 0
  )
}

/** `replace_migration` (6.0) and the loop of `build_graph` before it, which knows no nesting. */
function replaceMigration(view: LoaderView, rules: Rules, key: Key, visiting: Set<Key>): void {
  const file = view.replacements.get(key)
  if (!file || visiting.has(key)) {
    if (file && visiting.has(key) && !view.gates.some((gate) => gate.gate === 'circular'))
      view.gates.push({
        gate: 'circular',
        exception: 'CommandError',
        message: `Cyclical squash replacement found, starting at ('${file.app}', '${file.name}')`,
        migrations: [...visiting].sort().map((member) => member.split('\0') as [string, string]),
      })
    return
  }
  const immediate = file.replaces.map(([app, name]) => makeKey(app, name))
  if (rules.nestedSquashes) {
    visiting.add(key)
    for (const replaced of immediate) if (view.replacements.has(replaced)) replaceMigration(view, rules, replaced, visiting)
    visiting.delete(key)
  }
  const targets = rules.nestedSquashes ? resolveReplaced(view, key) : immediate
  const states = targets.map((target) => view.applied.has(target))
  if (states.every(Boolean)) view.applied.add(key)
  else view.applied.delete(key)
  if (states.every(Boolean) || !states.some(Boolean)) view.graph.removeReplacedNodes(key, immediate)
  else view.graph.removeReplacementNode(key, immediate)
}

/** Every replaced key, an intermediate squash that is still on disk unfolded (`_resolve_replaced_migration_keys`, 6.0). */
export function resolveReplaced(view: Pick<LoaderView, 'replacements'>, key: Key, seen = new Set<Key>()): Key[] {
  if (seen.has(key)) return []
  seen.add(key)
  const file = view.replacements.get(key)
  return (file?.replaces ?? []).flatMap(([app, name]) => {
    const replaced = makeKey(app, name)
    return view.replacements.has(replaced) ? resolveReplaced(view, replaced, seen) : [replaced]
  })
}

function addGraphGates(view: LoaderView): void {
  const [missing] = [...view.graph.missing.values()]
  if (missing) for (const node of view.graph.missing.values()) view.gates.push(missingParentGate(view, node))
  const cycle = view.graph.findCycle()
  if (cycle)
    view.gates.push({
      gate: 'circular',
      exception: 'CircularDependencyError',
      message: cycle.map((key) => key.replace('\0', '.')).join(', '),
      migrations: cycle.map((key) => key.split('\0') as [string, string]),
    })
}
