import { MigstateError } from '../../errors/index.js'
import type { JournalFacts, Trust } from '../history-table.js'
import { isFailure } from '../failure.js'
import { missingColumns, SIDE_TABLES, WIDE_COLUMN } from '../side-tables.js'
import type { Session } from '../session.js'
import { journalDdl, laterIndexes } from './journal-ddl.js'

const HOST = "SUBSTRING_INDEX(CURRENT_USER(), '@', -1)"
const ME = `CONCAT('''', LEFT(CURRENT_USER(), CHAR_LENGTH(CURRENT_USER()) - CHAR_LENGTH(${HOST}) - 1), '''@''', ${HOST}, '''')`

/**
 * Tables have no owner here; a stranger is another account that may make views, routines or triggers in this database. Asked together
 * with the table itself.
 */
export const PRIVILEGES = `(SELECT count(*) FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'SUPER' AND GRANTEE = ${ME}) AS super,
            (SELECT GROUP_CONCAT(DISTINCT GRANTEE ORDER BY GRANTEE SEPARATOR ', ') FROM information_schema.SCHEMA_PRIVILEGES
              WHERE DATABASE() LIKE TABLE_SCHEMA AND PRIVILEGE_TYPE IN ('CREATE', 'CREATE VIEW', 'CREATE ROUTINE', 'TRIGGER') AND GRANTEE <> ${ME}) AS others`

export function trustOf(table: string, found: { super: unknown; others: string | null }): Trust {
  const stranger = Number(found.super) > 0 && found.others !== null
  return {
    stranger,
    advice: stranger
      ? `this account has SUPER, and the database of ${table} is that of ${found.others}, whose rights are enough: connect as that account, or as one that has SELECT, INSERT, UPDATE, DELETE and LOCK TABLES there`
      : null,
    // A trigger runs with the rights of its definer, and expressions call no stored function (MySQL manual 27.6, 15.1.20.6).
    reading: [],
    writing: [],
  }
}

const NAMES = { operation: 'migstate_operation', event: 'migstate_event', snapshotRow: 'migstate_snapshot_row' }

/** An INVOKER view over a function would run it with this account's rights; a trigger would write a journal of its own. */
export async function journalFacts(session: Session): Promise<JournalFacts> {
  // One name each: both servers look a name up that is compared for equality, and open every table of the database for a list.
  const one = (name: string) => `SELECT '${name}' AS name, TABLE_TYPE AS type, ENGINE AS engine,
      (SELECT GROUP_CONCAT(TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = '${name}') AS triggers,
      (SELECT GROUP_CONCAT(DISTINCT INDEX_NAME) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${name}') AS indexes,
      (SELECT GROUP_CONCAT(COLUMN_NAME) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${name}') AS columns
    FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${name}'`
  const found = await session.rows<Found>(SIDE_TABLES.map(one).join(' UNION ALL '))
  const there = found.map(({ name }) => name)
  if (!there.includes('migstate_event')) await refuseUnseen(session)
  const wide = found.some(({ name, columns }) => name === 'migstate_snapshot_row' && (columns ?? '').toLowerCase().split(',').includes(WIDE_COLUMN))
  const indexes = new Set(found.flatMap((one) => (one.indexes ?? '').split(',')))
  const settled = Object.keys(laterIndexes(NAMES)).every((name) => indexes.has(name))
  return { there, wide, settled, problems: found.flatMap(problemsOf) }
}

/**
 * information_schema shows the tables on which an account has a right, so that to one with rights on the history alone the side tables
 * look as if they were not there (MySQL manual 28.1). A right on the database shows them all.
 * @throws DatabaseFailure `missing-rights`
 */
async function refuseUnseen(session: Session): Promise<void> {
  try {
    await session.rows('SELECT 1 AS there FROM migstate_event LIMIT 0')
  } catch (error) {
    if (isFailure(error, 'no-table')) return
    const wide = await session.rows(
      `SELECT 1 AS there FROM information_schema.SCHEMA_PRIVILEGES WHERE DATABASE() LIKE TABLE_SCHEMA AND GRANTEE = ${ME} LIMIT 1`,
    )
    if (!isFailure(error, 'missing-rights') || wide.length === 0) throw error
  }
}

interface Found {
  name: string
  type: string
  engine: string | null
  triggers: string | null
  indexes: string | null
  columns: string | null
}

function problemsOf({ name, type, engine, triggers, columns }: Found): string[] {
  if (type !== 'BASE TABLE') return [`${name} is a ${type.toLowerCase()}`]
  return [
    ...(engine === 'InnoDB' ? [] : [`${name} uses the engine ${engine}`]),
    ...missingColumns(journalDdl(NAMES), name, (columns ?? '').toLowerCase().split(',')).map((column) => `${name} has no column ${column}`),
    ...(triggers ?? '').split(',').flatMap((trigger) => (trigger ? [`${name} has the trigger ${trigger}`] : [])),
  ]
}

/** Under the table locks: is what was looked at before still so? */
export async function lookAgain(session: Session): Promise<void> {
  const { problems } = await journalFacts(session)
  if (problems.length > 0) throw new MigstateError('damaged-journal', `The side tables are not what they were a moment ago: ${problems.join('; ')}.`)
}
