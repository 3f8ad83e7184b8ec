import type { AppFiles, Edges, MigrationFile, ProjectFiles } from '../project/types.js'

/** More are not told apart. */
const MOST_WORLDS = 16

const KEPT = new WeakMap<ProjectFiles, ProjectFiles[] | null>()

/**
 * What a project may be where settings decide that cannot be read: without the apps that are in doubt, and with other edges of a migration.
 * Each of them is certain in itself.
 * @returns the project itself where nothing is in doubt; null where there are too many
 */
export function worldsOf(project: ProjectFiles): ProjectFiles[] | null {
  const known = KEPT.get(project)
  if (known !== undefined) return known
  const found = expand(project)
  KEPT.set(project, found)
  return found
}

function expand(project: ProjectFiles): ProjectFiles[] | null {
  const varied = project.apps.flatMap((app) => app.migrations.filter((file) => file.variants !== undefined))
  const byApps = project.worlds ?? [{ without: [] }]
  let count = byApps.length
  for (const file of varied) count *= file.variants?.length ?? 1
  if (count === 1) return [project]
  if (count > MOST_WORLDS) return null
  let choices: ReadonlyMap<MigrationFile, Edges>[] = [new Map()]
  for (const file of varied) choices = choices.flatMap((choice) => (file.variants ?? []).map((edges) => new Map([...choice, [file, edges]])))
  return byApps.flatMap(({ without }) => choices.map((choice) => worldOf(project, without, choice)))
}

function worldOf(project: ProjectFiles, without: readonly string[], choice: ReadonlyMap<MigrationFile, Edges>): ProjectFiles {
  const { worlds: _, ...rest } = project
  const apps = project.apps
    .filter((app) => !without.includes(app.label))
    .map((app): AppFiles => {
      if (!app.migrations.some((file) => choice.has(file))) return app
      return { ...app, migrations: app.migrations.map((file) => decided(file, choice.get(file))) }
    })
  return { ...rest, apps, complete: project.complete || project.open !== true }
}

function decided(file: MigrationFile, edges: Edges | undefined): MigrationFile {
  if (!edges) return file
  const { variants: _, ...rest } = file
  return { ...rest, ...edges, problems: file.problems.filter((one) => one.inVariants !== true) }
}

/** What decides between the worlds, for people. */
export function doubtOf(project: ProjectFiles): string {
  const problems = [
    ...project.problems.filter((one) => one.code === 'depends-on-settings'),
    ...project.apps.flatMap((app) => app.migrations.flatMap((file) => file.problems.filter((one) => one.inVariants))),
  ]
  return problems
    .slice(0, 3)
    .map((one) => `${one.file}${one.line ? `:${one.line}` : ''}: ${one.message}`)
    .join('; ')
}
