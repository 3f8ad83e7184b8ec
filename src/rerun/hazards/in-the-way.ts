import type { Database } from '../../database/index.js'
import type { MigrationFile } from '../../django/index.js'
import { loadHistory, makeKey, ModelTables } from '../../history/index.js'
import type { HazardRequest, RerunHazard } from './hazard.js'

/**
 * What a first run would make and the schema has already: then the migration ran once, in whole or in part, and running it fails. Looks
 * at tables and columns only, by the names that the migrations up to it give.
 */
export async function thingsInTheWay(database: Database, request: HazardRequest, file: MigrationFile): Promise<RerunHazard[]> {
  const models = modelsBefore(request, file)
  const found: RerunHazard[] = []
  for (const operation of file.operations ?? []) {
    models.apply(file.app, operation)
    const model = models.get(file.app, operation.model ?? '')
    if (!model || model.isSkipped !== false) continue
    if (operation.type === 'CreateModel' && (await exists(database, model.table)))
      found.push(inTheWay(`the table ${model.table} is there already, so ${operation.summary} would fail`, operation.line))
    if (operation.type !== 'AddField') continue
    const place = models.placeOf(model, operation.field ?? '', operation.arguments?.().field)
    if (typeof place === 'object' && 'column' in place && (await exists(database, model.table, place.column)))
      found.push(inTheWay(`the column ${model.table}.${place.column} is there already, so ${operation.summary} would fail`, operation.line))
  }
  return found
}

function modelsBefore({ project, rows, rules, detailed }: HazardRequest, file: MigrationFile): ModelTables {
  const models = new ModelTables(null)
  const view = loadHistory(project, rows, rules, false)
  const target = makeKey(file.app, file.name)
  for (const key of view.graph.hasNode(target) ? view.graph.forwardsPlan(target) : []) {
    const earlier = view.disk.get(key)
    if (!earlier || key === target) continue
    for (const operation of detailed(earlier).operations ?? []) models.apply(earlier.app, operation)
  }
  return models
}

async function exists(database: Database, table: string, column?: string): Promise<boolean> {
  const facts = await database.reading(() => database.dialect.tableFacts(database.edit, database.table, table)).catch(() => null)
  if (!facts?.exists) return false
  return column === undefined || facts.columns.some((one) => one.name.toLowerCase() === column.toLowerCase())
}

function inTheWay(message: string, line: number): RerunHazard {
  return { code: 'already-there', message: `${message}; if the migration ran, record it instead ("migstate mark applied")`, line, migration: null }
}
