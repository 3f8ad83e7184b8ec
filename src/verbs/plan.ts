import { MigstateError } from '../errors/index.js'
import { planMigrate } from '../history/index.js'
import { type PlanResult, toPlanResult } from './results.js'
import { warnUnfinished } from './unfinished.js'
import type { Workspace } from './workspace.js'

export interface PlanArgs {
  app?: string | undefined
  /** A name or prefix as Django takes it, or `zero`. */
  migration?: string | undefined
}

/** What `manage.py migrate …` would do now, or the gates that stop it. */
export async function plan(workspace: Workspace, args: PlanArgs): Promise<PlanResult> {
  const { database, warnings } = workspace
  const project = workspace.files()
  if (!project)
    throw new MigstateError('no-project', 'A plan is made from the files of the project, and none are read.', {
      hint: 'Leave --no-files out, or give --project DIR.',
    })
  const rows = database.hasTable ? (await workspace.read()).rows : []
  const result = planMigrate(
    { project, rows, rules: workspace.rules(), alias: workspace.alias, engine: database.facts.engine },
    args.app === undefined ? undefined : { app: args.app, name: args.migration },
  )
  if (result.laterGatesUnknown) warnings.add('later-gates-unknown', 'without a graph the later gates (history, conflicts, target) cannot be known')
  await warnUnfinished(workspace)
  return toPlanResult(result)
}
