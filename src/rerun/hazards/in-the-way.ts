import type { Database } from '../../database/index.js'
import type { MigrationFile, Operation } from '../../project/index.js'
import { isKnown, isManaged, isProxy, loadHistory, makeKey, ProjectState, valueOr } from '../../migrations/index.js'
import type { HazardRequest, RerunHazard } from './hazard.js'

/**
 * What a first run would make and the schema has already: then the migration ran once, in whole or in part, and running it fails. Looks
 * at tables and columns only, by the names that the migrations up to it give.
 */
export async function thingsInTheWay(database: Database, request: HazardRequest, file: MigrationFile): Promise<RerunHazard[]> {
  const state = stateBefore(database, request, file)
  const found: RerunHazard[] = []
  const app = file.recordedAs ?? file.app
  for (const operation of file.operations ?? []) {
    // What it does to the database starts from the state before it.
    const now = state.clone()
    for (const one of operation.inner?.() ?? [operation]) {
      now.apply(app, one)
      for (const { table, column } of madeBy(now, app, one))
        if (await exists(database, table, column))
          found.push(
            inTheWay(`the ${column === undefined ? `table ${table}` : `column ${table}.${column}`} is there already, so ${one.summary} would fail`, one.line),
          )
    }
    state.apply(app, operation)
  }
  return found
}

/** The table or column that an operation makes, and the tables of many-to-many relations; nothing where a name is not known. */
function madeBy(state: ProjectState, app: string, { given, model: name, field }: Operation): { table: string; column?: string }[] {
  const kind = given?.().kind
  const model = name === undefined ? undefined : state.get(app, name)
  if (!model || (kind !== 'CreateModel' && kind !== 'AddField') || valueOr(isProxy(model), true) || !valueOr(isManaged(model), false)) return []
  const table = state.tableOf(model)
  if (!isKnown(table)) return []
  const isNew = kind === 'CreateModel'
  const relations = state.relationTablesOf(model).filter((one) => isNew || one.field === field)
  const columns = isNew ? [] : state.columnsOf(model).columns.filter((one) => one.field === field && one.unsure === null)
  return [
    ...(isNew ? [{ table: table.value }] : []),
    ...columns.flatMap(({ names }) => names.map((column) => ({ table: table.value, column }))),
    ...relations.flatMap((one) => (isKnown(one.table) && valueOr(one.isManaged, false) ? [{ table: one.table.value }] : [])),
  ]
}

function stateBefore(database: Database, { project, rows, rules, detailed }: HazardRequest, file: MigrationFile): ProjectState {
  const state = new ProjectState(database.dialect.capabilities.maxNameLength)
  const view = loadHistory(project, rows, rules, false)
  const target = makeKey(file.app, file.name)
  for (const key of view.graph.hasNode(target) ? view.graph.forwardsPlan(target) : []) {
    const earlier = view.disk.get(key)
    if (earlier && key !== target) state.step({ app: earlier.recordedAs ?? earlier.app, name: earlier.name, operations: detailed(earlier).operations })
  }
  return state
}

async function exists(database: Database, table: string, column?: string): Promise<boolean> {
  const facts = await database.reading(() => database.dialect.tableFacts(database.edit, database.table, table)).catch(() => null)
  if (!facts?.exists) return false
  return column === undefined || facts.columns.some((one) => one.name.toLowerCase() === column.toLowerCase())
}

function inTheWay(message: string, line: number): RerunHazard {
  return { code: 'already-there', message: `${message}; if the migration ran, record it instead ("migstate mark applied")`, line, migration: null }
}
