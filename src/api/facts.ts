import { byId, type History, type Row } from '../database/index.js'
import { type Evidence, type Facts, gatherEvidence, Sight } from '../doctor/index.js'
import { cycleGate, type Key, loadHistory, type LoaderView } from '../migrations/index.js'
import { whereStateBreaks } from './state-breaks.js'
import { glance, warnUnfinished } from './unfinished.js'
import type { Workspace } from './workspace.js'

/** Files, rows and schema as they are, for the findings. Nothing is written. */
export async function readFacts(workspace: Workspace): Promise<Facts> {
  const { database, warnings } = workspace
  const table = database.hasTable ? database.table : null
  const seen = await database.reading(async () => {
    const history: History = table ? await database.readHistory() : { rows: [], sequence: null }
    return { history, schema: await database.dialect.introspect(database.edit, table) }
  })
  const { schema } = seen
  const same = {
    alias: workspace.alias,
    project: workspace.files(),
    rules: workspace.rules(),
    table,
    tableName: database.tableName,
    schema,
    sight: new Sight(schema),
    unfinished: await unfinishedOf(workspace),
    unshipped: workspace.files() ? (workspace.project?.unshipped() ?? []) : [],
    readOnly: database.facts.readOnly,
    otherTables: warnings.list().find(({ code }) => code === 'table-ambiguous')?.message ?? null,
    transactionalDdl: database.dialect.capabilities.transactionalDdl,
    engine: database.facts.engine,
    now: new Date(),
  }
  return { ...same, ...ofRows(workspace, seen.history.rows, schema), sequence: seen.history.sequence }
}

/** The same files and schema beside other rows. */
export function factsWith(workspace: Workspace, facts: Facts, { rows, sequence }: { rows: readonly Row[]; sequence: string | null }): Facts {
  return { ...facts, ...ofRows(workspace, rows, facts.schema), sequence }
}

function ofRows(workspace: Workspace, found: readonly Row[], schema: Facts['schema']): Pick<Facts, 'rows' | 'view' | 'evidence' | 'stateBreak'> {
  const project = workspace.files()
  const rows = [...found].sort(byId)
  const view = project && loadHistory(project, rows, workspace.rules())
  return { rows, view, evidence: view ? evidenceOf(workspace, rows, schema) : new Map<Key, Evidence>(), stateBreak: whereStateBreaks(workspace, rows) }
}

/** What the schema shows of each migration on disk now; null where there are no files. */
export async function readEvidence(workspace: Workspace, rows: readonly Row[]): Promise<ReadonlyMap<Key, Evidence> | null> {
  const { database } = workspace
  if (!workspace.files()) return null
  const schema = await database.reading(() => database.dialect.introspect(database.edit, database.hasTable ? database.table : null))
  return evidenceOf(workspace, rows, schema)
}

/** Empty without files, and where they have no order. */
function evidenceOf(workspace: Workspace, rows: Facts['rows'], schema: Facts['schema']): Map<Key, Evidence> {
  const { project, database } = workspace
  const files = workspace.files()
  if (!project || !files) return new Map()
  const view: LoaderView = loadHistory(files, rows, workspace.rules(), false)
  // Without an order there is nothing to replay.
  if (cycleGate(view.graph, 'children').length > 0) return new Map()
  const aliases = workspace.aliases.length > 1
  return gatherEvidence({
    view,
    recorded: view.recorded,
    schema,
    operationsOf: (file) => project.detailed(file).operations,
    sourceOf: (file) => project.source(file),
    routed: project.hasRouters
      ? 'DATABASE_ROUTERS may keep them on another database'
      : aliases && workspace.alias !== 'default'
        ? 'it is not the default database'
        : null,
    maxNameLength: database.dialect.capabilities.maxNameLength,
  })
}

async function unfinishedOf(workspace: Workspace): Promise<Facts['unfinished']> {
  const { database } = workspace
  if (!database.hasTable) return []
  const seen = await workspace.askJournal(() => glance(database))
  await warnUnfinished(workspace, seen)
  if (!seen || seen.unfinished.length === 0) return []
  const holder = await database.dialect.advisoryLockHolder(database.edit, database.table)
  return seen.unfinished.map(({ id, kind }) => ({ id, kind, holder }))
}
