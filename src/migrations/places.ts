import type { AppFiles, Edges, ProjectFiles } from '../project/types.js'
import type { Gate } from './gate.js'

/** A project without the apps whose migrations may be elsewhere, where nothing that is asked rests on them; else the project, and why no answer is known. */
export interface PlacedProject {
  project: ProjectFiles
  gates: Gate[]
}

/**
 * MIGRATION_MODULES may say that the migrations of an app are elsewhere, or that it has none (loader.py `migrations_module`). Like an app that is
 * not known, it takes nothing from the plan for another app; where a file of another app names it, Django may not even load.
 * @param label the app that is asked for; undefined: all of them
 */
export function placeMigrations(project: ProjectFiles, label: string | undefined): PlacedProject {
  const guessed = project.apps.filter((app) => app.placeIsGuess)
  const [problem] = guessed.flatMap((app) => app.problems.slice(-1))
  if (!problem) return { project, gates: [] }
  const doubtful = new Set(guessed.map((app) => app.label))
  const others = project.apps.filter((app) => !doubtful.has(app.label))
  if (label !== undefined && !doubtful.has(label) && !others.some((app) => names(app, doubtful))) return { project: { ...project, apps: others }, gates: [] }
  const where = `${problem.file}${problem.line ? `:${problem.line}` : ''}`
  return { project, gates: [{ gate: 'unreadable', exception: null, message: `${where}: ${problem.message}`, migrations: [] }] }
}

/** Whether a migration of the app stands on one of these labels, comes before one, or replaces one. */
function names({ migrations }: AppFiles, labels: ReadonlySet<string>): boolean {
  const told = (edges: Edges) => [...edges.dependencies, ...edges.runBefore].some(({ app }) => labels.has(app))
  return migrations.some((file) => [file, ...(file.variants ?? [])].some(told) || file.replaces.some(([app]) => labels.has(app)))
}
