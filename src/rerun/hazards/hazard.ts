import type { MigrationFile, ProjectFiles } from '../../django/index.js'
import type { Rules } from '../../history/index.js'

/** What a person should weigh before a migration runs again; never a verdict. */
export interface RerunHazard {
  code: string
  message: string
  /** In the migration's own file. */
  line: number | null
  /** The later migration that it is about. */
  migration: [app: string, name: string] | null
}

/** What the live schema must show for a hazard to hold. */
export type LiveCheck = { table: string; is: 'missing' } | { table: string; column: string; is: 'missing' } | { table: string; column: string; is: 'required' }

export interface CheckedHazard extends RerunHazard {
  check?: LiveCheck
}

export interface HazardRequest {
  project: ProjectFiles
  rows: readonly { app: string; name: string }[]
  rules: Rules
  file: MigrationFile
  alias: string
  /** It has not run yet: what only a second run does wrong is no hazard. */
  firstTime: boolean
  /** The same file with the arguments and code of its operations. */
  detailed(file: MigrationFile): MigrationFile
}
