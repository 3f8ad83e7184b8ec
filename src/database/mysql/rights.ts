import type { HistoryTable, JournalTables } from '../history-table.js'
import type { Session } from '../session.js'

/** What a change needs on the history table, and on each side table once it is there (MySQL manual 8.2.2, static privileges). */
const [HISTORY, SIDE] = [
  ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'LOCK TABLES'],
  ['SELECT', 'INSERT', 'LOCK TABLES'],
]

/** The GRANTs that this account lacks for a change, as far as SHOW GRANTS tells; nothing is claimed where roles are in play. */
export async function missingGrants(session: Session, table: HistoryTable, journal: JournalTables, purpose: 'change' | 'shadow'): Promise<string[]> {
  const [here] = await session.rows<{ name: string; account: string }>('SELECT DATABASE() AS name, CURRENT_USER() AS account')
  const lines = (await session.rows<Record<string, string>>('SHOW GRANTS')).map((row) => String(Object.values(row)[0]))
  if (!here || lines.some((line) => /^GRANT (?!.* ON )/.test(line))) return []
  const held = grantedOn(lines, here.name)
  const made = await session.rows('SELECT 1 AS there FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?', ['migstate_event'])
  const to = accountSql(here.account)
  const lacking = (wanted: readonly string[], name: string) => wanted.filter((right) => !held(right, name))
  const grants: string[] = []
  const rows = lacking(HISTORY, table.name)
  const database = everythingIn(here.name)
  // LOCK TABLES and CREATE can be granted on a database only.
  const wide: string[] = rows.filter((right) => right === 'LOCK TABLES')
  const narrow = rows.filter((right) => right !== 'LOCK TABLES')
  if (narrow.length > 0) grants.push(`GRANT ${narrow.join(', ')} ON ${table.sql} TO ${to}`)
  if (made.length === 0 && !held('CREATE', 'migstate_event')) wide.push('CREATE')
  if (purpose === 'shadow' && !held(TEMPORARY, '')) wide.push(TEMPORARY)
  if (wide.length > 0) grants.push(`GRANT ${wide.join(', ')} ON ${database} TO ${to}`)
  const sides = { migstate_operation: journal.operation, migstate_event: journal.event, migstate_snapshot_row: journal.snapshotRow }
  for (const [name, sql] of Object.entries(sides)) {
    const side = lacking(SIDE, name).filter((right) => right !== 'LOCK TABLES')
    if (side.length > 0) grants.push(`GRANT ${side.join(', ')} ON ${sql} TO ${to}`)
  }
  return grants
}

/** Which rights the lines of SHOW GRANTS give on a table of a database: on everything, on the database, on the table. */
function grantedOn(lines: readonly string[], database: string): (right: string, table: string) => boolean {
  const grants = lines.flatMap((line) => {
    const match = /^GRANT (.+?) ON (?:TABLE )?(\*\.\*|(?:`(?:[^`]|``)+`|\*)\.(?:`(?:[^`]|``)+`|\*)) TO /.exec(line)
    return match ? [{ rights: (match[1] as string).split(/,\s*/).map((right) => right.trim()), on: match[2] as string }] : []
  })
  const plain = (name: string) => name.replace(/^`|`$/g, '').replaceAll('``', '`').replaceAll('\\_', '_').replaceAll('\\%', '%')
  return (right, table) =>
    grants.some(({ rights, on }) => {
      const [schema, name] = on === '*.*' ? ['*', '*'] : (/^(`(?:[^`]|``)+`|\*)\.(`(?:[^`]|``)+`|\*)$/.exec(on) ?? []).slice(1).map(plain)
      const here = schema === '*' || like(database, schema ?? '')
      return here && (name === '*' || name === table) && (rights.includes(right) || rights.some((one) => /^ALL PRIVILEGES|^ALL$/.test(one)))
    })
}

/** A database in a GRANT is a pattern of LIKE. */
function like(text: string, pattern: string): boolean {
  const source = pattern
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}

/** The right of every temporary table; it can be granted on a database, and not on a table. */
const TEMPORARY = 'CREATE TEMPORARY TABLES'

export function temporaryGrant(database: string, account: string): string {
  return `GRANT ${TEMPORARY} ON ${everythingIn(database)} TO ${accountSql(account)}`
}

const everythingIn = (database: string) => `\`${database.replaceAll('`', '``')}\`.*`

/** @param account as CURRENT_USER() writes it; user and host are quoted each (MySQL manual, account names) */
export function accountSql(account: string): string {
  const at = account.lastIndexOf('@')
  return at < 0 ? account : `'${account.slice(0, at).replaceAll("'", "''")}'@'${account.slice(at + 1)}'`
}
