import type { MigrationFile, ProjectFiles } from '../../project/index.js'
import type { Rules } from '../../migrations/index.js'

/** What a person should weigh before a migration runs again; never a verdict. */
export interface RerunHazard {
  code: string
  message: string
  /** In the migration's own file. */
  line: number | null
  /** The later migration that it is about. */
  migration: [app: string, name: string] | null
}

/** What the live schema must show for a hazard to hold; of several columns it is one, whichever is there. */
export type LiveCheck = { table: string; is: 'missing' } | { table: string; columns: readonly string[]; is: 'missing' | 'required' }

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
