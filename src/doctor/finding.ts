import { createHash } from 'node:crypto'
import type { Key, RowEdit } from '../migrations/index.js'

export type Severity = 'error' | 'warning' | 'info'

export const FINDING_CODES = [
  'hole',
  'ghost',
  'duplicate',
  'sequence-behind',
  'id-default-missing',
  'conflict',
  'missing-parent',
  'circular',
  'squash-unrecorded',
  'squash-partial',
  'squash-not-believed',
  'squash-stale-row',
  'renamed',
  'unknown-app',
  'malformed-applied',
  'damaged-name',
  'table-missing',
  'table-ambiguous',
  'recorded-missing',
  'present-unrecorded',
  'partially-applied',
  'unfinished-operation',
  'non-transactional-table',
  'unreadable-file',
  'depends-on-settings',
  'database-ahead',
  'not-shipped',
  'state-breaks',
  'read-only',
  'extra-columns',
  'history-remade',
  'name-reused',
  'faked-burst',
  'schema-drift',
  'shared-sequence',
  'missing-rights',
  'engine-unsupported',
] as const

export type FindingCode = (typeof FINDING_CODES)[number]

/** A command to type, or a statement for who may give it. */
export interface Repair {
  command: string
  /** What the evidence speaks for; at most one of a finding. */
  recommended: boolean
  /** It changes rows of the history only, and what it says is proven. */
  safe: boolean
  why: string
}

export interface Finding {
  /** The same for the same finding in the same state. */
  id: string
  code: FindingCode
  severity: Severity
  /** null: it is about the table, or about several apps. */
  app: string | null
  /** null: it is about more than one. */
  migration: string | null
  /** Fact, then consequence. */
  message: string
  evidence: string[]
  repairs: Repair[]
}

/** A repair before its finding has an id. */
export interface Proposal extends Omit<Repair, 'command'> {
  /** null: there is none but `migstate repair` itself. */
  command: string | null
  /** The rows that `migstate repair` changes for it; null: it is not one of rows alone. */
  edit: RowEdit | null
}

/** A migration of which neither rows nor schema tell whether it ran. */
export interface Undecided {
  key: Key
  /** What it stands on and is not recorded either, in Django's order. */
  below: readonly Key[]
}

/** A finding with what it is about, for the order, for causes and symptoms, and for `--explain`. */
export interface Found extends Omit<Finding, 'id' | 'repairs'> {
  repairs: Proposal[]
  /** Migrations as `app.name`, tables, columns as `table.column`: what an error text would name. */
  about: string[]
  /** Migrations whose own findings are symptoms of this one, as keys. */
  explains: string[]
  /** Stands behind others of its severity: where in Django's plan it is. */
  place: number
  /** What of it a rehearsal may decide. */
  undecided?: readonly Undecided[]
}

const ORDER: Record<Severity, number> = { error: 0, warning: 1, info: 2 }

/** Those that keep Django from starting or from reading come first, then what stops `migrate`, then what fails on the way. */
const FIRST: readonly FindingCode[] = [
  ...(['unfinished-operation', 'table-missing', 'unreadable-file', 'malformed-applied', 'circular', 'missing-parent', 'damaged-name', 'renamed'] as const),
  ...(['squash-partial', 'squash-stale-row', 'squash-not-believed', 'hole', 'conflict', 'partially-applied', 'state-breaks', 'squash-unrecorded'] as const),
  ...(['present-unrecorded', 'id-default-missing', 'sequence-behind', 'history-remade', 'name-reused', 'faked-burst', 'recorded-missing'] as const),
]

export function inOrder(found: readonly Found[]): Found[] {
  const rank = ({ code }: Found) => (FIRST.includes(code) ? FIRST.indexOf(code) : FIRST.length)
  return [...found].sort(
    (left, right) =>
      ORDER[left.severity] - ORDER[right.severity] ||
      rank(left) - rank(right) ||
      left.place - right.place ||
      (`${left.code} ${left.app} ${left.migration}` < `${right.code} ${right.app} ${right.migration}` ? -1 : 1),
  )
}

export function isAtLeast(severity: Severity, least: Severity): boolean {
  return ORDER[severity] <= ORDER[least]
}

/** Of the code and what it is about: eight hexadecimal digits. */
export function idOf({ code, app, migration, message }: Found): string {
  const subject = JSON.stringify([code, app, migration, migration === null ? message : ''])
  return createHash('sha256').update(subject).digest('hex').slice(0, 8)
}

export function toFinding(found: Found): Finding {
  const { about: _about, explains: _explains, place: _place, undecided: _undecided, repairs, ...rest } = found
  const id = idOf(found)
  return { id, ...rest, repairs: repairs.map(({ edit: _edit, command, ...one }) => ({ command: command ?? `migstate repair ${id}`, ...one })) }
}
