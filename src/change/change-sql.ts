import type { Database, Row } from '../database/index.js'
import type { Change, PlannedRow } from './change.js'

/**
 * A change as statements for who may give them, one transaction; given twice they do the same as given once.
 * @param stamp `applied` for new rows, in the database's own form
 */
export function changeSql({ dialect, table }: Database, change: Change, stamp: () => string): string[] {
  const text = (value: string) => dialect.textSql(value)
  const is = (row: Row) => `id = ${row.id} AND ${dialect.exactly('app', row.app)} AND ${dialect.exactly('name', row.name)}`
  const time = (row: Pick<Row, 'applied' | 'appliedType'>) => (row.appliedType === undefined ? text(row.applied) : row.applied)
  const update = ({ before, after }: Change['update'][number]) => {
    const sets = [
      ...(before.app === after.app ? [] : [`app = ${text(after.app)}`]),
      ...(before.name === after.name ? [] : [`name = ${text(after.name)}`]),
      ...(time(before) === time(after) ? [] : [`applied = ${time(after)}`]),
    ]
    return `UPDATE ${table.sql} SET ${sets.join(', ')} WHERE ${is(before)};`
  }
  const insert = ({ app, name }: PlannedRow) =>
    `INSERT INTO ${table.sql} (app, name, applied) SELECT ${text(app)}, ${text(name)}, ${dialect.timeSql(table, stamp())} FROM (SELECT 1) AS one WHERE NOT EXISTS (SELECT 1 FROM ${table.sql} WHERE ${dialect.exactly('app', app)} AND ${dialect.exactly('name', name)});`
  const statements = [...change.remove.map((row) => `DELETE FROM ${table.sql} WHERE ${is(row)};`), ...change.update.map(update), ...change.add.map(insert)]
  return statements.length === 0 ? [] : ['BEGIN;', ...statements, 'COMMIT;']
}
