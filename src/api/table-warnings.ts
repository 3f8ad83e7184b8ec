import { type Database, highestId, type History, namedRows } from '../database/index.js'
import type { Warnings } from '../errors/index.js'
import type { ProjectFiles } from '../project/index.js'

/** What is odd about the table itself is said by every command that reads it: the first insert must be no surprise. */
export function warnOfTable({ table }: Database, { rows, sequence }: History, warnings: Warnings): void {
  const { shape, label, appliedType } = table
  const see = 'see "migstate doctor"'
  for (const what of shape.unfit) warnings.add('table-unfit', `${label} can be read and not changed: ${what}`)
  if (shape.looseEngine !== null)
    warnings.add('non-transactional-table', `${label} uses the engine ${shape.looseEngine}, which cannot undo half a change; it can be read and not changed`)
  if (!shape.fillsId)
    warnings.add('id-default-missing', `the column "id" of ${label} fills itself no more, so Django's next row gets no id or is refused; ${see}`)
  if (!shape.givesTimes) warnings.add('malformed-applied', `the column "applied" of ${label} is a ${appliedType}, which gives Django no times; ${see}`)
  if (sequence !== null && rows.length > 0 && BigInt(sequence) <= highestId(rows))
    warnings.add('sequence-behind', `the next id of ${label} is ${sequence}, and the highest is ${highestId(rows)}, so Django's next row is refused; ${see}`)
  const named = namedRows(rows)
  const unnamed = rows.filter((row) => !named.has(row))
  if (unnamed.length > 0)
    warnings.add(
      'table-unfit',
      `${unnamed.length} rows of ${label} have no id of their own, so they cannot be changed: ${unnamed
        .slice(0, 3)
        .map((row) => `${row.app}.${row.name} (id ${row.id})`)
        .join(', ')}`,
    )
}

/** Only MySQL's backend converts what the driver gives it, and only with USE_TZ; PostgreSQL's and SQLite's own rules are asked of each row. */
export function timeColumnOf(database: Database, { useTz }: ProjectFiles): { type: string } | undefined {
  if (!database.hasTable) return undefined
  const { table, dialect } = database
  if (table.shape.givesTimes || !dialect.capabilities.convertsTimes || useTz === false) return undefined
  return { type: table.appliedType }
}
