import type { Row } from '../database/index.js'
import {
  firstBreak,
  fullPlan,
  type Key,
  loadHistory,
  makeKey,
  planMigrate,
  ProjectState,
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
  const taken = steps ?? planMigrate({ project: files, rows, rules, alias, engine: database.facts.engine }).steps
  if (taken.length === 0 || taken.some(({ direction }) => direction === 'backward')) return null
  const view = loadHistory(files, rows, rules)
  const stepOf = (key: Key): StateStep | null => {
    const file = view.disk.get(key)
    return file ? { app: file.recordedAs ?? file.app, name: file.name, operations: file.problems.length > 0 ? null : project.detailed(file).operations } : null
  }
  const state = new ProjectState(database.dialect.capabilities.maxNameLength)
  for (const key of fullPlan(view)) {
    const step = view.applied.has(key) ? stepOf(key) : null
    if (step) state.step(step)
  }
  return firstBreak(
    state,
    taken.flatMap(({ app, name }) => stepOf(makeKey(app, name)) ?? []),
  )
}
