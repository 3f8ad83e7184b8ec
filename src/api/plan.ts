import type { Row } from '../database/index.js'
import { makeKey, planMigrate, type Step } from '../migrations/index.js'
import type { ProjectFiles } from '../project/index.js'
import { readEvidence } from './facts.js'
import { needFiles } from './need-files.js'
import { type PlanResult, toPlanResult } from './results.js'
import { whereStateBreaks } from './state-breaks.js'
import { djangoTarget } from './targets.js'
import { timeColumnOf } from './table-warnings.js'
import { lookAround, warnUnfinished } from './unfinished.js'
import type { Workspace } from './workspace.js'

export interface PlanArgs {
  app?: string | undefined
  /** A name or prefix as Django takes it, or `zero`. */
  migration?: string | undefined
}

/** What `manage.py migrate …` would do now, or on a new database where only files are read; or the gates that stop it. */
export async function plan(workspace: Workspace, args: PlanArgs): Promise<PlanResult> {
  const { warnings } = workspace
  const project = needFiles(workspace, 'A plan')
  const { rows, journal, engine, timeColumn } = workspace.options.filesOnly ? NOTHING : await lookInto(workspace, project)
  const result = planMigrate(
    { project, rows, rules: workspace.rules(), alias: workspace.alias, engine, timeColumn },
    djangoTarget(args.app, args.migration, { project, rows, cwd: workspace.options.cwd }),
  )
  if (result.laterGatesUnknown) warnings.add('later-gates-unknown', 'without a graph the later gates (history, conflicts, target) cannot be known')
  const broken = workspace.options.filesOnly || result.blockedBy.length > 0 ? null : whereStateBreaks(workspace, rows, result.steps)
  if (broken)
    warnings.add(
      'state-breaks',
      `Django would die ${broken.before ? 'before its first step, of' : 'at'} ${broken.app}.${broken.name} (${broken.operation}, line ${broken.line}): ${broken.reason}; what stands behind it would not run`,
    )
  if (!workspace.options.filesOnly) await warnOfPresent(workspace, rows, result.steps)
  if (project.open) warnings.add('not-checked', 'apps that are not known may come to INSTALLED_APPS, and their migrations are not in this plan')
  if (!workspace.options.filesOnly) await warnUnfinished(workspace, journal)
  return toPlanResult(result, project.notFound)
}

/** Steps that Django would take although what they do is there, in whole or in part: it fails at them. */
async function warnOfPresent(workspace: Workspace, rows: readonly Row[], steps: readonly Step[]): Promise<void> {
  const { warnings, database } = workspace
  const evidence = steps.length > 0 && database.hasTable ? await readEvidence(workspace, rows) : null
  for (const { app, name, direction } of steps) {
    const found = direction === 'forward' ? evidence?.get(makeKey(app, name)) : undefined
    const there = found?.operations.find(({ verdict }) => verdict === 'done')?.because
    if (!found || there === undefined || (found.verdict !== 'ran' && found.verdict !== 'in part')) continue
    const part = found.verdict === 'in part' ? ', and a part of it is not' : ''
    warnings.add(
      found.verdict === 'ran' ? 'present-unrecorded' : 'partially-applied',
      `manage.py migrate would try to run ${app}.${name}; ${there}${part}, so it fails (see "migstate doctor")`,
    )
  }
}

/** A history in which nothing is recorded, as that of a new database. */
const NOTHING = { rows: [], journal: null, engine: undefined, timeColumn: undefined }

async function lookInto(workspace: Workspace, project: ProjectFiles) {
  const { database } = workspace
  return { ...(await lookAround(workspace)), engine: database.facts.engine, timeColumn: timeColumnOf(database, project) }
}
