import type { Patience } from '../change/index.js'
import type { Row } from '../database/index.js'
import type { Warnings } from '../errors/index.js'
import type { OperationRecord } from '../journal/index.js'
import type { ManageCommand } from './manage-command.js'
import type { RerunPlan } from './preflight.js'
import type { RerunUi } from './run-child.js'

/** What both modes need to know. */
export interface RerunRequest {
  operation: OperationRecord
  /** Made again under the lock from the rows as they are; throws when they no longer fit. */
  plan(rows: readonly Row[]): RerunPlan
  manage: ManageCommand
  patience: Patience
  alias: string
  /** Django works as the role that this tool works as: both have it from the settings. */
  sameRole: boolean
  /** `applied` for an ISO time of the child's clock, else for now. */
  stamp(at?: string | null): string
  /** For `recover`: the zone that `stamp` uses. */
  timeZone: string | null
  env: Readonly<Record<string, string | undefined>>
  /** Milliseconds. */
  timeout: number | undefined
  warnings: Warnings
  ui: RerunUi
}
