import type { Row } from '../database/index.js'
import type { ProjectFiles } from '../django/index.js'
import { type AppStatus, checkApps, type HistoryStatus, type LoaderView, makeKey, readableConflicts, statusOf } from '../history/index.js'
import { warnUnfinished } from './unfinished.js'
import type { Workspace } from './workspace.js'

export interface StatusArgs {
  apps?: string[]
  /** Only migrations with data operations, and those of which nobody can tell. */
  data?: boolean
}

export interface StatusResult {
  database: { alias: string; engine: string; version: string; host: string | null; name: string; schema: string | null; table: string }
  django: { version: string | null }
  apps: AppStatus[]
  unknownApps: { label: string; rows: Row[] }[]
  summary: HistoryStatus['summary']
}

/** Files against rows; answers also where the table is missing or Django cannot load. */
export async function status(workspace: Workspace, args: StatusArgs): Promise<StatusResult> {
  const { database, warnings } = workspace
  const rows = database.hasTable ? (await workspace.read()).rows : []
  if (!database.hasTable) warnings.add('table-missing', `the table ${database.tableName} does not exist in ${database.facts.name}; nothing is recorded`)
  const project = workspace.files()
  checkApps(project, rows, args.apps ?? [])
  const result = project ? statusOf(project, rows, workspace.rules()) : rowsOnly(rows)
  await warnUnfinished(workspace)
  warnOfFindings(workspace, project, rows, result)
  for (const gate of result.view?.gates ?? []) if (gate.gate === 'missing-parent' || gate.gate === 'circular') warnings.add(gate.gate, gate.message)
  const wanted = args.apps?.length ? new Set(args.apps) : null
  const shown = (label: string) => wanted === null || wanted.has(label)
  return {
    database: {
      alias: workspace.alias,
      engine: database.facts.engine,
      version: database.facts.version,
      host: database.facts.host,
      name: database.facts.name,
      schema: database.schema,
      table: database.hasTable ? database.table.name : database.tableName,
    },
    django: { version: project?.djangoVersion ?? null },
    apps: result.apps.filter((app) => shown(app.label)).flatMap((app) => (args.data ? withData(app, result.view) : [app])),
    unknownApps: result.unknownApps.filter((app) => shown(app.label)),
    summary: result.summary,
  }
}

/** What people look for who want to run something again; null is a custom operation, which may do anything. */
function withData(app: AppStatus, view: LoaderView | undefined): AppStatus[] {
  const migrations = app.migrations
    .filter((one) => one.data !== false)
    .map((one) => {
      const operations = view?.disk.get(makeKey(app.label, one.name))?.operations ?? []
      return { ...one, operations: operations.filter((each) => each.data !== false).map((each) => each.summary) }
    })
  return migrations.length > 0 ? [{ ...app, migrations, ghosts: [] }] : []
}

/** `--no-files`: every label is unknown, nothing is judged. */
function rowsOnly(rows: readonly Row[]): Pick<HistoryStatus, 'apps' | 'unknownApps' | 'summary'> & { view?: undefined } {
  const labels = [...new Set(rows.map((row) => row.app))].sort()
  const distinct = new Set(rows.map((row) => `${row.app}\0${row.name}`)).size
  return {
    apps: [],
    unknownApps: labels.map((label) => ({ label, rows: rows.filter((row) => row.app === label) })),
    summary: { applied: 0, unapplied: 0, holes: 0, ghosts: 0, duplicates: rows.length - distinct, conflicts: 0, unreadable: 0 },
  }
}

/** What is wrong is a warning with the code of the finding. */
function warnOfFindings(
  workspace: Workspace,
  project: ProjectFiles | null,
  rows: readonly Row[],
  result: Pick<HistoryStatus, 'apps'> & { view?: LoaderView },
): void {
  const { warnings } = workspace
  for (const app of result.apps) {
    for (const one of app.migrations) if (one.hole) warnings.add('hole', `${app.label}.${one.name} is not applied, but something that depends on it is`)
    for (const row of app.ghosts) warnings.add('ghost', `${row.app}.${row.name} (id ${row.id}) is recorded, but its file is gone`)
  }
  for (const row of surplus(rows)) warnings.add('duplicate', `${row.app}.${row.name} is recorded more than once (id ${row.id})`)
  if (project && result.view) for (const gate of readableConflicts(project, result.view, workspace.rules())) warnings.add('conflict', gate.message)
}

/** Every row of a migration but the first. */
function surplus(rows: readonly Row[]): Row[] {
  const seen = new Set<string>()
  return rows.filter((row) => {
    const key = `${row.app}\0${row.name}`
    return seen.has(key) || !seen.add(key)
  })
}

/** `--check`: rows of unknown apps and a `[-]` alone do not count. */
export function findingsOf({ summary, unknownApps }: StatusResult): string[] {
  const { applied: _applied, ...bad } = summary
  const counted = { ...bad, duplicates: bad.duplicates - unknownApps.reduce((sum, app) => sum + surplus(app.rows).length, 0) }
  return Object.entries(counted).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []))
}
