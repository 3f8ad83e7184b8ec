import type { Row } from '../database/row.js'
import type { Rules } from '../django/rules.js'
import type { MigrationFile, ProjectFiles } from '../project/types.js'
import { EdgeReader } from './edges.js'
import { type Gate, missingNodeGate } from './gate.js'
import type { LoaderView } from './loader-view.js'
import { MigrationGraph } from './graph.js'
import { type Key, keyOf, makeKey, pairOf } from './key.js'
import { replaceInGraph } from './squash-in-graph.js'
import { replaceByRewriting } from './squash-by-rewriting.js'

interface Kept {
  /** Of Django: rules depend on nothing else. */
  version: string
  replace: boolean
  /** The keys of the rows, in their order. */
  rows: string
  view: LoaderView
}

/** The last views of a project: a command asks for the same rows several times, before and after its change. */
const KEPT = new WeakMap<ProjectFiles, Kept[]>()
const MOST_KEPT = 4

/**
 * What Django's loader sees of files and rows. The view is shared, and nobody changes it.
 * @param replace false: Django's second look with `replace_migrations=False`, where a squash and what it replaces coexist
 */
export function loadHistory(project: ProjectFiles, rows: readonly Pick<Row, 'app' | 'name'>[], rules: Rules, replace = true): LoaderView {
  const keys = JSON.stringify(rows.map(keyOf))
  const kept = KEPT.get(project) ?? []
  const known = kept.find((one) => one.version === rules.version && one.replace === replace && one.rows === keys)
  if (known) return known.view
  const view = load(project, rows, rules, replace)
  KEPT.set(project, [{ version: rules.version, replace, rows: keys, view }, ...kept.slice(0, MOST_KEPT - 1)])
  return view
}

function load(project: ProjectFiles, rows: readonly Pick<Row, 'app' | 'name'>[], rules: Rules, replace: boolean): LoaderView {
  const view: LoaderView = {
    graph: new MigrationGraph(),
    disk: new Map(),
    replacements: new Map(),
    recorded: new Set(rows.map(keyOf)),
    applied: new Set(rows.map(keyOf)),
    gates: [],
    uncertain: [],
  }
  readDisk(view, project)
  const edges = new EdgeReader(view, project)
  if (replace && !rules.replacesInGraph) {
    replaceByRewriting(view, edges)
  } else {
    for (const [key, file] of view.disk) view.graph.addNode(key, file)
    edges.add(view.disk)
    if (replace) replaceInGraph(view, rules)
  }
  for (const node of view.graph.missing.values()) view.gates.push(missingNodeGate(view, node))
  if (rules.checksCyclesAtLoad) view.gates.push(...cycleGate(view.graph, 'children'))
  return view
}

/** `load_disk`: what is there, and what Django cannot import. */
function readDisk(view: LoaderView, project: ProjectFiles): void {
  if (project.broken) view.gates.push({ gate: 'bad-file', ...project.broken, migrations: [] })
  for (const app of project.apps) {
    if (app.broken) view.gates.push({ gate: 'bad-file', exception: app.broken.exception, message: app.broken.message, migrations: [] })
    for (const file of app.migrations) {
      const key = makeKey(app.label, file.name)
      const pair: [string, string] = [app.label, file.name]
      if (file.broken) view.gates.push({ gate: 'bad-file', exception: file.broken.exception, message: file.broken.message, migrations: [pair] })
      else if (file.problems.length > 0) {
        const [problem] = file.problems
        const message = `${file.file}${problem?.line ? `:${problem.line}` : ''}: ${problem?.message}`
        view.gates.push({ gate: 'unreadable', exception: null, message, migrations: [pair] })
        view.uncertain.push(message)
      }
      view.disk.set(key, file)
    }
  }
  for (const key of replacementOrder(project, view.disk)) view.replacements.set(key, view.disk.get(key) as MigrationFile)
  for (const problem of project.problems)
    if (problem.code !== 'unknown-app') view.uncertain.push(`${problem.file}${problem.line ? `:${problem.line}` : ''}: ${problem.message}`)
}

/**
 * Django goes through the apps in the order of INSTALLED_APPS and, up to 6.0, through the files of an app in the order of a set of
 * strings, which is another one in each process. Of those orders this is one in which a squash comes before the squash that replaces
 * it, so that nested squashes, which Django before 6.0 does not know, come out as they do when Django is lucky.
 */
function replacementOrder(project: ProjectFiles, disk: ReadonlyMap<Key, MigrationFile>): Key[] {
  const order = new Set<Key>()
  for (const app of project.apps) {
    const open = new Set<Key>()
    const visit = (key: Key): void => {
      const file = disk.get(key)
      if (!file || file.replaces.length === 0 || file.app !== app.label || open.has(key)) return
      open.add(key)
      for (const [label, name] of file.replaces) visit(makeKey(label, name))
      order.add(key)
    }
    for (const file of app.migrations) visit(makeKey(app.label, file.name))
  }
  return [...order]
}

/**
 * One cycle of the graph as Django words it, or none. Which one Django finds first is arbitrary, and where in it Django begins.
 * @param along the way that `ensure_not_cyclic` goes: since 2.2 from parents to children; before, as the plan that it is asked for
 */
export function cycleGate(graph: MigrationGraph, along: 'children' | 'parents'): Gate[] {
  const cycle = graph.findCycle(along)
  if (!cycle) return []
  return [
    {
      gate: 'circular',
      exception: 'CircularDependencyError',
      message: cycle.map((key) => pairOf(key).join('.')).join(', '),
      migrations: cycle.map(pairOf),
    },
  ]
}
