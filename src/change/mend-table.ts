import { type Database, highestId, type History, type HistoryTable } from '../database/index.js'
import { MigstateError } from '../errors/index.js'

/** What `repair --fix-table` mends of the table itself; its rows stay. */
export interface TableMend {
  /** The id that the next row gets. */
  next: string
  /** The column `id` fills itself no more, and is made so that it does. */
  column: boolean
}

/** null: the ids of new rows are in order, or there is no counter. */
export function tableMend({ shape }: HistoryTable, { rows, sequence }: History): TableMend | null {
  const next = highestId(rows) + 1n
  if (!shape.fillsId) return { next: next.toString(), column: true }
  return sequence !== null && BigInt(sequence) < next ? { next: next.toString(), column: false } : null
}

/** For the journal, the question and the report. */
export function sayMend({ label }: HistoryTable, { next, column }: TableMend): string {
  return column ? `the column "id" of ${label} fills itself again, from ${next} on` : `the id counter of ${label} goes on at ${next}`
}

/**
 * The table can be mended inside the transaction of the rows, and no other table gets its ids from the counter. Inside any transaction.
 * @throws MigstateError `not-repairable` `missing-rights`
 */
export async function refuseTableMend(database: Database, { column }: TableMend): Promise<void> {
  const { dialect, edit, table } = database
  if (column) return refuseColumn(table, await dialect.idMending(edit, table))
  const step = await dialect.sequenceStep(edit, table)
  if (step === 'inside') return
  if (step === 'shared')
    throw new MigstateError('not-repairable', `The id counter of ${table.label} gives ids to another table too, so it is not moved for this one alone.`, {
      hint: 'Look at the highest id of each of these tables, and set it above all of them by hand.',
    })
  throw new MigstateError(
    'missing-rights',
    `Only the owner of the id counter of ${table.label} may set it so that it goes back with the rows if anything fails.`,
    {
      hint: 'See "migstate doctor" for the statement, to hand to the owner.',
    },
  )
}

function refuseColumn({ label, shape }: HistoryTable, found: 'inside' | 'owner' | string): void {
  if (found === 'inside') return
  const hint = shape.mendId === '' ? 'See "migstate doctor" for what the table has.' : `By hand, as the owner of the table: ${shape.mendId}`
  if (found === 'owner') throw new MigstateError('missing-rights', `Only the owner of ${label} may change how its column "id" is made.`, { hint })
  throw new MigstateError('not-repairable', `The column "id" of ${label} cannot be mended in one transaction with the journal: ${found}.`, { hint })
}

/** Inside the edit. The rows keep their ids, which is verified with the rest. */
export async function mendTable({ dialect, edit, table }: Database, mend: TableMend): Promise<void> {
  if (mend.column) await dialect.mendId(edit, table)
  await dialect.setSequence(edit, table, mend.next)
  const next = await dialect.readSequence(edit, table)
  if (next !== mend.next) throw new MigstateError('internal-error', `The next id of ${table.label} is ${next ?? 'not known'} where ${mend.next} was set.`)
}
