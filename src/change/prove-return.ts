import { type Database, isFailure, type Row, sameRow } from '../database/index.js'
import { factOf, MigstateError } from '../errors/index.js'
import type { Change } from './change.js'

/** Rows that go out of the table now and come back in a later edit. */
export interface ReturnTrip {
  /** The one that comes back with a new time. */
  target: Row
  /** `applied` as it would be written now. */
  time: string
}

/**
 * What the table makes of a time and of rows that are put back is asked of it, not of its types: the rows go and come back as they will later, and
 * all of it is undone. A trigger, a rule or a column that keeps less is found before anything is out of the table.
 * @throws MigstateError `table-unfit`
 */
export async function proveReturn(database: Database, { remove }: Change, { target, time }: ReturnTrip): Promise<void> {
  const { dialect, edit, table } = database
  const { appliedType: _type, ...timeless } = target
  const back = remove.map((row) => (row.id === target.id ? { ...timeless, applied: time } : row))
  const found = await tried(database, async () => {
    for (const row of remove) if ((await edit.ask(dialect.deleteRow(table, row.id))) !== 1) refuseOther(database, row, [])
    for (const row of back) await edit.ask(dialect.insertRow(table, row))
    await edit.askAll(dialect.fireDeferred)
    return database.readRows()
  })
  for (const row of back) refuseOther(database, row, found)
}

/**
 * Whether a row takes a time as it is written, and keeps all else.
 * @throws MigstateError `table-unfit` @throws DatabaseFailure `missing-rights`
 */
export async function proveUpdate(database: Database, row: Row, time: string): Promise<void> {
  const { dialect, edit, table } = database
  const { appliedType: _type, ...timeless } = row
  const after = { ...timeless, applied: time }
  const found = await tried(database, async () => {
    await edit.askAll([dialect.updateRow(table, row.id, after), ...dialect.fireDeferred])
    return database.readRows()
  })
  refuseOther(database, after, found)
}

/** What a trigger or a constraint of the table says no to is no failure of the database. */
async function tried(database: Database, work: () => Promise<Row[]>): Promise<Row[]> {
  const { dialect, edit, table } = database
  try {
    return await dialect.attempt(edit, work)
  } catch (error) {
    const refused = isFailure(error, 'duplicate-key') || (isFailure(error, 'other') && error.code === 'database-error')
    if (!refused) throw error
    throw new MigstateError('table-unfit', `${table.label} does not let its rows change and come back: ${factOf(error)}.`, {
      hint: 'Look at the triggers, rules and constraints of the table, and at the foreign keys of others.',
      cause: error,
    })
  }
}

function refuseOther({ table }: Database, wanted: Row, rows: readonly Row[]): void {
  const found = rows.find(({ id }) => id === wanted.id)
  if (found && sameRow(found, wanted)) return
  const name = `${wanted.app}.${wanted.name}`
  if (found && sameRow({ ...found, applied: wanted.applied }, wanted))
    throw new MigstateError(
      'table-unfit',
      `The column "applied" of ${table.label} (${table.appliedType}) makes "${found.applied}" of the time "${wanted.applied}", so the new time of ${name} could not be kept.`,
      {
        hint: 'Give the column the type that Django makes: "migstate doctor" has the statement.',
        details: { wanted: [wanted], found: [found] },
      },
    )
  throw new MigstateError(
    'table-unfit',
    `${table.label} does not take the row ${name} (id ${wanted.id}) as it is written, as a trigger or a rule on the table makes it.`,
    {
      hint: 'Look at the triggers and rules of the table.',
      details: { wanted: [wanted], found: found ? [found] : [] },
    },
  )
}
