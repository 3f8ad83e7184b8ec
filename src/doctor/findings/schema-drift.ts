import { makeKey, quoted as shellWord } from '../../migrations/index.js'
import type { Facts } from '../facts.js'
import type { Drift } from '../evidence/drift.js'
import type { Found, Proposal } from '../finding.js'
import { repair } from '../words.js'

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** The database differs from what all migrations together say, and none of them explains it: Django notices nothing before it writes. */
export function schemaDrift({ drift, evidence }: Facts): Found[] {
  // What a migration did not do, or did in part, is said under that one.
  const undone = new Set([...evidence.values()].flatMap(({ verdict, about }) => (verdict === 'not run' || verdict === 'in part' ? about : [])))
  return drift
    .filter(({ table, column }) => !undone.has(`${table}.${column}`))
    .map((one): Found => {
      const { what, table, column, nullable, app, model } = one
      const label = `${table}.${column}`
      return {
        code: 'schema-drift',
        severity: what === 'stranger' && nullable ? 'info' : 'warning',
        app,
        migration: null,
        message: messageOf(one),
        evidence: [`every migration of ${app} is recorded, and none of them, nor any code in one, is about this ${what === 'index' ? 'index' : 'column'} so`],
        repairs: [repairOf(one)],
        about: [label, table, makeKey(app, model).replace('\0', '.'), ...(what === 'index' ? [column] : [])],
        explains: [],
        place: 0,
      }
    })
}

function messageOf({ what, table, column, nullable, app, model }: Drift): string {
  const label = `${table}.${column}`
  switch (what) {
    case 'null':
      return `The column ${label} may be NULL, and the field of ${app}.${model} says that it must not. No migration says so: the constraint was lost or taken away by hand, and rows that Django never expects can come in.`
    case 'strict':
      return `The column ${label} must not be NULL, and the field of ${app}.${model} says that it may. No migration says so: where Django leaves the field empty, the database refuses the row.`
    case 'index':
      return `The index or constraint ${column} of ${app}.${model} is not in the database under its name, and no migration takes it away: it was lost or dropped by hand. What it should speed up is slow, or what it should keep out comes in; a migration that renames it fails.`
    case 'stranger':
      return `The column ${label} is in the database and in no migration${
        nullable ? ': Django neither reads nor writes it.' : ', and it must not be NULL: where it has no default, Django can write no row of this table.'
      }`
  }
}

/** In standard SQL; MySQL has it as MODIFY with the whole type, SQLite not at all. */
function repairOf({ what, table, column }: Drift): Proposal {
  const alter = `ALTER TABLE ${quoted(table)}`
  switch (what) {
    case 'null':
      return repair(`${alter} ALTER COLUMN ${quoted(column)} SET NOT NULL;`, 'in standard SQL, once no row has NULL there; it is printed and never run')
    case 'strict':
      return repair(`${alter} ALTER COLUMN ${quoted(column)} DROP NOT NULL;`, 'in standard SQL, as the field says; it is printed and never run')
    case 'index':
      return repair(
        `git grep -n ${shellWord(column)}`,
        'finds the migration that makes it; "manage.py sqlmigrate" prints its statement, which is for a person to give',
      )
    case 'stranger':
      return repair(`${alter} DROP COLUMN ${quoted(column)};`, 'only if nothing else uses it: what it holds is gone; it is printed and never run')
  }
}
