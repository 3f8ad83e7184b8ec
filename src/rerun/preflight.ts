import { byId, type Row } from '../database/index.js'
import type { MigrationFile, ProjectFiles } from '../django/index.js'
import { MigstateError } from '../errors/index.js'
import { dependantRows, keyOf, loadHistory, makeKey, pairOf, planMigrate, type Rules } from '../history/index.js'

export interface RerunPlan {
  app: string
  name: string
  file: MigrationFile
  /** Rows of the target, duplicates included, in order of id; the last one is kept and gets the new time. */
  target: Row[]
  /** Every other row that Django must not see while the target runs, in order of id. */
  hidden: Row[]
  /** Squashes without a row of their own: Django may record them on the way. */
  unrecordedSquashes: [app: string, name: string][]
  /** Whether an absent row proves that the migration did not run, as far as Django's version and the file say. */
  recordsInTransaction: boolean
  /** Lines that a person must weigh. */
  notes: string[]
}

export interface PreflightRequest {
  project: ProjectFiles
  rows: readonly Row[]
  rules: Rules
  alias: string
  app: string
  /** Exact. */
  name: string
  force: boolean
}

/**
 * Whether a migration can run again, decided from files and rows alone; no process is started.
 * @throws MigstateError `not-recorded` `unknown-migration` `squashed-target` `schema-operations` `unknown-operation-kind`
 *   `pending-migrations` `django-would-refuse`
 */
export function planRerun(request: PreflightRequest): RerunPlan {
  const { project, rows, rules, app, name } = request
  const key = makeKey(app, name)
  const target = rows.filter((row) => keyOf(row) === key).sort(byId)
  const view = loadHistory(project, rows, rules)
  const file = view.disk.get(key)
  if (target.length === 0)
    throw new MigstateError('not-recorded', `${app}.${name} is not recorded, so it cannot run again. Nothing was changed.`, {
      hint: `Run it for the first time with: manage.py migrate ${app} ${name}`,
    })
  if (!file)
    throw new MigstateError('unknown-migration', `${app}.${name} is recorded, but its file was not found, so Django cannot run it. Nothing was changed.`)
  refuseSquashed(request, view.replacements)
  const notes = checkOperations(file, request.force)
  const hidden = dependantRows(project, rows, rules, key).sort(byId)
  const gone = new Set([...target, ...hidden].map((row) => row.id))
  notes.push(
    ...checkPlan(
      request,
      rows.filter((row) => !gone.has(row.id)),
    ),
  )
  return {
    app,
    name,
    file,
    target,
    hidden,
    unrecordedSquashes: [...view.replacements.keys()].filter((squash) => !view.recorded.has(squash)).map(pairOf),
    recordsInTransaction: rules.recordsInTransaction && file.atomic === true,
    notes,
  }
}

function refuseSquashed(request: PreflightRequest, replacements: ReadonlyMap<string, MigrationFile>): void {
  const { app, name } = request
  const key = makeKey(app, name)
  if (replacements.has(key))
    throw new MigstateError(
      'squashed-target',
      `${app}.${name} is a squash of ${replacements.get(key)?.replaces.length} migrations, and table mode cannot run one again. Nothing was changed.`,
    )
  const squash = [...replacements].find(([, file]) => file.replaces.some(([label, replaced]) => makeKey(label, replaced) === key))
  if (squash)
    throw new MigstateError(
      'squashed-target',
      `${app}.${name} is replaced by the squash ${pairOf(squash[0]).join('.')}, and table mode cannot run it again. Nothing was changed.`,
    )
}

/** @returns notes for the question */
function checkOperations(file: MigrationFile, force: boolean): string[] {
  const label = `${file.app}.${file.name}`
  const { operations } = file
  const schema = operations?.filter((one) => one.schema === true) ?? []
  if (schema.length > 0 && !force)
    throw new MigstateError(
      'schema-operations',
      `${label} changes the schema (${list(schema.map((one) => one.summary))}); what it would make exists already, so Django would fail. Nothing was changed.`,
      { details: { operations: schema.map((one) => one.summary) } },
    )
  const custom = operations?.filter((one) => one.data === null || one.schema === null) ?? []
  if ((operations === null || custom.length > 0) && !force)
    throw new MigstateError(
      'unknown-operation-kind',
      operations === null
        ? `The operations of ${label} cannot be read from its file, so nobody can say what would run a second time. Nothing was changed.`
        : `${label} has operations of a kind that migstate does not know (${list(custom.map((one) => one.summary))}). Nothing was changed.`,
    )
  const lines = [`This code runs a second time: ${list(operations?.map((one) => one.summary) ?? ['(unreadable)'])}. Is it safe to run twice?`]
  if (operations?.some((one) => one.reversible === false)) lines.push('It is not reversible: what it does to data cannot be undone by Django.')
  if (file.atomic !== true) lines.push('It is not atomic: if it fails half-way, what it did so far stays.')
  return lines
}

/** Once the rows are lifted, Django's plan must be exactly the target. */
function checkPlan(request: PreflightRequest, rows: readonly Row[]): string[] {
  const { project, rules, alias, app, name } = request
  const plan = planMigrate({ project, rows, rules, alias }, { app, name })
  const unreadable = plan.blockedBy.filter((gate) => gate.gate === 'unreadable')
  const [gate] = plan.blockedBy.filter((one) => one.gate !== 'unreadable')
  if (gate)
    throw new MigstateError('django-would-refuse', `Django would refuse to run ${app}.${name}: ${gate.message} Nothing was changed.`, {
      details: { blockedBy: plan.blockedBy },
    })
  if (unreadable.length > 0) return unreadable.slice(0, 3).map((one) => `Not checked: ${one.message}.`)
  const others = plan.steps.filter((step) => step.app !== app || step.name !== name)
  if (others.length > 0)
    throw new MigstateError(
      'pending-migrations',
      `Django would also run ${list(others.map((step) => `${step.app}.${step.name}`))}, on which ${app}.${name} depends. Nothing was changed.`,
      {
        details: { pending: others.map((step) => [step.app, step.name]) },
      },
    )
  return []
}

function list(items: readonly string[]): string {
  return items.length > 5 ? `${items.slice(0, 5).join(', ')} and ${items.length - 5} more` : items.join(', ') || 'no operations'
}
