import type { Row } from '../database/row.js'
import type { ProjectFiles } from '../project/types.js'
import { didYouMean, inShort, MigstateError, type Warnings } from '../errors/index.js'
import { FIND_PACKAGES, whyMayExist } from './not-found.js'

export interface NameRequest {
  /** null: `--no-files`, every name is taken as typed. */
  project: ProjectFiles | null
  rows: readonly Row[]
  app: string
  /** An exact name, which always wins, or a unique prefix. */
  text: string
}

/**
 * The migration that a user means: candidates are files and rows.
 * @throws MigstateError `unknown-app`, `unknown-migration`, `ambiguous-migration`
 */
export function resolveMigration({ project, rows, app, text }: NameRequest, warnings: Warnings): string {
  const recorded = rows.filter((row) => row.app === app).map((row) => row.name)
  if (project === null) return text
  const files = project.apps.find((candidate) => candidate.label === app)
  if (!files) {
    if (recorded.length === 0) throw unknownApp(project, rows, app)
    warnings.add('not-checked', `the app "${app}" was not found among the files, so its names are taken as typed and its dependencies are not checked`)
    return text
  }
  const candidates = [...new Set([...files.migrations.map((file) => file.name), ...recorded])].sort()
  if (candidates.includes(text)) return text
  const found = candidates.filter((name) => name.startsWith(text))
  if (found.length === 1) return found[0] as string
  if (found.length > 1)
    throw new MigstateError('ambiguous-migration', `"${text}" fits several migrations of ${app}: ${inShort(found, 6)}.`, {
      hint: `Type more of the name, for example: ${found[0]}`,
      details: { candidates: found },
    })
  if (files.placeIsGuess) {
    warnings.add('not-checked', `where the migrations of "${app}" are cannot be read, so "${text}" is taken as typed and its dependencies are not checked`)
    return text
  }
  throw new MigstateError('unknown-migration', `The app ${app} has neither a file nor a row named "${text}".`, {
    hint: suggestName(app, candidates, text),
    details: { candidates },
  })
}

/** @throws MigstateError `unknown-app` for a label that neither files nor rows know */
export function checkApps(project: ProjectFiles | null, rows: readonly Row[], apps: readonly string[]): void {
  for (const app of apps) {
    const known = project?.apps.some((candidate) => candidate.label === app) || rows.some((row) => row.app === app)
    if (!known) throw unknownApp(project, rows, app)
  }
}

function unknownApp(project: ProjectFiles | null, rows: readonly Row[], app: string): MigstateError {
  const labels = [...new Set([...(project?.apps ?? []).filter((one) => one.migrated).map((one) => one.label), ...rows.map((row) => row.app)])].sort()
  const details = { candidates: labels }
  const near = didYouMean(app, labels)
  const suggestion = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `The labels are: ${inShort(labels, 8) || '(none)'}.`
  const open = project && whyMayExist(project, app)
  if (open !== null)
    return new MigstateError('unknown-app', `Nothing is known of an app "${app}": ${open}, and the table has no rows of it.`, {
      hint: `${FIND_PACKAGES} ${suggestion}`,
      details,
    })
  return new MigstateError('unknown-app', `There is no app with the label "${app}", neither in the project nor in the table.`, {
    hint: suggestion,
    details,
  })
}

function suggestName(app: string, candidates: readonly string[], text: string): string {
  if (candidates.length === 0) return `The app ${app} has no migrations.`
  const near = didYouMean(text, candidates)
  if (near.length > 0) return `Did you mean ${near.join(' or ')}?`
  return `The last ones are: ${inShort([...candidates].reverse(), 4)}. All of them: migstate status ${app}`
}
