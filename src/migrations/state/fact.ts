import type { Written } from '../../project/written/types.js'

/** What files say: known, or unknown with its reason. */
export type Fact<T> = { value: T } | { unknown: string }

export const known = <T>(value: T): Fact<T> => ({ value })
export const unknown = (reason: string): { unknown: string } => ({ unknown: reason })

export function isKnown<T>(fact: Fact<T>): fact is { value: T } {
  return 'value' in fact
}

export function valueOr<T, U>(fact: Fact<T>, otherwise: U): T | U {
  return 'value' in fact ? fact.value : otherwise
}

/** Why a value cannot be used where something else is expected. */
export function reasonOf(written: Written): string {
  return written.kind === 'unknown'
    ? written.reason
    : written.kind === 'name'
      ? `${written.name} is not known`
      : `it is ${written.kind === 'call' ? `${written.callee}(…)` : `a ${written.kind}`}`
}

export function textOf(written: Written | undefined): string | undefined {
  return written?.kind === 'text' ? written.value : undefined
}

/** A text that counts only when it is not empty: `None` and `""` are as if it were not given. */
export function textFact(written: Written | undefined): Fact<string | null> {
  if (written === undefined || written.kind === 'none') return known(null)
  return written.kind === 'text' ? known(written.value || null) : unknown(reasonOf(written))
}

export function truthFact(written: Written | undefined, otherwise: boolean): Fact<boolean> {
  if (written === undefined) return known(otherwise)
  if (written.kind === 'none') return known(false)
  if (written.kind === 'boolean') return known(written.value)
  return written.kind === 'number' ? known(written.value !== 0) : unknown(reasonOf(written))
}
