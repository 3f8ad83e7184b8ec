import type { Row } from '../database/row.js'
import type { ProjectFiles } from '../django/types.js'
import { MigstateError, type Warnings } from '../errors/index.js'

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
    throw new MigstateError('ambiguous-migration', `"${text}" fits several migrations of ${app}: ${found.join(', ')}. Nothing was done.`, {
      details: { candidates: found },
    })
  throw new MigstateError('unknown-migration', `The app ${app} has neither a file nor a row named "${text}". Nothing was done.`, {
    hint: candidates.length > 0 ? `There are: ${nearest(candidates, text).join(', ')}.` : `The app ${app} has no migrations.`,
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
  return new MigstateError('unknown-app', `There is no app with the label "${app}", neither in the project nor in the table. Nothing was done.`, {
    hint: `The labels are: ${labels.join(', ') || '(none)'}.`,
    details: { candidates: labels },
  })
}

/** A few names to look at: those that share the longest beginning with what was typed, else the last ones. */
function nearest(candidates: readonly string[], text: string): string[] {
  const shared = (name: string) => [...name].findIndex((letter, index) => letter !== text[index])
  return [...candidates].sort((left, right) => shared(right) - shared(left) || (left < right ? 1 : -1)).slice(0, 5)
}
