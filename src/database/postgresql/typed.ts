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
