import type { HistoryTable } from '../history-table.js'
import type { Session } from '../session.js'
import { quoted } from './shape.js'

const NEW = 'migstate_new_table'

/** A column cannot be altered here: the table is made anew beside the old one (sqlite.org/lang_altertable.html, section 7), with Django's own columns. */
export async function idMending(session: Session, history: HistoryTable): Promise<'inside' | string> {
  const lost = await wouldGo(session, history)
  if (lost !== null) return lost
  const [ids] = await session.rows<{ fit: string }>(
    `SELECT CAST(count(*) = count(DISTINCT CASE WHEN typeof(id) = 'integer' THEN id END) AS TEXT) AS fit FROM ${history.sql}`,
  )
  return ids?.fit === '1' ? 'inside' : 'a row has no id, one that is no whole number, or that of another row'
}

/** What a new table in its place would not have, a clause; null: nothing. */
export async function wouldGo(session: Session, { name, shape }: HistoryTable): Promise<string | null> {
  if (shape.mendId === '') return 'it has columns that Django does not know'
  const [first] = await session.rows<{ type: string; name: string }>(
    `SELECT type, name FROM sqlite_master
      WHERE (type IN ('index', 'trigger') AND lower(tbl_name) = lower(?) AND sql IS NOT NULL)
         OR (type IN ('view', 'trigger') AND instr(lower(sql), lower(?)) > 0)
         OR (type = 'table' AND EXISTS (SELECT 1 FROM pragma_foreign_key_list(sqlite_master.name) f WHERE lower(f."table") = lower(?)))
         OR lower(name) = '${NEW}'`,
    [name, name, name],
  )
  if (first) return `the ${first.type} ${first.name} hangs on the table, which is made anew here`
  const rule = await ownRule(session, name)
  return rule === null ? null : `the table is made anew here, and a ${rule} of its own would be gone`
}

/** What the CREATE TABLE says that Django's does not; a word in a name or a text counts too. */
async function ownRule(session: Session, name: string): Promise<string | null> {
  const [table] = await session.rows<{ sql: string }>("SELECT sql FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?)", [name])
  const word = /\b(CHECK|COLLATE|DEFAULT|REFERENCES|UNIQUE|STRICT)\b/i.exec(table?.sql ?? '')?.[1]
  return word?.toUpperCase() ?? null
}

export async function mendId(session: Session, { sql }: HistoryTable): Promise<void> {
  await session.run(
    `CREATE TABLE ${NEW} ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app" varchar(255) NOT NULL, "name" varchar(255) NOT NULL, "applied" datetime NOT NULL)`,
  )
  await session.run(`INSERT INTO ${NEW} (${COLUMNS}) SELECT ${COLUMNS} FROM ${sql}`)
  await session.run(`DROP TABLE ${sql}`)
  await session.run(`ALTER TABLE ${NEW} RENAME TO ${sql}`)
}

const COLUMNS = ['id', 'app', 'name', 'applied'].map(quoted).join(', ')
