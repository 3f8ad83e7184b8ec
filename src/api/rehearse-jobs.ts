import type { Row } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { holesOf, loadHistory, makeKey, planMigrate } from '../migrations/index.js'
import type { MigrationFile, ProjectFiles } from '../project/index.js'
import { planRerun, planRun } from '../rerun/index.js'
import { djangoTarget, resolveTargets } from './targets.js'
import type { Workspace } from './workspace.js'

/** What one child rehearses: a recorded migration alone, a hole alone, or what `migrate` would run. */
export interface Job {
  label: string
  targets: [app: string, name: string][] | null
  app: string | null
  steps: [app: string, name: string][]
  hidden: [app: string, name: string][]
  recorded: boolean
}

/** What the words ask for: a child each. @throws MigstateError `django-would-refuse`, and what `rerun` refuses */
export function jobsOf(
  workspace: Workspace,
  project: ProjectFiles,
  args: { words: readonly string[]; reverseFirst?: boolean | undefined },
  rows: readonly Row[],
): Job[] {
  const { words, reverseFirst = false } = args
  const rules = workspace.rules()
  const { alias } = workspace
  const context = { project, rows, cwd: workspace.options.cwd }
  const [only] = words
  const whole = words.length === 1 && djangoTarget(only, undefined, context)?.name === undefined
  if (words.length === 0 || whole) {
    const steps = stepsOf(project, rows, planMigrate({ project, rows, rules, alias }, whole ? { app: only as string, name: undefined } : undefined), only)
    return steps.length === 0
      ? []
      : [{ label: whole ? (only as string) : 'everything pending', targets: null, app: whole ? (only as string) : null, steps, hidden: [], recorded: false }]
  }
  return resolveTargets(words, context, workspace.warnings).flatMap(([app, name]): Job[] => {
    const label = `${app}.${name}`
    if (rows.some((row) => row.app === app && row.name === name)) {
      const plan = planRerun({ project, rules, alias, app, name, rows, force: true, mode: 'shadow', reverseFirst })
      const hidden = [...plan.target, ...plan.hidden].map((row): [string, string] => [row.app, row.name])
      return [{ label, targets: [[app, name]], app: null, steps: [[app, name]], hidden, recorded: true }]
    }
    // Django refuses to go there: it is seen as "run" would run it.
    if (holesOf(loadHistory(project, rows, rules)).has(makeKey(app, name))) {
      const { hidden } = planRun({ project, rules, alias, app, name, rows, withDependencies: false })
      return [{ label, targets: [[app, name]], app: null, steps: [[app, name]], hidden: hidden.map((row) => [row.app, row.name]), recorded: false }]
    }
    const steps = stepsOf(project, rows, planMigrate({ project, rows, rules, alias }, { app, name, exact: true }), label)
    return [{ label, targets: [[app, name]], app: null, steps, hidden: [], recorded: false }]
  })
}

function stepsOf(_project: ProjectFiles, _rows: readonly Row[], plan: ReturnType<typeof planMigrate>, what: string | undefined): [string, string][] {
  const [gate] = plan.blockedBy.filter((one) => one.gate !== 'unreadable')
  if (gate)
    throw new MigstateError(
      'django-would-refuse',
      `Django would refuse to migrate${what === undefined ? '' : ` to ${what}`}: ${gate.message.replace(/\.?$/, '.')}`,
      {
        details: { blockedBy: plan.blockedBy },
      },
    )
  if (plan.steps.some(({ direction }) => direction === 'backward'))
    throw new MigstateError('django-would-refuse', `To reach ${what}, Django would take migrations back; that is not rehearsed.`)
  return plan.steps.map(({ app, name }) => [app, name])
}

export function fileOf(project: ProjectFiles, app: string, name: string): MigrationFile | undefined {
  const key = makeKey(app, name)
  return project.apps
    .flatMap((one) => one.migrations)
    .find((file) => makeKey(file.app, file.name) === key || makeKey(file.recordedAs ?? file.app, file.name) === key)
}
