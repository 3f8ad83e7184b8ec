import type { Row } from '../database/index.js'
import type { Operation, ProjectFiles } from '../project/index.js'
import {
  type AppStatus,
  checkApps,
  dotted,
  type HistoryStatus,
  type Key,
  keyOf,
  type LoaderView,
  makeKey,
  namePairs,
  readableConflicts,
  statusOf,
  type UnknownApp,
} from '../migrations/index.js'
import { inShort } from '../errors/index.js'
import { type Advice, duplicateAdvice, ghostAdvice, holeAdvice, lostFileAdvice, MERGE, sameAdvice } from './advice.js'
import { lookAround, warnUnfinished } from './unfinished.js'
import type { Workspace } from './workspace.js'

export interface StatusArgs {
  apps?: string[]
  /** Only migrations with data operations, and those of which nobody can tell. */
  data?: boolean
}

/** Something that is wrong, with the commands that mend it. */
export interface StatusFinding {
  code: 'hole' | 'ghost' | 'duplicate' | 'conflict'
  app: string
  /** null: it is about the app. */
  migration: string | null
  message: string
  next: Advice[]
}

export interface StatusResult {
  database: { alias: string; engine: string; version: string; host: string | null; name: string; schema: string | null; table: string }
  django: {
    version: string | null
    /** The settings module; `manage.py` where it configures them itself; null where none were read. */
    settings: string | null
    /** The environment in which Django was found, and why it was chosen. */
    environment: string | null
  }
  apps: AppStatus[]
  unknownApps: UnknownApp[]
  /** Entries of INSTALLED_APPS that were not found on disk. */
  notFound: string[]
  findings: StatusFinding[]
  /** Of what is listed. */
  summary: HistoryStatus['summary']
}

/** Files against rows; answers also where the table is missing or Django cannot load. */
export async function status(workspace: Workspace, args: StatusArgs): Promise<StatusResult> {
  const { database, warnings } = workspace
  const { rows, journal } = await lookAround(workspace)
  if (!database.hasTable) warnings.add('table-missing', `the table ${database.tableName} does not exist in ${database.facts.name}; nothing is recorded`)
  const project = workspace.files()
  checkApps(project, rows, args.apps ?? [])
  const wanted = args.apps?.length ? new Set(args.apps) : null
  const result = project ? statusOf(project, rows, workspace.rules(), wanted) : rowsOnly(rows, wanted)
  await warnUnfinished(workspace, journal)
  const findings = findingsIn(workspace, { project, result, rows, wanted })
  for (const finding of findings) warnings.add(finding.code, finding.message)
  for (const message of result.view ? leftOut(result.view, wanted) : []) warnings.add('squash-partial', message)
  for (const gate of result.view?.gates ?? []) if (gate.gate === 'missing-parent' || gate.gate === 'circular') warnings.add(gate.gate, gate.message)
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
    django: { version: project?.djangoVersion ?? null, settings: project && (project.settingsModule ?? 'manage.py'), environment: workspace.environment },
    apps: args.data ? result.apps.flatMap((app) => withData(app, result.view)) : result.apps,
    unknownApps: result.unknownApps,
    notFound: project?.notFound ?? [],
    findings,
    summary: result.summary,
  }
}

/** What people look for who want to run something again; null is a custom operation, which may do anything. */
function withData(app: AppStatus, view: LoaderView | undefined): AppStatus[] {
  const operationsOf = ({ name }: { name: string }) => view?.disk.get(makeKey(app.label, name))?.operations ?? []
  const migrations = app.migrations
    .filter((one) => one.data !== false || operationsOf(one).some(isToBeSeen))
    .map((one) => {
      const operations = operationsOf(one)
      return { ...one, operations: operations.filter(isToBeSeen).map((each) => each.summary) }
    })
  return migrations.length > 0 ? [{ ...app, migrations, ghosts: [] }] : []
}

/** Django's own answer says of a custom one that it is neither RunPython nor RunSQL, and not what it does. */
function isToBeSeen({ data, schema }: Operation): boolean {
  return data !== false || schema === null
}

type Judged = Pick<HistoryStatus, 'apps' | 'unknownApps' | 'summary'> & { view?: LoaderView }

/** `--no-files`: every label is unknown, nothing is judged. */
function rowsOnly(rows: readonly Row[], wanted: ReadonlySet<string> | null): Judged {
  const own = rows.filter((row) => wanted === null || wanted.has(row.app))
  const labels = [...new Set(own.map((row) => row.app))].sort()
  const distinct = new Set(own.map((row) => `${row.app}\0${row.name}`)).size
  return {
    apps: [],
    unknownApps: labels.map((label) => ({ label, installed: false, rows: own.filter((row) => row.app === label) })),
    summary: { applied: 0, unapplied: 0, holes: 0, ghosts: 0, duplicates: own.length - distinct, conflicts: 0, unreadable: 0 },
  }
}

interface Looked {
  project: ProjectFiles | null
  result: Judged
  rows: readonly Row[]
  wanted: ReadonlySet<string> | null
}

/** Of a row whose file is gone the unrecorded file that it may be, and the other way round. */
type Twins = ReadonlyMap<Key, Key>

function twinsIn(project: ProjectFiles | null, { view }: Judged, rows: readonly Row[]): Twins {
  if (!project || !view) return new Map()
  return new Map(
    namePairs({ view, rows, project }).flatMap(({ row, key }): [Key, Key][] => [
      [keyOf(row), key],
      [key, keyOf(row)],
    ]),
  )
}

function findingsIn(workspace: Workspace, { project, result, rows, wanted }: Looked): StatusFinding[] {
  const twins = twinsIn(project, result, rows)
  const findings = result.apps.flatMap((app) => [
    ...app.migrations.flatMap((one) => ofMigration(app.label, one, twins)),
    ...app.ghosts.map((row) => ofGhost(row, result.view, twins)),
  ])
  for (const { label, rows } of result.unknownApps)
    for (const row of surplus(rows)) findings.push(ofDuplicate(label, row.name, rows.filter((one) => one.name === row.name).length))
  if (!project || !result.view) return findings
  for (const { migrations, message } of readableConflicts(project, result.view, workspace.rules())) {
    const app = migrations[0]?.[0] ?? ''
    if (wanted === null || wanted.has(app)) findings.push({ code: 'conflict', app, migration: null, message, next: MERGE })
  }
  return findings
}

function ofMigration(app: string, one: AppStatus['migrations'][number], twins: Twins): StatusFinding[] {
  const found: StatusFinding[] = []
  const twin = twins.get(makeKey(app, one.name))
  if (one.hole) {
    const above = one.appliedAbove === null ? 'something that depends on it' : `${one.appliedAbove.join('.')}, which depends on it,`
    found.push({
      code: 'hole',
      app,
      migration: one.name,
      message: `${app}.${one.name} is not applied, but ${above} is${twin === undefined ? '' : `; ${dotted(twin)} may be its row`}`,
      next: twin === undefined ? holeAdvice(app, one.name) : sameAdvice(),
    })
  }
  if (one.rows > 1) found.push(ofDuplicate(app, one.name, one.rows))
  return found
}

function ofGhost(row: Row, view: LoaderView | undefined, twins: Twins): StatusFinding {
  const { app, name, id } = row
  const twin = twins.get(keyOf(row))
  const children = view?.graph.missing.has(makeKey(app, name)) ? view.graph.children(makeKey(app, name)).map(dotted) : []
  const named = children.length > 0 ? `, and ${inShort(children)} ${children.length === 1 ? 'depends' : 'depend'} on it` : ''
  const message = `${app}.${name} (id ${id}) is recorded, but there is no file of it${named}${twin === undefined ? '' : `; ${dotted(twin)} may be the same`}`
  const next = twin !== undefined ? sameAdvice() : named ? lostFileAdvice(name) : ghostAdvice(app, name)
  return { code: 'ghost', app, migration: name, message, next }
}

function ofDuplicate(app: string, name: string, times: number): StatusFinding {
  return { code: 'duplicate', app, migration: name, message: `${app}.${name} is recorded ${times} times`, next: duplicateAdvice(app, name) }
}

/** Every row of a migration but the first, of each migration one. */
function surplus(rows: readonly Row[]): Row[] {
  const counts = new Map<string, number>()
  return rows.filter((row) => {
    const seen = (counts.get(row.name) ?? 0) + 1
    counts.set(row.name, seen)
    return seen === 2
  })
}

/** Squashes of which a part is recorded and a part is not: they are no longer in the graph, and `showmigrations` does not list them. */
function leftOut(view: LoaderView, wanted: ReadonlySet<string> | null): string[] {
  return [...view.replacements].flatMap(([key, { app, replaces }]) => {
    const recorded = replaces.filter(([label, name]) => view.applied.has(makeKey(label, name)))
    if (view.graph.hasNode(key) || recorded.length === 0 || recorded.length === replaces.length || (wanted && !wanted.has(app))) return []
    return [
      `${dotted(key)} is left out of the graph: of the ${replaces.length} migrations that it replaces, ${recorded.length} ${recorded.length === 1 ? 'is' : 'are'} recorded`,
    ]
  })
}

/** `--check`: an installed app that was not found counts; rows of apps that are not installed and a `[-]` alone do not. */
export function problemsOf({ summary, unknownApps, notFound }: StatusResult): string[] {
  const { applied: _applied, ...bad } = summary
  const unjudged = unknownApps.filter((app) => !app.installed).reduce((sum, { rows }) => sum + rows.length - new Set(rows.map((row) => row.name)).size, 0)
  const counted = { ...bad, duplicates: bad.duplicates - unjudged, 'installed apps that were not found': notFound.length }
  return Object.entries(counted).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []))
}
