import type { HistoryTable } from '../history-table.js'
import { isFailure } from '../failure.js'
import { quoteIdentifier } from '../identifier.js'
import { SIDE_TABLES } from '../side-tables.js'
import type { Session } from '../session.js'
import { begin, LOCK_TIMEOUT } from './fixed-path.js'

const quote = (name: string) => quoteIdentifier(name, '"', 63)

/**
 * Side tables that this role has made go to the owner of the history, whose rights this role has: another role with these rights would not believe a
 * journal of this one's. Whoever may not hand them over keeps them.
 */
export async function handOver(session: Session, table: HistoryTable): Promise<void> {
  const found = await session.rows<{ name: string; owner: string }>(
    `SELECT t.relname AS name, pg_get_userbyid(h.relowner) AS owner
       FROM pg_class h JOIN pg_class t ON t.relnamespace = h.relnamespace AND t.relkind = 'r'
      WHERE h.oid = to_regclass(?) AND t.relname IN (${SIDE_TABLES.map(() => '?').join(', ')})
        AND t.relowner <> h.relowner AND pg_get_userbyid(t.relowner) = current_user AND pg_has_role(h.relowner, 'USAGE')`,
    [table.sql, ...SIDE_TABLES],
  )
  if (found.length === 0) return
  try {
    await session.run(begin('', LOCK_TIMEOUT))
    for (const { name, owner } of found) await session.run(`ALTER TABLE ${quote(table.schema as string)}.${quote(name)} OWNER TO ${quote(owner)}`)
    await session.run('COMMIT')
  } catch (error) {
    await session.run('ROLLBACK').catch(() => {})
    // The new owner needs CREATE in the schema, and since PostgreSQL 16 this role the right to SET ROLE.
    if (!isFailure(error, 'missing-rights') && !isFailure(error, 'busy')) throw error
  }
}
