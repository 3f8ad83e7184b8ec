import { type Database, highestId, type History } from '../database/index.js'
import { MigstateError } from '../errors/index.js'

/** Where the counter of the ids is to stand, if it gives ids that rows have; null: it is in order, or there is none. */
export function mendedCounter({ rows, sequence }: History): string | null {
  const highest = highestId(rows)
  return sequence !== null && BigInt(sequence) <= highest ? (highest + 1n).toString() : null
}

/**
 * The counter can be set inside the transaction of the rows, and no other table gets its ids from it. Inside any transaction.
 * @throws MigstateError `not-repairable` `missing-rights`
 */
export async function refuseForeignCounter({ dialect, edit, table }: Database): Promise<void> {
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
