import { dirname, sep } from 'node:path'
import type { AppFiles, Dependency, MigrationFile, Operation, ProjectFiles } from '../types.js'

/** What is kept of a project's files; the operations stand apart, since most commands ask for none of them. */
export interface KeptFiles {
  project: Omit<ProjectFiles, 'apps'>
  apps: KeptApp[]
}

interface KeptApp extends Omit<AppFiles, 'migrations'> {
  /** Where most of its migrations lie. */
  folder: string
  migrations: KeptMigration[]
}

type KeptMigration = [
  name: string,
  /** null: the file of this name in the folder. */
  file: string | null,
  dependencies: Dependency[],
  data: boolean | null,
  /** What is not as it usually is. */
  rest?: Partial<MigrationFile>,
]

type Usual = Pick<MigrationFile, 'runBefore' | 'replaces' | 'initial' | 'atomic' | 'problems' | 'broken'>

const usual = (): Usual => ({ runBefore: [], replaces: [], initial: null, atomic: true, problems: [], broken: null })

/** Of an app, by migration. */
export type KeptOperations = (Operation[] | null)[]

export function keepFiles({ apps, ...project }: ProjectFiles): KeptFiles {
  return { project, apps: apps.map(keepApp) }
}

export function operationsOf({ migrations }: AppFiles): KeptOperations {
  return migrations.map(({ operations }) => operations)
}

function keepApp({ migrations, ...app }: AppFiles): KeptApp {
  const [first] = migrations
  const folder = first ? dirname(first.file) : ''
  return { ...app, folder, migrations: migrations.map((one) => keepMigration(one, app.label, folder)) }
}

function keepMigration(migration: MigrationFile, label: string, folder: string): KeptMigration {
  const { name, file, dependencies, operations: _operations, data, app, ...others } = migration
  const expected = new Map(Object.entries(usual()))
  const unusual = Object.entries(others).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(expected.get(key)))
  const rest: Partial<MigrationFile> = { ...Object.fromEntries(unusual), ...(app === label ? {} : { app }) }
  const place = file === pathIn(folder, name) ? null : file
  return Object.keys(rest).length > 0 ? [name, place, dependencies, data, rest] : [name, place, dependencies, data]
}

function pathIn(folder: string, name: string): string {
  return `${folder}${sep}${name}.py`
}

/**
 * @param read the operations of the app at a place in their list, when they are first asked for; null: they are lost
 * @param again reads a migration whose operations are lost
 */
export function filesFrom(
  { project, apps }: KeptFiles,
  read: (app: number) => KeptOperations | null,
  again: (file: MigrationFile) => MigrationFile,
): ProjectFiles {
  return { ...project, apps: apps.map((app, at) => appFrom(app, () => read(at), again)) }
}

function appFrom({ folder, migrations, ...app }: KeptApp, operations: () => KeptOperations | null, again: (file: MigrationFile) => MigrationFile): AppFiles {
  return {
    ...app,
    migrations: migrations.map(([name, file, dependencies, data, rest], at) => ({
      ...{ app: app.label, name, file: file ?? pathIn(folder, name), dependencies, data, ...usual(), ...rest },
      get operations() {
        const kept = operations()?.[at]
        return kept === undefined ? again(this).operations : kept
      },
    })),
  }
}

/** Of the shape that `keepFiles` gives: what a folder holds may be of another hand, or half. */
export function isKeptFiles(kept: KeptFiles | null | undefined): kept is KeptFiles {
  const isMigration = (one: KeptMigration) => Array.isArray(one) && typeof one[0] === 'string' && Array.isArray(one[2])
  const isApp = (app: KeptApp) =>
    typeof app?.label === 'string' && typeof app.folder === 'string' && Array.isArray(app.migrations) && app.migrations.every(isMigration)
  const { project, apps } = kept ?? {}
  return Array.isArray(project?.notFound) && Array.isArray(project.problems) && Array.isArray(apps) && apps.every(isApp)
}
