import type { Database, TableFacts } from '../../database/index.js'
import type { CodeFacts, MigrationFile, ModelUse } from '../../project/index.js'
import { isKnown, type ProjectState } from '../../migrations/index.js'
import type { CheckedHazard, HazardRequest, RerunHazard } from './hazard.js'
import { thingsInTheWay } from './in-the-way.js'
import { laterChanges } from './later-changes.js'
import { recordedHistory } from './recorded-history.js'

/** Harmless the first time. */
const OF_SECOND_RUNS: ReadonlySet<string> = new Set(['inserts', 'deletes', 'accumulates'])

/** Tables of this size make a rerun slow and its locks long. */
const LARGE = 100_000

/** What could go wrong when the target runs again: from its code, from what came later, from the database as it is. */
export async function rerunHazards(database: Database, request: HazardRequest): Promise<RerunHazard[]> {
  const file = request.detailed(request.file)
  const operations = (file.operations ?? []).flatMap((one) => (one.type === 'SeparateDatabaseAndState' ? (one.inner?.() ?? []) : [one]))
  const facts = operations.flatMap((one) => (one.facts ? [one.facts()] : []))
  const uses = facts.flatMap((one) => one.uses)
  const tables = new Map<string, Promise<TableFacts | null>>()
  const look = (table: string) => {
    const known = tables.get(table) ?? database.reading(() => database.dialect.tableFacts(database.edit, database.table, table)).catch(() => null)
    tables.set(table, known)
    return known
  }
  const found: RerunHazard[] = [...ofCode(facts, request), ...ofFile(file, database)].filter(({ code }) => !request.firstTime || !OF_SECOND_RUNS.has(code))
  if (request.firstTime) found.unshift(...(await thingsInTheWay(database, request, file)))
  const history = uses.length > 0 ? recordedHistory(request, uses, database.dialect.capabilities.maxNameLength) : null
  for (const hazard of history ? laterChanges(uses, history) : []) if (await holds(hazard, look)) found.push(plain(hazard))
  const written = uses.filter((use) => use.kind !== 'read')
  const touched = history ? tablesOf(history.seen, written) : []
  for (const table of touched) {
    const size = (await look(table))?.rows ?? 0
    if (size >= LARGE)
      found.push({
        code: 'large-table',
        message: `${table} has about ${size.toLocaleString('en-US')} rows: it may take long and hold its locks as long`,
        line: null,
        migration: null,
      })
  }
  const sessions = await database.reading(() => database.dialect.sessionsUsing(database.edit, database.table, touched)).catch(() => [])
  for (const session of sessions.slice(0, 5))
    found.push({ code: 'open-transaction', message: `${session}: it may have to wait, or the rerun`, line: null, migration: null })
  return found
}

function ofCode(facts: readonly CodeFacts[], { alias }: HazardRequest): RerunHazard[] {
  const hazards = facts.flatMap((one) => one.hazards).map(({ code, message, line }): RerunHazard => ({ code, message, line, migration: null }))
  const deaf = alias !== 'default' && facts.some((one) => one.uses.length > 0 && !one.namesAlias)
  if (deaf)
    hazards.push({ code: 'ignores-alias', message: `its code names no database, so it may work on another one than ${alias}`, line: null, migration: null })
  return hazards
}

function ofFile(file: MigrationFile, database: Database): RerunHazard[] {
  const hazards: RerunHazard[] = []
  const add = (code: string, message: string) => hazards.push({ code, message, line: null, migration: null })
  if (file.atomic === false) add('not-atomic', 'atomic = False: if it fails half-way, what it did so far stays')
  if (!database.dialect.capabilities.transactionalDdl && (file.operations?.length ?? 0) > 1)
    add('no-ddl-rollback', `on ${database.facts.engine} each operation commits by itself: if a later one fails, the earlier ones stay`)
  return hazards
}

/** By the names that the migrations give; of a model that none of them makes, by Django's usual one. */
function tablesOf(seen: ProjectState, uses: readonly ModelUse[]): string[] {
  const tables = uses.flatMap(({ app, model }) => {
    const written = seen.get(app, model)
    if (!written) return [`${app}_${model}`]
    return seen.lineOf(written).flatMap((one) => {
      const table = seen.tableOf(one)
      return isKnown(table) ? [table.value] : []
    })
  })
  return [...new Set(tables)]
}

/** The live schema has the last word: what it contradicts is no hazard. */
async function holds({ check }: CheckedHazard, look: (table: string) => Promise<TableFacts | null>): Promise<boolean> {
  if (!check) return true
  const facts = await look(check.table)
  if (facts === null) return true
  if (!('columns' in check)) return !facts.exists
  if (!facts.exists) return true
  const wanted = new Set(check.columns.map((name) => name.toLowerCase()))
  const columns = facts.columns.filter((one) => wanted.has(one.name.toLowerCase()))
  return check.is === 'missing' ? columns.length === 0 : columns.some((one) => !one.nullable && !one.hasDefault)
}

function plain({ check: _check, ...hazard }: CheckedHazard): RerunHazard {
  return hazard
}
