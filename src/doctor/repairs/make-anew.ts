import type { Facts } from '../facts.js'
import type { FindingCode, Found } from '../finding.js'
import { repair } from '../words.js'

/** What rows and schema say of a database; a fault of the files is one in every database. */
const OF_ITS_STATE: ReadonlySet<FindingCode> = new Set([
  ...(['ghost', 'renamed', 'damaged-name', 'hole', 'partially-applied', 'present-unrecorded', 'recorded-missing', 'faked-burst'] as const),
  ...(['history-remade', 'name-reused', 'schema-drift', 'squash-partial', 'squash-not-believed', 'squash-unrecorded', 'squash-stale-row'] as const),
])

/** A database that tests use again holds nothing that has to be kept, so it is made anew and never mended. */
export function forTestDatabase({ isTestDatabase }: Facts, found: readonly Found[]): Found[] {
  if (!isTestDatabase) return [...found]
  const anew = repair(
    'pytest --create-db',
    'this is a test database that was kept: it is to be made anew and not to be mended (manage.py test without --keepdb)',
    {
      recommended: true,
    },
  )
  return found.map((one) =>
    OF_ITS_STATE.has(one.code) && one.severity !== 'info'
      ? { ...one, repairs: [anew, ...one.repairs.map((other) => ({ ...other, recommended: false, safe: false }))] }
      : one,
  )
}
