import { DatabaseFailure } from '../failure.js'
import type { Binding } from '../session.js'

/**
 * Gives every parameter a type: one that the statement names none for is text, a number bigint. Without one the server would look for
 * a function or an operator that fits best, among all that have the name.
 */
export function typed(sql: string, bindings: readonly Binding[]): string {
  if (bindings.length === 0) return sql
  let index = 0
  return sql.replace(/CAST\(\?|\?/g, (found) => {
    const value = bindings[index++]
    return found === '?' ? `CAST(? AS ${typeof value === 'number' ? 'bigint' : 'text'})` : found
  })
}

/**
 * The same with the values in the text, for several statements in one message: only a text without parameters has room for them (manual 55.2.2). A value
 * keeps the type that it has as a parameter.
 * @throws DatabaseFailure for a value that would end the message; as a parameter the server refuses it
 * @throws Error for a number of values that is not that of the places: a bug
 */
export function inlined(sql: string, bindings: readonly Binding[]): string {
  let index = 0
  const text = typed(sql, bindings).replace(/CAST\(\? AS/g, () => `CAST(${literal(bindings[index++])} AS`)
  if (index !== bindings.length) throw new Error('a statement with more or fewer places than values')
  return text
}

/**
 * A question mark in a text would be taken for a place (knex.raw). A quote and a backslash are written by their codes, so that no text can end before its
 * end: whatever `standard_conforming_strings` says, and also where a pooler has left another `client_encoding` behind, in which the last byte of a
 * letter takes the next byte along (a backslash, in GBK, Big5 and Shift JIS, and never a quote).
 */
function literal(value: Binding | undefined): string {
  if (value === undefined) throw new Error('a statement with more places than values')
  if (value === null) return 'NULL'
  if (typeof value === 'number') return String(value)
  if (value.includes('\0')) throw new DatabaseFailure('database-error', 'other', 'PostgreSQL has no place for a NUL in a text.', new Error('NUL'))
  const coded = value.replaceAll(/['\\?]/g, (found) => `\\x${found.charCodeAt(0).toString(16)}`)
  return coded === value ? `'${value}'` : `E'${coded}'`
}
