import { type Database, type History, type HistoryTable, missingValues, namedRows, type Row } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import type { Change, PlannedRow } from './change.js'
import type { TableMend } from './mend-table.js'

/**
 * What a table cannot take and give back exactly is refused before anything is written, by the table as it is made.
 * @throws MigstateError `table-unfit` `non-transactional-table`
 */
export function refuseUnfitTable({ table }: Database): void {
  const { shape, label } = table
  if (shape.unfit.length > 0)
    throw new MigstateError('table-unfit', `Rows of ${label} cannot be changed and put back exactly: ${shape.unfit.join('; ')}.`, {
      hint: 'Mend the table as its owner, or change its rows by hand.',
      details: { found: shape.unfit },
    })
  if (shape.looseEngine !== null)
    throw new MigstateError('non-transactional-table', `The table ${label} uses the engine ${shape.looseEngine}, which cannot undo half a change.`)
}

/**
 * @param now the table as the plan saw it
 * @param mend what of it is mended first
 * @throws MigstateError `table-unfit` `non-transactional-table` `id-default-missing` `sequence-behind`
 */
export function refuseUnfitChange(database: Database, { rows, sequence }: History, change: Change, mend: TableMend | null = null): void {
  const { table } = database
  refuseUnfitTable(database)
  refuseUnnamed(table, rows, [...change.remove, ...change.update.map(({ before }) => before)])
  refuseUnwritable(table, [...change.add, ...change.update.map(({ after }) => after)])
  if (!mend?.column && change.add.some((row) => row.id === undefined)) refuseMissingId(table)
  if (change.add.some((row) => row.extra === undefined)) refuseMissingValues(table)
  refuseTakenIds(table, { rows, sequence: mend?.next ?? sequence }, change)
}

/** The counter would give a new row the id of another one. */
function refuseTakenIds({ label }: HistoryTable, { rows, sequence }: History, { remove, add }: Change): void {
  const count = add.filter((row) => row.id === undefined).length
  if (count === 0 || sequence === null) return
  const next = BigInt(sequence)
  const gone = new Set(remove.map(({ id }) => id))
  const taken = new Set([...rows.map(({ id }) => id).filter((id) => !gone.has(id)), ...add.flatMap(({ id }) => id ?? [])])
  const clash = Array.from({ length: count }, (_unused, index) => (next + BigInt(index)).toString()).find((id) => taken.has(id))
  if (clash === undefined) return
  throw new MigstateError('sequence-behind', `The id counter of ${label} would give a new row the id ${clash}, which another row has: it is behind the ids.`, {
    hint: 'Set it above the highest id: "migstate doctor" has the statement. Then run the command again.',
    details: { next: sequence, taken: clash },
  })
}

/** A row that is named by no id of its own cannot be changed alone. */
function refuseUnnamed(table: HistoryTable, rows: readonly Row[], touched: readonly Row[]): void {
  const named = new Set([...namedRows(rows)].map(({ id }) => id))
  refuseRows(
    table,
    touched.filter((row) => !named.has(row.id)),
    'its id is NULL or that of another row too',
  )
}

/** An id is no value that an insert can leave NULL: the database would give one. */
function refuseUnwritable(table: HistoryTable, added: readonly PlannedRow[]): void {
  refuseRows(
    table,
    added.filter((row) => row.nulls?.includes('id')),
    'its id is NULL, so it could only come back as another row',
  )
}

function refuseRows(table: HistoryTable, rows: readonly PlannedRow[], why: string): void {
  if (rows.length === 0) return
  const names = rows.slice(0, 5).map((row) => `${row.app}.${row.name} (id ${row.id ?? 'NULL'})`)
  const more = rows.length > 5 ? ` and ${rows.length - 5} more` : ''
  throw new MigstateError('table-unfit', `Of ${table.label} the row ${names.join(', ')}${more} cannot be named exactly: ${why}.`, {
    hint: 'Give each row an id of its own, by hand; "migstate doctor" has the statements for the table.',
    details: { found: rows },
  })
}

/**
 * What is known of a run before anybody is asked: by the table as it is made, and by its rows.
 * @param touched rows that go out of the table meanwhile; null: the session of the run gets a table of its own
 * @param inserts a new row is written in the end, by the tool or by Django
 * @throws MigstateError `table-unfit` `non-transactional-table` `id-default-missing`
 */
export function refuseUnfitRun(database: Database, rows: readonly Row[], { touched, inserts }: { touched: readonly Row[] | null; inserts: boolean }): void {
  const { table, dialect } = database
  refuseUnfitTable(database)
  if (dialect.timeKept(table) === 'day')
    throw new MigstateError(
      'table-unfit',
      `The column "applied" of ${table.label} is a ${table.appliedType}: it keeps no time of the day, so it cannot hold when a migration ran.`,
      {
        hint: 'Give the column the type that Django makes: "migstate doctor" has the statement.',
        details: { found: [table.appliedType] },
      },
    )
  if (touched) refuseUnnamed(table, rows, touched)
  else refuseUnnamedRows(database, rows)
  if (!inserts) return
  refuseMissingId(table)
  refuseMissingValues(table)
}

/** Runs look at every row through its id. @throws MigstateError `table-unfit` */
export function refuseUnnamedRows({ table }: Database, rows: readonly Row[]): void {
  const named = namedRows(rows)
  refuseRows(
    table,
    rows.filter((row) => !named.has(row) || !/^-?\d+$/.test(row.id)),
    'its id is NULL, no number, or that of another row too',
  )
}

function refuseMissingId({ shape, label }: HistoryTable): void {
  if (shape.fillsId) return
  throw new MigstateError('id-default-missing', `The column "id" of ${label} fills itself no more, so a new row would get no id of its own.`, {
    hint: '"migstate doctor" says what mends the column: "migstate repair --fix-table" where it can, else a statement for the owner of the table.',
    details: { repair: shape.mendId },
  })
}

function refuseMissingValues(table: HistoryTable): void {
  const missing = missingValues(table.shape)
  if (missing.length === 0) return
  const columns = missing.map((name) => `"${name}"`).join(', ')
  const one = missing.length === 1
  throw new MigstateError(
    'table-unfit',
    `${table.label} has the column${one ? '' : 's'} ${columns}, which may not be NULL and ${one ? 'has' : 'have'} no default, so no new row can be written: not by Django either.`,
    {
      hint: `Give ${one ? 'it a default' : 'them defaults'}, or let ${one ? 'it' : 'them'} be NULL.`,
      details: { columns: missing },
    },
  )
}

/**
 * Inside `reading` or an edit. With a row of the history rows of other tables would go, or change, which no undo puts back.
 * @param touched rows that are deleted, for a while or for good
 * @throws MigstateError `table-unfit`
 */
export async function refuseTakenAlong(database: Database, touched: readonly Row[]): Promise<void> {
  if (touched.length === 0) return
  const { table } = database
  const found = await database.dialect.takenAlong(
    database.edit,
    table,
    touched.map(({ id }) => id),
  )
  if (found.length === 0) return
  throw new MigstateError(
    'table-unfit',
    `A foreign key of ${found.join(', ')} takes rows along when rows of ${table.label} are deleted (ON DELETE CASCADE or SET NULL), and they would not come back.`,
    { hint: 'Let the foreign key be ON DELETE NO ACTION, or take it away meanwhile.', details: { found } },
  )
}
