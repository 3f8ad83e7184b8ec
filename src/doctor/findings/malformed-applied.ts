import type { Row } from '../../database/index.js'
import { badRows } from '../../migrations/index.js'
import { type Facts, hasOwnId } from '../facts.js'
import type { Found } from '../finding.js'
import { counted, mendRows, repair } from '../words.js'

/** Times that Django cannot read, a column that gives it no times, and times that cannot be. */
export function malformedTimes(facts: Facts): Found[] {
  const { rows, schema, table } = facts
  if (!table) return []
  if (schema.history?.keepsTimes === false) return [column(facts)]
  const stopping = new Set(badRows(rows, facts.rules, facts.engine).map(({ migrations }) => migrations[0]?.join('\0')))
  return rows.flatMap((row) => {
    const reason = stopping.has(`${row.app}\0${row.name}`) ? 'Django stops at it with every command' : whyOdd(row, facts.engine)
    if (reason !== null) return [ofRow(facts, row, stopping.has(`${row.app}\0${row.name}`) ? 'error' : 'warning', reason)]
    return isImprobable(row, facts.now) ? [ofRow(facts, row, 'info', 'no migration ran then; nothing depends on it')] : []
  })
}

function column({ rules, schema, table, engine }: Facts): Found {
  return {
    code: 'malformed-applied',
    severity: rules.readsApplied ? 'error' : 'warning',
    app: null,
    migration: null,
    message: `The column "applied" of ${table?.label} has a type that gives Django no times. ${
      rules.readsApplied
        ? "migrate, showmigrations and makemigrations die of it ('str' object has no attribute 'utcoffset')."
        : 'showmigrations cannot show them.'
    }`,
    evidence: [`its type is ${table?.appliedType} (${engine})`],
    repairs: schema.history?.mend.applied ? [repair(schema.history.mend.applied, 'gives the column the type that Django makes', { recommended: true })] : [],
    about: ['applied', 'utcoffset'],
    explains: [],
    place: 0,
  }
}

/** Not a time at all: Django reads None, and `showmigrations -v 2` dies of it. */
function whyOdd({ applied, appliedType }: Row, engine: string): string | null {
  const text = 'Django reads no time from it, and showmigrations -v 2 dies of it'
  if (appliedType !== undefined) return text
  if (applied.startsWith('0000-00-00') || applied === '' || applied === 'null') return text
  return engine === 'sqlite' && !/^\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{1,2}.*)?$/.test(applied) ? text : null
}

function isImprobable({ applied }: Row, now: Date): boolean {
  if (/^19[0-9]{2}-/.test(applied)) return true
  const time = Date.parse(`${applied.slice(0, 10)}T00:00:00Z`)
  return Number.isFinite(time) && time > now.getTime() + 2 * 86_400_000
}

function ofRow(facts: Facts, row: Row, severity: Found['severity'], reason: string): Found {
  const good = neighbour(facts, row)
  return {
    code: 'malformed-applied',
    severity,
    app: row.app,
    migration: row.name,
    message: `The row ${row.app}.${row.name} (id ${row.id}) has ${row.appliedType === undefined ? `"${row.applied}"` : row.applied} in "applied": ${reason}.`,
    evidence: [`of ${counted(facts.rows.length, 'row')}; the order of the times means nothing to Django`],
    repairs:
      severity === 'info' || good === null || !hasOwnId(facts, row)
        ? []
        : [
            mendRows({ do: 'rewrite', rows: [{ id: row.id, applied: good }] }, 'gives it the time of the row beside it; nothing is decided by it', {
              recommended: true,
              safe: true,
            }),
          ],
    about: [`${row.app}.${row.name}`, row.applied],
    explains: [],
    place: 0,
  }
}

/** The time of the nearest row before it that has one, else after it. */
function neighbour({ rows, engine, now }: Facts, row: Row): string | null {
  const isGood = (one: Row) =>
    whyOdd(one, engine) === null && !isImprobable(one, now) && /^\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])[ T][0-9:.+]+$/.test(one.applied)
  const at = rows.indexOf(row)
  const found = rows.slice(0, at).reverse().find(isGood) ?? rows.slice(at + 1).find(isGood)
  return found?.applied ?? null
}
