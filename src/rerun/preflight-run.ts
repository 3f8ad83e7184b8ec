import { byId, type Row } from '../database/index.js'
import type { MigrationFile, ProjectFiles } from '../project/index.js'
import { inShort, MigstateError } from '../errors/index.js'
import {
  dependantRows,
  type Key,
  keyOf,
  type LoaderView,
  loadHistory,
  makeKey,
  pairOf,
  planMigrate,
  replacedBy,
  type Rules,
  withAncestors,
} from '../migrations/index.js'
import type { RerunPlan } from './preflight.js'

export interface RunPreflight {
  project: ProjectFiles
  rows: readonly Row[]
  rules: Rules
  alias: string
  app: string
  /** Exact. */
  name: string
  /** What it depends on is run before it, in turns of their own. */
  withDependencies: boolean
}

/**
 * Whether an unrecorded migration can run, and what its session must not see: its recorded dependants, and whatever else makes Django
 * refuse the history. Decided from files and rows alone; no process is started.
 * @throws MigstateError `unknown-migration` `pending-migrations` `squashed-target` `django-would-refuse` `unknown-operation-kind`
 */
export function planRun(request: RunPreflight): RerunPlan {
  const { project, rows, rules, app, name } = request
  const key = makeKey(app, name)
  const view = loadHistory(project, rows, rules)
  const file = view.disk.get(key)
  if (!file) throw new MigstateError('unknown-migration', `There is no file of ${app}.${name}, so Django cannot run it.`)
  refusePending(request, view, key)
  const records = [...replacedBy(view, rules, key), key].filter((one) => !view.recorded.has(one))
  if (view.replacements.has(key) && records.length <= file.replaces.length)
    throw new MigstateError(
      'squashed-target',
      `${app}.${name} is a squash, and some of what it replaces is recorded: Django runs the rest of its parts instead.`,
      {
        hint: `See "migstate show ${app}.${name}" for its parts, and run those that are missing.`,
      },
    )
  const { hidden, notes } = hide(request, dependantRows(project, rows, rules, key))
  return {
    app,
    name,
    file,
    target: [],
    records: records.map(pairOf),
    hidden: hidden.sort(byId),
    unrecordedSquashes: [...view.replacements.keys()].filter((one) => !view.recorded.has(one)).map(pairOf),
    recordsInTransaction: rules.recordsInTransaction && file.atomic === true,
    reverse: null,
    notes: [...notes, ...say(file)],
  }
}

function refusePending({ project, rows, rules, app, name, withDependencies }: RunPreflight, view: LoaderView, key: Key): void {
  const pending = withAncestors(project, rows, rules, key).filter((one) => one !== key && !view.applied.has(one))
  if (pending.length === 0) return
  const names = pending.map((one) => pairOf(one).join('.'))
  throw new MigstateError(
    'pending-migrations',
    `${app}.${name} depends on ${inShort(names, 5)}, which ${names.length === 1 ? 'is' : 'are'} not recorded either.`,
    {
      hint: withDependencies
        ? 'See "migstate plan" for what stands in the way.'
        : `If ${names.length === 1 ? 'it' : 'they'} did not run: migstate run ${app}.${name} --with-dependencies\nIf ${names.length === 1 ? 'it' : 'they'} ran: migstate mark applied ${names.join(' ')}`,
      details: { pending: pending.map(pairOf) },
    },
  )
}

/** Hides more until Django's own plan is exactly the target. @throws MigstateError `django-would-refuse` `pending-migrations` */
function hide(request: RunPreflight, first: readonly Row[]): { hidden: Row[]; notes: string[] } {
  const { project, rows, rules, alias, app, name } = request
  const hidden = new Set(first)
  for (;;) {
    const seen = rows.filter((row) => !hidden.has(row))
    const plan = planMigrate({ project, rows: seen, rules, alias }, { app, name, exact: true })
    const children = plan.blockedBy.flatMap((gate) => (gate.gate === 'inconsistent-history' ? gate.migrations.slice(0, 1) : []))
    const more = children.flatMap(([label, child]) => {
      const key = makeKey(label, child)
      return [...seen.filter((row) => keyOf(row) === key), ...dependantRows(project, seen, rules, key)]
    })
    if (more.length > 0) {
      for (const row of more) hidden.add(row)
      continue
    }
    const [gate] = plan.blockedBy.filter((one) => one.gate !== 'unreadable')
    if (gate)
      throw new MigstateError('django-would-refuse', `Django ${rules.version} would refuse to run ${app}.${name}: ${gate.message.replace(/\.?$/, '.')}`, {
        details: { blockedBy: plan.blockedBy },
      })
    if (plan.blockedBy.length > 0) return { hidden: [...hidden], notes: plan.blockedBy.slice(0, 3).map((one) => `Not checked: ${one.message}.`) }
    const others = plan.steps.filter((step) => step.app !== app || step.name !== name)
    if (others.length > 0 || plan.steps.length !== 1)
      throw new MigstateError(
        'pending-migrations',
        `Django would run ${
          inShort(
            others.map((step) => `${step.app}.${step.name}`),
            5,
          ) || 'nothing'
        } instead of just ${app}.${name}.`,
        {
          hint: 'See "migstate plan" for what stands in the way.',
        },
      )
    return { hidden: [...hidden], notes: [] }
  }
}

function say({ operations, atomic }: MigrationFile): string[] {
  const what =
    operations === null
      ? '(its operations cannot be read)'
      : inShort(
          operations.map((one) => one.summary),
          5,
        ) || 'no operations'
  return [
    `It runs now, for the first time as far as the history tells: ${what}.`,
    ...(atomic === true ? [] : ['It is not atomic: if it fails half-way, what it did so far stays.']),
  ]
}
