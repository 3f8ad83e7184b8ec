import { planMigrate } from '../migrations/index.js'
import { needFiles } from './need-files.js'
import { type PlanResult, toPlanResult } from './results.js'
import { whereStateBreaks } from './state-breaks.js'
import { djangoTarget } from './targets.js'
import { lookAround, warnUnfinished } from './unfinished.js'
import type { Workspace } from './workspace.js'

export interface PlanArgs {
  app?: string | undefined
  /** A name or prefix as Django takes it, or `zero`. */
  migration?: string | undefined
}

/** What `manage.py migrate …` would do now, or the gates that stop it. */
export async function plan(workspace: Workspace, args: PlanArgs): Promise<PlanResult> {
  const { database, warnings } = workspace
  const project = needFiles(workspace, 'A plan')
  const { rows, journal } = await lookAround(workspace)
  const result = planMigrate(
    { project, rows, rules: workspace.rules(), alias: workspace.alias, engine: database.facts.engine },
    djangoTarget(args.app, args.migration, { project, rows, cwd: workspace.options.cwd }),
  )
  if (result.laterGatesUnknown) warnings.add('later-gates-unknown', 'without a graph the later gates (history, conflicts, target) cannot be known')
  const broken = whereStateBreaks(workspace, rows, result.steps)
  if (broken)
    warnings.add(
      'state-breaks',
      `Django would die at ${broken.app}.${broken.name} (${broken.operation}, line ${broken.line}): ${broken.reason}; what stands behind it would not run`,
    )
  await warnUnfinished(workspace, journal)
  return toPlanResult(result, project.notFound)
}
