import { MigstateError } from '../../errors/index.js'
import type { HistoryTable } from '../history-table.js'
import { quoteIdentifier } from '../identifier.js'
import type { Binding } from '../session.js'
import { canWrite, sayUnwritable } from '../side-tables.js'
import { extraColumns, keptApart, type TableColumn, type TableShape } from '../table-shape.js'

const quote = (name: string) => quoteIdentifier(name, '"', 1_000_000)

export interface FoundColumn {
  name: string
  type: string
  notnull: string
  given: string | null
  pk: string
  /** 2 and 3: generated (sqlite.org/pragma.html, table_xinfo). */
  hidden: string
}

/** @throws MigstateError `table-unfit` for a view or a virtual table */
export function refuseOdd(name: string, type: string, sql: string | null): void {
  const what = type === 'view' ? 'is a view' : /^\s*CREATE\s+VIRTUAL\b/i.test(sql ?? '') ? 'is a virtual table' : null
  if (what === null) return
  throw new MigstateError('table-unfit', `${name} ${what}, so its rows can neither be copied nor be put back for sure.`, {
    hint: 'Name the table behind it with --table.',
    details: { found: [what] },
  })
}

/** @param keyIndexes indexes that the primary key has: a column that is the row's own number needs none (sqlite.org/lang_createtable.html, rowid) */
export function shapeOf(name: string, keyIndexes: number, found: readonly FoundColumn[]): TableShape {
  const isNumber = ({ type, pk }: FoundColumn) => type.toUpperCase() === 'INTEGER' && pk === '1' && keyIndexes === 0
  const columns = found.map((column): TableColumn => {
    const own = ['id', 'app', 'name', 'applied'].includes(column.name.toLowerCase())
    return {
      name: own ? column.name.toLowerCase() : column.name,
      type: column.type,
      nullable: column.notnull === '0' && !isNumber(column),
      filled: column.given !== null || isNumber(column),
      generated: column.hidden === '2' || column.hidden === '3',
    }
  })
  const shape = {
    columns: columns.filter(canWrite),
    fillsId: found.some((column) => column.name.toLowerCase() === 'id' && isNumber(column)),
    unfit: sayUnwritable(columns),
    givesTimes: true,
    looseEngine: null,
  }
  return { ...shape, mendId: mendId(quote(name), { ...shape, mendId: '' }) }
}

/** The table anew, with its ids where they can be ids; only where it has no columns but Django's. */
function mendId(sql: string, shape: TableShape): string {
  if (extraColumns(shape).length > 0 || shape.columns.some(({ generated }) => generated) || shape.unfit.length > 0) return ''
  const fresh =
    'CREATE TABLE migstate_new (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied datetime NOT NULL)'
  return `BEGIN; ${fresh}; INSERT INTO migstate_new (app, name, applied) SELECT app, name, applied FROM ${sql} ORDER BY id; DROP TABLE ${sql}; ALTER TABLE migstate_new RENAME TO ${sql}; COMMIT;`
}

/** The JSON of what four texts cannot hold, as SQL: extra columns as literals, for each value has a type of its own; null where there is nothing. */
export function moreOf({ shape }: HistoryTable): string | null {
  const columns = keptApart(shape)
  if (columns.length === 0) return null
  const extra = new Set(extraColumns(shape))
  const value = (column: TableColumn) => {
    const name = quote(column.name)
    return extra.has(column) ? `CASE WHEN ${name} IS NULL THEN NULL ELSE quote(${name}) END` : `CAST(${name} AS TEXT)`
  }
  return `json_object(${columns.map((column) => `'${column.name.replaceAll("'", "''")}', ${value(column)}`).join(', ')})`
}

/** What SQLite's quote() writes but for text; nothing else may stand in a statement unbound. */
const LITERAL = /^(NULL|-?\d+(\.\d+)?([eE][+-]?\d+)?|-?Inf|X'([0-9A-Fa-f]{2})*')$/

/** SQL and bindings of a value that was read as a literal. */
export function place(literal: string | null): [sql: string, bindings: Binding[]] {
  if (literal === null) return ['NULL', []]
  const text = /^'((?:[^']|'')*)'$/.exec(literal)
  if (text) return ['?', [(text[1] as string).replaceAll("''", "'")]]
  if (!LITERAL.test(literal)) throw new MigstateError('internal-error', 'A stored value is not a SQLite literal.')
  return [literal, []]
}

/** An id is a number where its column makes one of it. */
export function idPlace({ shape }: HistoryTable): string {
  const type = shape.columns.find(({ name }) => name === 'id')?.type ?? ''
  return /CHAR|CLOB|TEXT/i.test(type) && !/INT/i.test(type) ? '?' : 'CAST(? AS INTEGER)'
}

export const quoted = quote
