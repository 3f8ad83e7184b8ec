import { byId, type Row } from '../../database/index.js'
import { type Key, keyOf, pairOf } from '../../migrations/index.js'
import { type Facts, inPlanOrder } from '../facts.js'
import type { Found } from '../finding.js'
import { counted, countLine, listed, nameOfKey } from '../words.js'
import { type MissingRoot, missingRoots, runAgain } from './recorded-missing.js'

/** Milliseconds between two rows of one go. */
const AT_ONCE = 100

/** Several that were recorded in one go and never ran: `migrate --fake` took more along than it should. */
export function fakedBursts(facts: Facts, explained: ReadonlySet<Key> = new Set()): Found[] {
  const never = missingRoots(facts).filter(({ evidence }) => evidence.verdict === 'not run' && !explained.has(evidence.key))
  return bursts(facts.rows).flatMap((burst) => {
    const keys = new Set(burst.map(keyOf))
    const own = never.filter(({ evidence }) => keys.has(evidence.key))
    return own.length >= 2 ? [found(facts, burst, own)] : []
  })
}

/** Rows with neighbouring ids, each recorded right after the one before it. */
function bursts(rows: readonly Row[]): Row[][] {
  const all: Row[][] = []
  for (const row of [...rows].sort(byId)) {
    const last = all.at(-1)?.at(-1)
    const gap = last ? time(row) - time(last) : Number.NaN
    if (gap >= 0 && gap <= AT_ONCE) all.at(-1)?.push(row)
    else all.push([row])
  }
  return all.filter((burst) => burst.length >= 2)
}

const time = ({ applied }: Row) => Date.parse(`${applied.slice(0, 23).replace(' ', 'T')}Z`)

function found(facts: Facts, burst: readonly Row[], own: readonly MissingRoot[]): Found {
  const keys = inPlanOrder(
    facts,
    own.flatMap(({ evidence, others }) => [evidence.key, ...others]),
  )
  const [app] = pairOf(keys[0] as Key)
  const span = ((time(burst.at(-1) as Row) - time(burst[0] as Row)) / 1000).toFixed(1)
  return {
    code: 'faked-burst',
    severity: 'error',
    app,
    migration: null,
    message: `${listed(keys.map(nameOfKey))} are recorded, and nothing of them is in the database. They were recorded in one go with others (${counted(burst.length, 'row')} in ${span} s), as migrate --fake does: probably they were faked and never ran.`,
    evidence: [
      `ids ${burst[0]?.id} to ${burst.at(-1)?.id}, ${burst[0]?.applied} to ${burst.at(-1)?.applied}`,
      ...own.map(({ evidence }) => `${nameOfKey(evidence.key)}: ${countLine(evidence)}`),
    ],
    repairs: runAgain(facts, keys),
    about: [...keys.map(nameOfKey), ...own.flatMap(({ evidence }) => evidence.about)],
    explains: keys,
    place: 0,
  }
}
