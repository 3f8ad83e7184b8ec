import { byId, type Row } from '../database/index.js'
import type { MigrationFile, ProjectFiles } from '../project/index.js'
import { MigstateError } from '../errors/index.js'
import { dependantRows, type Key, keyOf, type LoaderView, loadHistory, makeKey, pairOf, planMigrate, rowsOf, type Rules } from '../migrations/index.js'

export interface RerunPlan {
  app: string
  name: string
  file: MigrationFile
  /** Rows of the target, duplicates included, in order of id; the last one is kept and gets the new time. */
  target: Row[]
  /** What a first run records; empty for a rerun, whose row is there. */
  records: [app: string, name: string][]
  /** Every other row that Django must not see while the target runs, in order of id. */
  hidden: Row[]
  /** Squashes without a row of their own: Django may record them on the way. */
  unrecordedSquashes: [app: string, name: string][]
  /** Whether an absent row proves that the migration did not run, as far as Django's version and the file say. */
  recordsInTransaction: boolean
  /** --reverse-first: what the way back migrates to, and what Django must not see then. */
  reverse: { to: string; hidden: Row[] } | null
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
  mode: 'shadow' | 'table'
  reverseFirst: boolean
}

/**
 * Whether a migration can run again, decided from files and rows alone; no process is started.
 * @throws MigstateError `not-recorded` `unknown-migration` `squashed-target` `schema-operations` `not-reversible` `unknown-operation-kind`
 *   `pending-migrations` `django-would-refuse`
 */
export function planRerun(request: PreflightRequest): RerunPlan {
  const { project, rows, rules, app, name } = request
  const key = makeKey(app, name)
  const target = rows.filter((row) => keyOf(row) === key).sort(byId)
  const view = loadHistory(project, rows, rules)
  const file = view.disk.get(key)
  if (target.length === 0)
    throw new MigstateError('not-recorded', `${app}.${name} is not recorded, so it cannot run again.`, {
      hint: firstRunHint(request),
    })
  if (!file) throw new MigstateError('unknown-migration', `${app}.${name} is recorded, but its file was not found, so Django cannot run it.`)
  const squash = squashOf(request, view.replacements)
  const notes = checkOperations(file, request)
  const hidden = [...dependantRows(project, rows, rules, key), ...partsOf(rows, rules, view, key)].sort(byId)
  const without = (gone: readonly Row[]) => rows.filter((row) => !gone.includes(row))
  notes.push(...checkPlan(request, without([...target, ...hidden]), squash))
  const reverse = request.reverseFirst ? planReverse(request, file, without(hidden)) : null
  return {
    app,
    name,
    file,
    target,
    records: [],
    hidden,
    unrecordedSquashes: [...view.replacements.keys()].filter((one) => !view.recorded.has(one)).map(pairOf),
    recordsInTransaction: rules.recordsInTransaction && file.atomic === true,
    reverse: reverse && { to: reverse.to, hidden: [...hidden, ...reverse.hidden].sort(byId) },
    notes,
  }
}

/** Django's own command where Django would run it; where a hole stops Django, ours. */
function firstRunHint({ project, rows, rules, alias, app, name }: PreflightRequest): string {
  const plan = planMigrate({ project, rows, rules, alias }, { app, name, exact: true })
  const runs = plan.blockedBy.length === 0 && plan.steps.every((step) => step.direction === 'forward')
  return runs ? `To run it for the first time: python manage.py migrate ${app} ${name}` : `To run it for the first time: migstate run ${app}.${name}`
}

/** The rows of what a squash replaces: while one of them is seen, Django does not run the squash itself. */
function partsOf(rows: readonly Row[], rules: Rules, view: LoaderView, key: Key): Row[] {
  return view.replacements.has(key) ? rowsOf(view, rules, rows, key).filter((row) => keyOf(row) !== key) : []
}

/** @returns in words how the target has to do with a squash, or null */
function squashOf({ app, name, mode }: PreflightRequest, replacements: ReadonlyMap<Key, MigrationFile>): string | null {
  const key = makeKey(app, name)
  const own = replacements.get(key)
  const other = [...replacements].find(([, file]) => file.replaces.some(([label, replaced]) => makeKey(label, replaced) === key))
  const what = own ? `a squash of ${own.replaces.length} migrations` : other ? `replaced by the squash ${pairOf(other[0]).join('.')}` : null
  if (what !== null && mode === 'table')
    throw new MigstateError('squashed-target', `${app}.${name} is ${what}, and table mode cannot run it again.`, {
      hint: 'Leave --mode table out: shadow mode can.',
    })
  return what
}

/** @returns notes for the question */
function checkOperations(file: MigrationFile, { force, reverseFirst }: PreflightRequest): string[] {
  const label = `${file.app}.${file.name}`
  const { operations } = file
  const schema = operations?.filter((one) => one.schema === true) ?? []
  if (schema.length > 0 && !force)
    throw new MigstateError('schema-operations', `${label} changes the schema (${list(schema.map((one) => one.summary))}), and a rerun is for data.`, {
      details: { operations: schema.map((one) => one.summary) },
    })
  const custom = operations?.filter((one) => one.data === null || one.schema === null) ?? []
  if ((operations === null || custom.length > 0) && !force)
    throw new MigstateError(
      'unknown-operation-kind',
      operations === null
        ? `The operations of ${label} cannot be read from its file, so nobody can say what would run a second time.`
        : `${label} has operations of a kind that migstate does not know (${list(custom.map((one) => one.summary))}).`,
    )
  if (reverseFirst) checkReversible(file, force)
  const lines = [`This code runs a second time: ${list(operations?.map((one) => one.summary) ?? ['(unreadable)'])}. Is it safe to run twice?`]
  if (operations?.some((one) => one.reversible === false)) lines.push('It is not reversible: what it does to data cannot be undone by Django.')
  if (reverseFirst) lines.push(...sayReverse(file))
  if (file.atomic !== true) lines.push('It is not atomic: if it fails half-way, what it did so far stays.')
  return lines
}

/** Every operation must have a way back: Django checks that before it begins, except inside SeparateDatabaseAndState. */
function checkReversible(file: MigrationFile, force: boolean): void {
  const label = `${file.app}.${file.name}`
  const stuck = file.operations?.filter((one) => one.reversible === false) ?? []
  if (stuck.length > 0)
    throw new MigstateError('not-reversible', `${label} cannot be reversed: ${list(stuck.map((one) => one.summary))} has no reverse code.`, {
      details: { operations: stuck.map((one) => one.summary) },
    })
  const unsure = file.operations?.filter((one) => one.reversible === null) ?? []
  if ((file.operations === null || unsure.length > 0) && !force)
    throw new MigstateError(
      'unknown-operation-kind',
      `Whether ${label} can be reversed cannot be read from its file (${list(unsure.map((one) => one.summary))}).`,
    )
}

function sayReverse({ operations }: MigrationFile): string[] {
  const empty = operations?.filter((one) => one.reverseIsNoop === true) ?? []
  if (empty.length === 0) return ['Its reverse code runs first.']
  if (empty.length === operations?.length) return ['Its reverse code does nothing (noop), so reversing first changes no data.']
  return [`Its reverse code runs first; that of ${list(empty.map((one) => one.summary))} does nothing (noop).`]
}

/** With these rows hidden, Django's plan must be exactly the target. */
function checkPlan(request: PreflightRequest, rows: readonly Row[], squash: string | null): string[] {
  const { project, rules, alias, app, name } = request
  const plan = planMigrate({ project, rows, rules, alias }, { app, name, exact: request.mode === 'shadow' })
  const unreadable = plan.blockedBy.filter((gate) => gate.gate === 'unreadable')
  const [gate] = plan.blockedBy.filter((one) => one.gate !== 'unreadable')
  const why = squash === null ? '' : ` (it is ${squash})`
  if (gate)
    throw new MigstateError(
      squash === null ? 'django-would-refuse' : 'squashed-target',
      `Django ${rules.version} would refuse to run ${app}.${name}${why}: ${gate.message}`,
      { details: { blockedBy: plan.blockedBy } },
    )
  if (unreadable.length > 0) return unreadable.slice(0, 3).map((one) => `Not checked: ${one.message}.`)
  const others = plan.steps.filter((step) => step.app !== app || step.name !== name)
  if (squash !== null && (others.length > 0 || plan.steps.length === 0))
    throw new MigstateError(
      'squashed-target',
      `Django ${rules.version} cannot run ${app}.${name} alone (it is ${squash}); it would run ${list(plan.steps.map((step) => `${step.app}.${step.name}`))}.`,
    )
  if (others.length > 0)
    throw new MigstateError(
      'pending-migrations',
      `Django would also run ${list(others.map((step) => `${step.app}.${step.name}`))}, on which ${app}.${name} depends.`,
      {
        hint: pendingHint(others),
        details: { pending: others.map((step) => [step.app, step.name]) },
      },
    )
  return []
}

/**
 * `migrate APP PARENT` (`zero` for a root) takes back every recorded child of the parent in the same app: all but the target are
 * hidden, with what depends on them, until the plan is exactly the target.
 */
function planReverse(request: PreflightRequest, file: MigrationFile, rows: readonly Row[]): { to: string; hidden: Row[] } {
  const { project, rules, alias, app, name, mode } = request
  const parents = file.dependencies.filter((parent) => parent.app === app && !parent.name.startsWith('__')).map((parent) => parent.name)
  let why = ''
  for (const to of parents.length > 0 ? parents : ['zero']) {
    const hidden: Row[] = []
    for (let round = 0; round < 50; round++) {
      const seen = rows.filter((row) => !hidden.includes(row))
      const plan = planMigrate({ project, rows: seen, rules, alias }, { app, name: to, exact: mode === 'shadow' })
      const others = plan.steps.filter((step) => step.app !== app || step.name !== name)
      const backwards = plan.steps.every((step) => step.direction === 'backward')
      if (plan.blockedBy.length === 0 && backwards && others.length === 0 && plan.steps.length === 1) return { to, hidden }
      why = plan.blockedBy[0]?.message ?? `migrate ${app} ${to} would do something else than take ${app}.${name} back`
      const keys = new Set(others.map(keyOf))
      const found = seen.filter((row) => keys.has(keyOf(row)))
      if (plan.blockedBy.length > 0 || !backwards || found.length === 0) break
      hidden.push(...found)
    }
  }
  throw new MigstateError('django-would-refuse', `Django cannot take ${app}.${name} back alone: ${why.replace(/\.?$/, '.')}`, {
    hint: 'Leave --reverse-first out.',
  })
}

function pendingHint(others: readonly { app: string; name: string }[]): string {
  const names = others.map((step) => `${step.app}.${step.name}`)
  return `If ${names.length === 1 ? 'it' : 'they'} did not run: migstate run ${names[0]}\nIf ${names.length === 1 ? 'it' : 'they'} ran: migstate mark applied ${names.join(' ')}`
}

function list(items: readonly string[]): string {
  return items.length > 5 ? `${items.slice(0, 5).join(', ')} and ${items.length - 5} more` : items.join(', ') || 'no operations'
}
