import { MigstateError } from '../errors/index.js'

/** Named in an error; whoever types the beginning of an id that fits more has to type more of it. */
const NAMED = 20

/** @throws MigstateError when the prefix fits none or several */
export function findByPrefix<T extends { id: string }>(list: readonly T[], prefix: string, code: 'unknown-operation' | 'unknown-snapshot', what: string): T {
  const found = list.filter((one) => prefix !== '' && one.id.startsWith(prefix))
  const [only] = found.filter((one) => one.id === prefix).concat(found)
  if (only && (found.length === 1 || only.id === prefix)) return only
  const candidates = found.slice(0, NAMED).map((one) => one.id)
  const more = found.length > NAMED ? ` and ${found.length - NAMED} more` : ''
  throw new MigstateError(
    code,
    found.length === 0 ? `There is no ${what} "${prefix}".` : `"${prefix}" fits several ${what}s: ${candidates.join(', ')}${more}.`,
    { details: { candidates } },
  )
}
