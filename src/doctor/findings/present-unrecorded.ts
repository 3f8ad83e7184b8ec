import { appOf, holesOf, type Key, pairOf } from '../../migrations/index.js'
import type { Evidence } from '../evidence/judge.js'
import { appsOf, type Facts, inPlanOrder, placeOf } from '../facts.js'
import type { Found } from '../finding.js'
import { rehearsalLines, standingOf, undecidedAmong } from '../rehearsed.js'
import { counted, countLine, listed, nameOfKey, operationLines, recordRows } from '../words.js'

/**
 * In the schema and not recorded: `migrate` would make it again and fail.
 * @param explained migrations that another finding is about
 */
export function presentUnrecorded(facts: Facts, explained: ReadonlySet<Key> = new Set()): Found[] {
  const { view, evidence } = facts
  if (!view || !facts.table) return []
  const holes = holesOf(view)
  const open = [...evidence.values()].filter(({ key, recorded }) => !recorded && !view.applied.has(key) && view.graph.hasNode(key))
  const pending = open.filter(({ key }) => !holes.has(key))
  const found = pending.filter(({ key, verdict }) => verdict === 'ran' && !explained.has(key))
  const withRows = new Set([...view.recorded].map(appOf))
  const lost = found.filter(({ key }) => !withRows.has(appOf(key)))
  const single = found.filter(({ key }) => withRows.has(appOf(key)))
  return [...(lost.length > 0 ? [lostApps(facts, lost, { open, pending })] : []), ...single.map((one) => ofOne(facts, one, open))]
}

function ofOne(facts: Facts, evidence: Evidence, open: readonly Evidence[]): Found {
  const { key } = evidence
  const [app, name] = pairOf(key)
  const keys = withThoseBelow(facts, [key], open)
  const unseen = keys.filter((one) => isBlind(facts.evidence.get(one)))
  const never = neverBelow(facts, keys, open)
  return {
    code: 'present-unrecorded',
    severity: 'error',
    app,
    migration: name,
    message: `${app}.${name} is not recorded, but what it does is in the database. manage.py migrate would do it again${failure(facts)}.`,
    evidence: [countLine(evidence), ...operationLines(evidence), ...unseenLines(facts, unseen), ...neverLines(never)],
    repairs:
      never.length > 0
        ? []
        : [
            recordRows(keys, (unseen.length > 0 ? 'all that can be seen is there already' : 'all that it does is there already') + against(facts, unseen), {
              recommended: against(facts, unseen) === '',
              safe: unseen.length === 0 && !(evidence.operations.some(({ data }) => data) && !facts.transactionalDdl),
            }),
          ],
    about: [nameOfKey(key), ...evidence.about],
    explains: [],
    place: placeOf(facts, key),
    undecided: undecidedAmong(facts, unseen),
  }
}

function failure({ transactionalDdl }: Facts): string {
  return transactionalDdl ? ', and fail ("already exists", "duplicate column")' : ', and fail in the middle ("already exists", "Duplicate column name")'
}

/** Apps of which nothing is recorded: their rows are lost together, or were never there. */
function lostApps(facts: Facts, lost: readonly Evidence[], { open, pending }: { open: readonly Evidence[]; pending: readonly Evidence[] }): Found {
  const keys = withThoseBelow(
    facts,
    lost.map(({ key }) => key),
    open,
  )
  const unseen = keys.filter((one) => isBlind(facts.evidence.get(one)))
  const never = neverBelow(facts, keys, open)
  const loose = pending
    .filter(({ key, verdict }) => !keys.includes(key) && (verdict === 'unseen' || verdict === 'nothing') && lost.some((one) => appOf(one.key) === appOf(key)))
    .map(({ key }) => key)
  const tail = loose.filter((key) => standingOf(facts, key) !== 'changes rows')
  const apps = appsOf(inPlanOrder(facts, keys))
  const [first] = apps as [string]
  const own = lost[0] as Evidence
  return {
    code: 'present-unrecorded',
    severity: 'error',
    app: first,
    migration: lost.length === 1 ? pairOf(own.key)[1] : null,
    message: `Nothing of ${listed(apps)} is recorded, but ${apps.length === 1 ? 'its' : 'their'} tables are in the database. manage.py migrate would make them again${failure(facts)}.`,
    evidence: [
      ...apps.map((app) => `${app}: ${counted(lost.filter(({ key }) => appOf(key) === app).length, 'migration')} in the database, none recorded`),
      ...(lost.length === 1 ? operationLines(own) : []),
      ...unseenLines(facts, unseen),
      ...neverLines(never),
      ...loose.flatMap((key) => rehearsalLines(facts, key, true)),
    ],
    repairs: [
      ...(never.length > 0
        ? []
        : [
            recordRows(keys, `records what is in the database, and runs nothing${against(facts, unseen)}`, {
              recommended: against(facts, unseen) === '',
              safe: unseen.length === 0,
            }),
          ]),
      ...(tail.length > 0 ? [recordRows(tail, 'then, if these ran too, which the schema does not show; else migrate runs them')] : []),
    ],
    about: [...keys.map(nameOfKey), ...lost.flatMap(({ about }) => about)],
    explains: [],
    place: placeOf(facts, own.key),
    undecided: undecidedAmong(facts, [...unseen, ...loose]),
  }
}

/** What a rehearsal says against recording these without running them; empty: nothing. */
function against(facts: Facts, unseen: readonly Key[]): string {
  const open = unseen.filter((key) => standingOf(facts, key) === 'changes rows')
  return open.length === 0 ? '' : `; but a rehearsal of ${listed(open.map(nameOfKey))} would change rows`
}

function unseenLines(facts: Facts, unseen: readonly Key[]): string[] {
  return unseen.length === 0
    ? []
    : [
        `${listed(unseen.map(nameOfKey))} below ${unseen.length === 1 ? 'leaves' : 'leave'} no trace in the schema; what stands above is there`,
        ...unseen.flatMap((key) => rehearsalLines(facts, key, true)),
      ]
}

const isBlind = (evidence: Evidence | undefined) => evidence?.verdict === 'unseen' || evidence?.verdict === 'nothing'

/** A row above what never ran would be a hole: these run first. */
function neverBelow(facts: Facts, keys: readonly Key[], open: readonly Evidence[]): Key[] {
  const view = facts.view as NonNullable<Facts['view']>
  const never = new Set(open.filter(({ verdict }) => verdict === 'not run' || verdict === 'in part').map(({ key }) => key))
  return inPlanOrder(facts, new Set(view.graph.forwardsPlans(keys).filter((below) => never.has(below))))
}

function neverLines(never: readonly Key[]): string[] {
  if (never.length === 0) return []
  return [
    `${listed(never.map(nameOfKey))}, on which it stands, ${never.length === 1 ? 'is' : 'are'} neither recorded nor in the database: a row above would make a hole`,
  ]
}

/**
 * What stands below, and is there or leaves no trace, has to be recorded with them: a row above it would make a hole. What leaves no trace and is one
 * already is for its own finding.
 */
function withThoseBelow(facts: Facts, keys: readonly Key[], open: readonly Evidence[]): Key[] {
  const view = facts.view as NonNullable<Facts['view']>
  const holes = holesOf(view)
  const wanted = new Set(open.filter((one) => one.verdict === 'ran' || (isBlind(one) && !holes.has(one.key))).map(({ key }) => key))
  const all = new Set(keys)
  for (const below of view.graph.forwardsPlans(keys)) if (wanted.has(below)) all.add(below)
  return inPlanOrder(facts, all)
}
