import type { Row } from '../database/index.js'
import type { Operation, ProjectFiles } from '../project/index.js'
import {
  firstBreak,
  fullPlan,
  type Key,
  lazyReference,
  loadHistory,
  makeKey,
  planMigrate,
  ProjectState,
  type Rules,
  type StateBreak,
  type StateStep,
  type Step,
} from '../migrations/index.js'
import type { Workspace } from './workspace.js'

/**
 * Where `manage.py migrate` would die while it follows the models through its steps; null: nowhere that can be told. The models start as the
 * applied migrations leave them, in the order of the whole plan (`executor._create_project_state(with_applied_migrations=True)`).
 * @param steps what it would take; by default those of a bare `migrate`
 */
export function whereStateBreaks(workspace: Workspace, rows: readonly Row[], steps?: readonly Step[]): StateBreak | null {
  const { project, database, alias } = workspace
  const files = workspace.files()
  if (!project || !files?.complete || files.open) return null
  const rules = workspace.rules()
  const planned = planMigrate({ project: files, rows, rules, alias, engine: database.facts.engine })
  const taken = steps ?? planned.steps
  // Something stops it before.
  if (planned.blockedBy.length > 0 || taken.some(({ direction }) => direction === 'backward')) return null
  const view = loadHistory(files, rows, rules)
  const stepOf = (key: Key): StateStep | null => {
    const file = view.disk.get(key)
    return file ? { app: file.recordedAs ?? file.app, name: file.name, operations: file.problems.length > 0 ? null : project.detailed(file).operations } : null
  }
  const state = new ProjectState(database.dialect.capabilities.maxNameLength)
  const applied = fullPlan(view).flatMap((key) => (view.applied.has(key) ? (stepOf(key) ?? []) : []))
  for (const step of applied) state.step(step)
  const first = openReference(files, rules, state, applied)
  if (first) return { ...first, before: true }
  const pending = taken.flatMap(({ app, name }) => stepOf(makeKey(app, name)) ?? [])
  return firstBreak(state, pending) ?? openReference(files, rules, state, [...applied, ...pending])
}

/** A field of these steps that leads to a model that none of them makes. */
function openReference(files: ProjectFiles, rules: Rules, state: ProjectState, steps: readonly StateStep[]): StateBreak | null {
  // Nothing is recorded yet: the models are rendered only once there are some.
  if (!rules.rendersFirst || steps.length === 0) return null
  const found = lazyReference(state, (label) => isMade(files, label))
  if (!found) return null
  const { model, field, target, targetApp } = found
  const maker = steps.flatMap((step) =>
    step.app === model.app ? flat(step.operations ?? []).flatMap((operation) => (makes(operation, model.name, field) ? [{ step, operation }] : [])) : [],
  )
  const last = maker.at(-1)
  if (!last) return null
  return {
    app: last.step.app,
    name: last.step.name,
    operation: last.operation.summary,
    line: last.operation.line,
    reason: `its field ${model.app}.${model.name}.${field} leads to ${target}, which no migration of ${targetApp} that counts as applied makes`,
    about: [`${model.app}.${model.name}.${field}`, target, `${model.app}.${model.name}`],
    missesOf: targetApp,
    before: false,
  }
}

/** Every model of the label is made by migrations that can be read; or there is no such app, and no app that may have the label. */
function isMade({ apps, notFound }: ProjectFiles, label: string): boolean {
  const app = apps.find((one) => one.label === label)
  if (!app) return notFound.length === 0 && !apps.some(({ labelIsGuess }) => labelIsGuess)
  return (
    app.migrated && app.broken === null && app.problems.length === 0 && app.migrations.every(({ broken, problems }) => broken === null && problems.length === 0)
  )
}

const flat = (operations: readonly Operation[]): Operation[] =>
  operations.flatMap((one) => [one, ...flat(one.stateOperations?.() ?? []), ...flat(one.inner?.() ?? [])])

function makes({ type, model, field }: Operation, wanted: string, name: string): boolean {
  return model?.toLowerCase() === wanted.toLowerCase() && (field === undefined ? type === 'CreateModel' : field.toLowerCase() === name.toLowerCase())
}
