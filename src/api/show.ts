import { byId, type Row } from '../database/index.js'
import type { Argument, Hazard, MigrationFile, Operation } from '../project/index.js'
import { ghostsOf, holesOf, type Key, type LoaderView, loadHistory, makeKey, type MigrationStatus, pairOf, stateOf } from '../migrations/index.js'
import { operationsOn } from '../journal/index.js'
import { type Advice, ghostAdvice, holeAdvice, lostFileAdvice } from './advice.js'
import { type KeptRehearsal, keptRehearsal } from './rehearsal-record.js'
import { resolveTargets } from './targets.js'
import { glance, warnUnfinished } from './unfinished.js'
import type { Workspace } from './workspace.js'

export interface ShowArgs {
  /** Label of the app; without it the migration names its own: `shop.0003`. */
  app?: string | undefined
  /** A name or unique prefix, `app.name`, or the path of a file. */
  migration: string
}

type Pair = [app: string, name: string]

export interface ShownOperation extends Omit<Operation, 'arguments' | 'given' | 'facts' | 'inner'> {
  arguments: Record<string, Argument>
}

export interface ShowResult {
  migration: {
    app: string
    name: string
    file: string | null
    state: MigrationStatus['state']
    /** The one that counts: of duplicates the one with the highest id. */
    row: Row | null
    /** All of its rows. */
    rows: Row[]
    /** What it stands on directly, `run_before` of others included. */
    dependencies: Pair[]
    /** Everything above it, nearest first. */
    dependants: Pair[]
    replaces: Pair[]
    atomic: boolean | null
    initial: boolean | null
    operations: ShownOperation[] | null
    reversible: boolean | null
    hazards: Hazard[]
    journal: string[]
    /** The newest that `rehearse --record` has kept; null: there is none. */
    rehearsal: KeptRehearsal | null
    /** What can be done with it as it is. */
    next: Advice[]
  }
}

/** One migration: row, file, neighbours, operations, journal entries. */
export async function show(workspace: Workspace, args: ShowArgs): Promise<ShowResult> {
  const { database, warnings } = workspace
  const rows = database.hasTable ? await database.reading(() => database.readRows()) : []
  const project = workspace.files()
  const words = args.app === undefined ? [args.migration] : [args.app, args.migration]
  const [[app, name]] = resolveTargets(words, { project, rows, cwd: workspace.options.cwd }, warnings) as [[string, string]]
  const key = makeKey(app, name)
  const own = [...rows].sort(byId).filter((one) => one.app === app && one.name === name)
  const row = own.at(-1) ?? null
  const view = project && loadHistory(project, rows, workspace.rules())
  const found = view?.disk.get(key)
  const file = found && (workspace.project?.detailed(found) ?? found)
  const operations = file?.operations ?? null
  const journal = await workspace.askJournal(async () => ({
    seen: await glance(database),
    on: await operationsOn(database, app, name),
    rehearsal: await keptRehearsal(workspace, app, name, rows),
  }))
  await warnUnfinished(workspace, journal && journal.seen)
  const holes = view ? holesOf(view) : new Set<Key>()
  return {
    migration: {
      app,
      name,
      file: file?.file ?? null,
      state: view ? stateOf(view, workspace.rules(), key) : row ? 'applied' : 'unapplied',
      row,
      rows: own,
      dependencies: view ? dependenciesOf(view, key, file) : [],
      dependants: view?.graph.has(key) ? view.graph.backwardsPlan(key).slice(0, -1).reverse().map(pairOf) : [],
      replaces: file?.replaces ?? [],
      atomic: file?.atomic ?? null,
      initial: file?.initial ?? null,
      operations: operations && operations.map(shown),
      reversible: operations && allOf(operations.map((one) => one.reversible)),
      hazards: operations?.flatMap((one) => one.facts?.().hazards ?? []) ?? [],
      journal: journal?.on ?? [],
      rehearsal: journal?.rehearsal ?? null,
      next: holes.has(key)
        ? holeAdvice(app, name)
        : view && ghostsOf(view, own, app).length > 0 && project?.apps.some((one) => one.label === app && one.problems.length === 0)
          ? view.graph.missing.has(key)
            ? lostFileAdvice(name)
            : ghostAdvice(app, name)
          : [],
    },
  }
}

function dependenciesOf(view: LoaderView, key: Key, file: MigrationFile | undefined): Pair[] {
  if (view.graph.hasNode(key)) return view.graph.parents(key).map(pairOf)
  return file?.dependencies.map(({ app, name }): Pair => [app, name]) ?? []
}

function shown({ arguments: given, given: _values, facts: _facts, inner: _inner, ...operation }: Operation): ShownOperation {
  return { ...operation, arguments: given?.() ?? {} }
}

function allOf(values: readonly (boolean | null)[]): boolean | null {
  return values.includes(false) ? false : values.includes(null) ? null : true
}
