import { makeKey } from '../../migrations/index.js'
import type { Facts } from '../facts.js'
import type { Found } from '../finding.js'
import { repair } from '../words.js'

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** The database differs from what all migrations together say, and none of them explains it: Django notices nothing before it writes. */
export function schemaDrift({ drift }: Facts): Found[] {
  return drift.map(({ what, table, column, nullable, app, model }): Found => {
    const label = `${table}.${column}`
    const message =
      what === 'null'
        ? `The column ${label} may be NULL, and the field of ${app}.${model} says that it must not. No migration says so: the constraint was lost or taken away by hand, and rows that Django never expects can come in.`
        : `The column ${label} is in the database and in no migration${
            nullable ? ': Django neither reads nor writes it.' : ', and it must not be NULL: where it has no default, Django can write no row of this table.'
          }`
    return {
      code: 'schema-drift',
      severity: what === 'stranger' && nullable ? 'info' : 'warning',
      app,
      migration: null,
      message,
      evidence: ['every migration is recorded, and none of them, nor any code in one, is about this column so'],
      repairs:
        what === 'null'
          ? [
              repair(
                `ALTER TABLE ${quoted(table)} ALTER COLUMN ${quoted(column)} SET NOT NULL;`,
                'in standard SQL, once no row has NULL there; it is printed and never run',
              ),
            ]
          : [
              repair(
                `ALTER TABLE ${quoted(table)} DROP COLUMN ${quoted(column)};`,
                'only if nothing else uses it: what it holds is gone; it is printed and never run',
              ),
            ],
      about: [label, table, makeKey(app, model).replace('\0', '.')],
      explains: [],
      place: 0,
    }
  })
}
