import { type Key, keyOf, pairOf } from '../../migrations/index.js'
import { type Facts, inPlanOrder } from '../facts.js'
import type { Found } from '../finding.js'
import { missingRoots, said, runAgain } from './recorded-missing.js'

const DAY = 86_400_000

/** The row is older than the file, by the date that Django writes into it, and nothing of the file is there: the row is that of an older migration of this name. */
export function reusedNames(facts: Facts): Found[] {
  return missingRoots(facts).flatMap(({ evidence, others }) => {
    const times = evidence.verdict === 'not run' ? daysBetween(facts, evidence.key) : null
    if (!times) return []
    const [app, name] = pairOf(evidence.key)
    return [
      {
        ...said(facts, evidence, others),
        code: 'name-reused' as const,
        message: `${app}.${name} is recorded since ${times.recorded}, and its file was made on ${times.made}: the row is that of an older migration of this name. The new one never ran, and Django says "No migrations to apply".`,
        repairs: runAgain(facts, inPlanOrder(facts, [evidence.key, ...others])),
        explains: [evidence.key, ...others],
      },
    ]
  })
}

/** The day of its row and that of its file, where the row is the older one by more than a day: the file has the local time of who made it. */
export function daysBetween({ rows, madeOn }: Facts, key: Key): { key: Key; recorded: string; made: string } | null {
  const made = madeOn.get(key)
  const row = rows.find((one) => keyOf(one) === key)
  if (made === undefined || !row) return null
  const recorded = row.applied.slice(0, 10)
  const [then, since] = [Date.parse(`${made}T00:00:00Z`), Date.parse(`${recorded}T00:00:00Z`)]
  return Number.isFinite(then) && Number.isFinite(since) && then - since > DAY ? { key, recorded, made } : null
}
