import type { Operation } from './types.js'

/** Whether operations are data operations; null: a custom one may be, or they could not be read. */
export function dataOf(operations: readonly Operation[] | null): boolean | null {
  if (operations === null) return null
  return operations.some((one) => one.data) ? true : operations.some((one) => one.data === null) ? null : false
}
