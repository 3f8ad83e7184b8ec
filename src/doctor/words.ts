import { type Key, dotted, type RowEdit, typableKeys } from '../migrations/index.js'
import type { Evidence, OperationEvidence } from './evidence/judge.js'
import type { Proposal } from './finding.js'

export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

export function listed(items: readonly string[], most = 5): string {
  return items.length <= most ? items.join(', ') : `${items.slice(0, most).join(', ')} and ${items.length - most} more`
}

export const nameOfKey = (key: Key): string => dotted(key)

/** A line for each operation, those that tell something first. */
export function operationLines({ operations }: Evidence, most = 8): string[] {
  const rank: Record<OperationEvidence['verdict'], number> = { 'not done': 0, 'in part': 1, done: 2, 'cannot tell': 3 }
  const sorted = [...operations].sort((left, right) => rank[left.verdict] - rank[right.verdict])
  const lines = sorted.slice(0, most).map(({ summary, verdict, because }) => `${verdict}: ${oneLine(summary)} (${because})`)
  return sorted.length > most ? [...lines, `${sorted.length - most} more operations`] : lines
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 60 ? `${line.slice(0, 57)}...` : line
}

/** `2 of 5 operations are in the schema`, and how many leave no trace. */
export function countLine({ operations }: Evidence): string {
  const done = operations.filter(({ verdict }) => verdict === 'done').length
  const told = operations.filter(({ verdict }) => verdict !== 'cannot tell').length
  const rest = operations.length - told
  if (told === 0)
    return `in the database: ${operations.length === 1 ? 'its operation cannot be told' : `none of its ${operations.length} operations can be told`}`
  return `in the database: ${done} of ${counted(told, 'operation')} done${rest > 0 ? `, ${rest} that cannot be told` : ''}`
}

const markApplied = (keys: readonly Key[]): string => `migstate mark applied ${typableKeys(keys)}`
export const markUnapplied = (keys: readonly Key[]): string => `migstate mark unapplied ${typableKeys(keys)}`
export function repair(command: string, why: string, { recommended = false, safe = false } = {}): Proposal {
  return { command, recommended, safe, why, edit: null }
}

/** Rows that can be mended by no command but `migstate repair`. */
export function mendRows(edit: RowEdit, why: string, { recommended = false, safe = false } = {}): Proposal {
  return { command: null, recommended, safe, why, edit }
}

export function recordRows(keys: readonly Key[], why: string, flags: { recommended?: boolean; safe?: boolean } = {}): Proposal {
  return { ...repair(markApplied(keys), why, flags), edit: { do: 'record', keys } }
}

/** @param then a command that is to follow */
export function unrecordRows(keys: readonly Key[], why: string, flags: { recommended?: boolean; safe?: boolean } = {}, then?: string): Proposal {
  return { ...repair(`${markUnapplied(keys)}${then === undefined ? '' : ` && ${then}`}`, why, flags), edit: { do: 'unrecord', keys } }
}
