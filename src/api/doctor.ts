import { byId, type History } from '../database/index.js'
import {
  diagnose,
  explain,
  FINDING_CODES,
  type Evidence,
  type Facts,
  type Finding,
  gatherEvidence,
  isAtLeast,
  type Severity,
  Sight,
  toFindings,
} from '../doctor/index.js'
import { MigstateError } from '../errors/index.js'
import { cycleGate, type Key, loadHistory, type LoaderView } from '../migrations/index.js'
import { glance, warnUnfinished } from './unfinished.js'
import type { Workspace } from './workspace.js'

export interface DoctorArgs {
  /** Codes of findings; without: all. */
  only?: string[] | undefined
  /** An error of Django or of the database: only what explains it. */
  explain?: string | undefined
}

export interface DoctorResult {
  findings: Finding[]
  /** Only with an error text: whether a finding explains it. */
  explained?: boolean
}

/** Everything that is wrong, with evidence from files, rows and schema, and what mends it. Nothing is written, no Python is started. */
export async function doctor(workspace: Workspace, args: DoctorArgs): Promise<DoctorResult> {
  const only = new Set(args.only ?? [])
  const wrong = [...only].find((code) => !(FINDING_CODES as readonly string[]).includes(code))
  if (wrong !== undefined) throw new MigstateError('usage', `There is no finding "${wrong}".`, { hint: `Known: ${FINDING_CODES.join(', ')}.` })
  const all = diagnose(await gather(workspace))
  const found = args.explain === undefined ? all : explain(all, args.explain)
  const findings = toFindings(found.filter(({ code }) => only.size === 0 || only.has(code)))
  return args.explain === undefined ? { findings } : { findings, explained: findings.length > 0 }
}

export function hasFindings({ findings }: DoctorResult, least: Severity): boolean {
  return findings.some(({ severity }) => isAtLeast(severity, least))
}

async function gather(workspace: Workspace): Promise<Facts> {
  const { database, warnings } = workspace
  const table = database.hasTable ? database.table : null
  const seen = await database.reading(async () => {
    const history: History = table ? await database.readHistory() : { rows: [], sequence: null }
    return { history, schema: await database.dialect.introspect(database.edit, table) }
  })
  const project = workspace.files()
  const rules = workspace.rules()
  const rows = [...seen.history.rows].sort(byId)
  const view = project && loadHistory(project, rows, rules)
  const { schema } = seen
  return {
    alias: workspace.alias,
    project,
    rows,
    rules,
    view,
    table,
    tableName: database.tableName,
    schema,
    sight: new Sight(schema),
    sequence: seen.history.sequence,
    evidence: view ? evidenceOf(workspace, rows, schema) : new Map<Key, Evidence>(),
    unfinished: await unfinishedOf(workspace),
    otherTables: warnings.list().find(({ code }) => code === 'table-ambiguous')?.message ?? null,
    transactionalDdl: database.dialect.capabilities.transactionalDdl,
    engine: database.facts.engine,
    now: new Date(),
  }
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
