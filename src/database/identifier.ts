import { MigstateError } from '../errors/index.js'

/**
 * The one quoter of identifiers. Knex's `??` splits a name at its dots (knex#3175), so it is not used.
 * @param mark the quotation mark of the dialect, doubled inside the name
 * @param limit bytes of UTF-8 that the database keeps; a longer name would be cut and name another table
 * @throws MigstateError `usage` for a name that no table can have
 */
export function quoteIdentifier(name: string, mark: '"' | '`', limit: number): string {
  if (name === '' || name.includes('\0')) throw new MigstateError('usage', 'A table or schema name is empty or holds a NUL character.')
  if (Buffer.byteLength(name, 'utf8') > limit)
    throw new MigstateError('usage', `The name "${name}" is longer than the ${limit} bytes that this database keeps.`)
  return mark + name.replaceAll(mark, mark + mark) + mark
}
