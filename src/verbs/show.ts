import { byId, type Row } from '../database/index.js'
import type { Argument, Hazard, MigrationFile, Operation } from '../django/index.js'
import { type Key, type LoaderView, loadHistory, makeKey, type MigrationStatus, pairOf, resolveMigration, stateOf } from '../history/index.js'
import { readOperations } from '../journal/index.js'
import { warnUnfinished } from './unfinished.js'
import type { Workspace } from './workspace.js'

export interface ShowArgs {
  app: string
  /** A name or unique prefix. */
  migration: string
}

type Pair = [app: string, name: string]

export interface ShownOperation extends Omit<Operation, 'arguments' | 'facts' | 'inner'> {
  arguments: Record<string, Argument>
}

export interface ShowResult {
  migration: {
    app: string
    name: string
    file: string | null
    state: MigrationStatus['state']
    row: Row | null
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
  }
}

/** One migration: row, file, neighbours, operations, journal entries. */
export async function show(workspace: Workspace, args: ShowArgs): Promise<ShowResult> {
  const { database, warnings } = workspace
  const rows = database.hasTable ? (await workspace.read()).rows : []
  const project = workspace.files()
  const name = resolveMigration({ project, rows, app: args.app, text: args.migration }, warnings)
  const key = makeKey(args.app, name)
  const row =
    [...rows]
      .sort(byId)
      .filter((one) => one.app === args.app && one.name === name)
      .at(-1) ?? null
  const view = project && loadHistory(project, rows, workspace.rules())
  const found = view?.disk.get(key)
  const file = found && (workspace.project?.detailed(found) ?? found)
  const operations = file?.operations ?? null
  const journal = database.hasTable ? await database.reading(() => readOperations(database)) : []
  if (database.hasTable) await warnUnfinished(workspace, journal)
  return {
    migration: {
      app: args.app,
      name,
      file: file?.file ?? null,
      state: view ? stateOf(view, workspace.rules(), key) : row ? 'applied' : 'unapplied',
      row,
      dependencies: view ? dependenciesOf(view, key, file) : [],
      dependants: view?.graph.hasNode(key) ? view.graph.backwardsPlan(key).slice(0, -1).reverse().map(pairOf) : [],
      replaces: file?.replaces ?? [],
      atomic: file?.atomic ?? null,
      initial: file?.initial ?? null,
      operations: operations && operations.map(shown),
      reversible: operations && allOf(operations.map((one) => one.reversible)),
      hazards: operations?.flatMap((one) => one.facts?.().hazards ?? []) ?? [],
      journal: journal.filter(({ changes }) => touches(changes, args.app, name)).map((operation) => operation.id),
    },
  }
}

function dependenciesOf(view: LoaderView, key: Key, file: MigrationFile | undefined): Pair[] {
  if (view.graph.hasNode(key)) return view.graph.parents(key).map(pairOf)
  return file?.dependencies.map(({ app, name }): Pair => [app, name]) ?? []
}

function shown({ arguments: given, facts: _facts, inner: _inner, ...operation }: Operation): ShownOperation {
  return { ...operation, arguments: given?.() ?? {} }
}

function allOf(values: readonly (boolean | null)[]): boolean | null {
  return values.includes(false) ? false : values.includes(null) ? null : true
}

function touches(changes: { removed: Row[]; added: Row[]; updated: { after: Row }[] }, app: string, name: string): boolean {
  return [...changes.removed, ...changes.added, ...changes.updated.map(({ after }) => after)].some((row) => row.app === app && row.name === name)
}
