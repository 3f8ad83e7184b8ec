import {
  applyChange,
  type Change,
  type Edit,
  isEmpty,
  type Patience,
  refuseUnfinished,
  refuseTakenAlong,
  refuseUnfitChange,
  sameChange,
  sameHistory,
  tableChanged,
  type TableMend,
  withOperationLock,
} from '../change/index.js'
import type { Database, History, Schema } from '../database/index.js'
import { readDatabase } from '../project/index.js'
import { factOf } from '../errors/index.js'
import { planMigrate } from '../migrations/index.js'
import { NO_CHANGES, newId, type Operation, type OperationRecord, standingOf } from '../journal/index.js'
import type { Answer, Interaction, Question } from './interaction.js'
import { modelsRecorded } from './models-recorded.js'
import { missingSideTables, warnMissingGrants } from './journal-access.js'
import { type ChangeResult, type PlanResult, preview, toPlanResult } from './results.js'
import { zoneFor, zoneStamper } from './stamp.js'
import { hostOf } from './who.js'
import type { Workspace } from './workspace.js'

/** What the verbs that change rows differ in. */
export interface ChangeVerb {
  kind: string
  /** Pure; throws the verb's refusals. Called for the preview and again under the lock. */
  plan(now: History): Change
  /** What of the table itself is mended first; null: nothing. */
  mend?(now: History): TableMend | null
  /** Under the lock, before the rows are read again: looks again at what `plan` goes by beside them. */
  lookAgain?(): Promise<void>
  /** Beside the change: the counter, the operation that is undone. */
  edit?(now: History, change: Change): Partial<Edit>
  question: Pick<Question, 'title' | 'notes' | 'ask'>
  dryRun: boolean
  reason: string | null
  /** Rows that it adds stand for migrations that do not run. */
  records?: boolean
}

/** request, plan, show, confirm, lock, read again and compare, one transaction, report: the path of every change. */
export async function runChange(workspace: Workspace, { history, creates: missing }: Opening, verb: ChangeVerb, ui: Interaction): Promise<ChangeResult> {
  const { database } = workspace
  const shown = { history, change: verb.plan(history) }
  const mend = verb.mend?.(history) ?? null
  const nothing = isEmpty(shown.change) && mend === null
  if (!nothing) refuseUnfitChange(database, history, shown.change, mend)
  if (shown.change.remove.length > 0) await database.reading(() => refuseTakenAlong(database, shown.change.remove))
  let moved = movedCounter(history, mend)
  const creates = nothing ? [] : missing
  if (nothing || verb.dryRun) {
    if (!nothing) await warnMissingGrants(database, workspace.warnings)
    const next = nextPlan(workspace, afterwards(shown.history, shown.change))
    const changes = preview(shown.change)
    return { operation: null, dryRun: verb.dryRun, changes, next, creates, ...ofModels(workspace, verb, changes), ...moved }
  }
  const notes = [...verb.question.notes, ...sayCreates(creates)]
  const answer = await ui.confirm({ ...verb.question, notes, where: whereOf(workspace), changes: preview(shown.change) })
  const patience = patienceOf(workspace, ui)
  const operation = newOperation(workspace, verb.kind, verb.reason)
  const lock = { patience, multiStep: false, name: `migstate ${verb.kind} ${operation.id}`, makeJournal: true }
  const result = await withOperationLock(database, lock, async () => {
    await verb.lookAgain?.()
    return applyChange(database, {
      operation,
      opens: true,
      plan: (now) => {
        const edit = planUnderLock(verb, now, shown, answer)
        moved = movedCounter(now, edit?.mend ?? null)
        return edit
      },
      stamp: stampOf(workspace),
      patience,
      warnings: workspace.warnings,
    })
  })
  if (!result) return { operation: null, dryRun: false, changes: NO_CHANGES, next: nextPlan(workspace, (await workspace.read()).rows), creates }
  await reportInterleaved(workspace, result.rows.length)
  return {
    operation: { id: operation.id, kind: verb.kind, status: 'done', snapshot: operation.snapshot },
    dryRun: false,
    changes: result.changes,
    next: nextPlan(workspace, result.rows),
    creates,
    ...ofModels(workspace, verb, result.changes),
    ...moved,
  }
}

function movedCounter({ sequence }: History, mend: TableMend | null): Pick<ChangeResult, 'counter'> {
  return mend === null ? {} : { counter: { before: mend.column ? null : sequence, after: mend.next } }
}

function ofModels(workspace: Workspace, verb: ChangeVerb, changes: ChangeResult['changes']): Pick<ChangeResult, 'modelsRecorded'> {
  const models = verb.records ? modelsRecorded(workspace, changes) : []
  return models.length > 0 ? { modelsRecorded: models } : {}
}

/** Said before the first write: what else appears in the database. */
export function sayCreates(tables: readonly string[]): string[] {
  return tables.length === 0
    ? []
    : [`This is the first change here: migstate makes its journal beside the table (${tables.join(', ')}); "migstate uninstall" drops it.`]
}

/** What a writing verb sees before it plans, at one moment. */
export interface Opening {
  history: History
  /** The side tables that the change would make. */
  creates: string[]
  /** Seen at the same moment; null where nobody wanted it. */
  schema: Schema | null
}

/**
 * Before any plan: a running operation is about to give rows back, so its lock is waited for (5); an interrupted one refuses (8).
 * A dry run looks without the lock.
 * @param wantsSchema pure; asked of the history whether the schema is wanted beside it. May throw.
 */
export async function settle(workspace: Workspace, ui: Interaction, dryRun: boolean, wantsSchema: WantsSchema = () => false): Promise<Opening> {
  const { database } = workspace
  database.requireTable()
  if (dryRun) return lookOnly(workspace, wantsSchema)
  const { running, ...opening } = await look(database, wantsSchema)
  if (running.length === 0) return opening
  await withOperationLock(database, { patience: patienceOf(workspace, ui), multiStep: false, name: 'migstate', makeJournal: false }, async () => {})
  return look(database, wantsSchema)
}

type WantsSchema = (history: History) => boolean

function look(database: Database, wantsSchema: WantsSchema): Promise<Opening & { running: Operation[] }> {
  return database.reading(async () => {
    let history: History | undefined
    const { running } = await standingOf(database, {
      async ask(question) {
        const found = await database.readHistoryWith(question)
        history = found.history
        return found.answer
      },
    })
    history ??= await database.readHistory()
    const schema = running.length === 0 && wantsSchema(history) ? await lastSchema(database) : null
    return { running, creates: database.journalLabels('missing'), history, schema }
  })
}

function lastSchema(database: Database): Promise<Schema> {
  const { dialect, edit, table } = database
  const ask = () => dialect.introspect(edit, table)
  // Of a column that fills itself no more it is asked too what can be done about it.
  return table.shape.fillsId ? database.last(ask) : ask()
}

/** By a role that may read no more than the history, too. */
async function lookOnly(workspace: Workspace, wantsSchema: WantsSchema): Promise<Opening> {
  const { database } = workspace
  const seen = await workspace.askJournal(() => look(database, wantsSchema))
  if (seen === null) {
    const history = await workspace.read()
    const schema = wantsSchema(history) ? await database.reading(() => lastSchema(database)) : null
    return { history, creates: await missingSideTables(database), schema }
  }
  await refuseUnfinished(database, { locked: false, running: seen.running })
  return seen
}

/** With `--yes` the plan is made anew from the rows as they are; what a person said yes to is never changed. */
function planUnderLock(verb: ChangeVerb, now: History, { history, change: shown }: { history: History; change: Change }, answer: Answer): Edit | null {
  // While others wait only the rows are compared, where a plan depends on nothing else.
  if (!verb.lookAgain && sameHistory(history, now)) return { change: shown, event: 'done', ...verb.edit?.(now, shown) }
  let change: Change
  try {
    change = verb.plan(now)
  } catch (error) {
    if (answer === 'yes-flag') throw error
    throw tableChanged(shown, now.rows, `The table has changed since the plan was shown (${factOf(error)}).`)
  }
  if (answer === 'person' && !sameChange(change, shown)) throw tableChanged(shown, now.rows, 'The rows concerned have changed since the plan was shown.')
  const mend = verb.mend?.(now) ?? null
  if (isEmpty(change) && mend === null) return null
  return { change, event: 'done', mend, ...verb.edit?.(now, change) }
}

export function newOperation(workspace: Workspace, kind: string, reason: string | null): OperationRecord {
  return {
    id: newId(),
    kind,
    startedAt: new Date().toISOString(),
    actor: workspace.actor,
    host: hostOf(workspace.options.env),
    pid: String(process.pid),
    command: workspace.options.command,
    reason,
    snapshot: newId(),
  }
}

export function patienceOf(workspace: Workspace, ui: Interaction): Patience {
  return { deadline: Date.now() + workspace.config.lockTimeout * 1000, signal: ui.signal, onWait: (state) => ui.waiting(state) }
}

export function stampZone(workspace: Workspace): string | null {
  const { project, database } = workspace
  const zone = project && workspace.config.url === undefined ? (readDatabase(project.settings, workspace.alias)?.timeZone ?? null) : null
  return zoneFor(database, workspace.config.noFiles ? null : (project?.files() ?? null), zone, workspace.warnings)
}

/** Asked only when a new row is written: the warning about an unknown zone belongs to such a row. */
export function stampOf(workspace: Workspace): (at?: string | null) => string {
  let stamp: ((at?: string | null) => string) | undefined
  return (at) => {
    stamp ??= zoneStamper(workspace.database, stampZone(workspace))
    return stamp(at)
  }
}

/** What `manage.py migrate` would do on these rows; null without files. */
export function nextPlan(workspace: Workspace, rows: readonly { app: string; name: string }[]): PlanResult | null {
  const project = workspace.files()
  return project ? toPlanResult(planMigrate({ project, rows, rules: workspace.rules(), alias: workspace.alias }), project.notFound) : null
}

export function whereOf(workspace: Workspace): string {
  const { database, aliases, alias } = workspace
  const place = `${database.hasTable ? database.table.label : database.tableName} of ${database.facts.name}`
  return `${place} (${database.facts.engine}${database.facts.host ? ` at ${database.facts.host}` : ''}${aliases.length > 1 ? `, alias ${alias}` : ''})`
}

function afterwards(history: History, change: Change): { app: string; name: string }[] {
  const gone = new Set(change.remove.map((row) => row.id))
  return [...history.rows.filter((row) => !gone.has(row.id)), ...change.add]
}

/** A migrate that had its plan before the lock writes its rows after it; say so rather than let it pass. */
async function reportInterleaved(workspace: Workspace, expected: number): Promise<void> {
  const count = await lookAfterwards(workspace, () => workspace.database.countRows())
  if (count !== null && count !== expected)
    workspace.warnings.add('interleaved', `somebody else changed the table right after this change: ${count} rows instead of ${expected}`)
}

/** A look at the database once the change is done: where it fails, the change is done all the same. */
export async function lookAfterwards<T>(workspace: Workspace, look: () => Promise<T>): Promise<T | null> {
  try {
    return await look()
  } catch (error) {
    workspace.warnings.add('not-checked', `the change is done; what the table holds now could not be looked at: ${factOf(error)}`)
    return null
  }
}
