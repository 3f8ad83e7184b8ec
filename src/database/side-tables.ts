import { MigstateError } from '../errors/index.js'
import type { HistoryTable } from './history-table.js'

export const SIDE_TABLES = ['migstate_operation', 'migstate_event', 'migstate_snapshot_row'] as const

/** With these two the journal can be read. */
export const CORE_TABLES = ['migstate_operation', 'migstate_event'] as const

/** What version 2 of the side tables has, and only tables with more than Django's columns need. */
export const WIDE_COLUMN = 'extra'

/** A question mark in the text of a statement would be a place for a value (knex.raw), a backslash an escape. */
export function canWrite({ name, type }: { name: string; type: string }): boolean {
  return !/[?\\]/.test(name + type)
}

export function sayUnwritable(columns: readonly { name: string; type: string }[]): string[] {
  return columns.filter((column) => !canWrite(column)).map(({ name }) => `the column "${name}" has a name or a type that no statement of migstate's can hold`)
}

/** Columns that the tool's own DDL makes and this table lacks; more columns are those of a later version. */
export function missingColumns(ddl: readonly string[], table: string, found: readonly string[]): string[] {
  const statement = ddl.find((one) => new RegExp(`^CREATE TABLE IF NOT EXISTS \\S*\\b${table}\\W`).test(one)) ?? ''
  const expected = [...statement.matchAll(/^ {2}([a-z_]+)\b/gm)].map((match) => match[1] as string)
  return expected.filter((column) => column !== WIDE_COLUMN && !found.includes(column))
}

/** @param found why these side tables are not the tool's */
export function damagedJournal(found: readonly string[]): MigstateError {
  return new MigstateError('damaged-journal', `What stands in the place of migstate's side tables cannot be the journal: ${found.join('; ')}.`, {
    details: { found },
  })
}

export function unfitTable(table: HistoryTable, traps: readonly string[]): MigstateError {
  return new MigstateError('table-unfit', `The table ${table.label} would run code of its owner's with the rights of this role: it has ${traps.join('; ')}.`, {
    details: { found: traps },
  })
}

/** @throws MigstateError `table-unfit` for a row that a trigger, a rule or a conflict clause has swallowed */
export function addedId({ label }: HistoryTable, { app, name }: { app: string; name: string }, added: { id: string } | undefined): string {
  if (added) return added.id
  throw new MigstateError('table-unfit', `${label} does not take the row ${app}.${name}: a trigger, a rule or a constraint of the table swallows it.`, {
    hint: 'Look at the triggers, rules and constraints of the table.',
  })
}
