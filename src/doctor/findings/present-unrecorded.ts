import { appOf, holesOf, type Key, pairOf } from '../../migrations/index.js'
import type { Evidence } from '../evidence/judge.js'
import { appsOf, type Facts, inPlanOrder, placeOf } from '../facts.js'
import type { Found } from '../finding.js'
import { counted, countLine, listed, nameOfKey, operationLines, recordRows } from '../words.js'

/**
 * In the schema and not recorded: `migrate` would make it again and fail.
 * @param explained migrations that another finding is about
 */
export function presentUnrecorded(facts: Facts, explained: ReadonlySet<Key> = new Set()): Found[] {
  const { view, evidence } = facts
  if (!view || !facts.table) return []
  const holes = holesOf(view)
  const pending = [...evidence.values()].filter(({ key, recorded }) => !recorded && !holes.has(key) && !view.applied.has(key) && view.graph.hasNode(key))
  const found = pending.filter(({ key, verdict }) => verdict === 'ran' && !explained.has(key))
  const withRows = new Set([...view.recorded].map(appOf))
  const lost = found.filter(({ key }) => !withRows.has(appOf(key)))
  const single = found.filter(({ key }) => withRows.has(appOf(key)))
  return [...(lost.length > 0 ? [lostApps(facts, lost, pending)] : []), ...single.map((one) => ofOne(facts, one, pending))]
}

function ofOne(facts: Facts, evidence: Evidence, pending: readonly Evidence[]): Found {
  const { key } = evidence
  const [app, name] = pairOf(key)
  const keys = withUnseenBelow(facts, [key], pending)
  const unseen = keys.filter((one) => one !== key)
  return {
    code: 'present-unrecorded',
    severity: 'error',
    app,
    migration: name,
    message: `${app}.${name} is not recorded, but what it does is in the database. manage.py migrate would do it again${failure(facts)}.`,
    evidence: [countLine(evidence), ...operationLines(evidence), ...unseenLines(unseen)],
    repairs: [
      recordRows(keys, unseen.length > 0 ? 'all that can be seen is there already' : 'all that it does is there already', {
        recommended: true,
        safe: unseen.length === 0 && !(evidence.operations.some(({ data }) => data) && !facts.transactionalDdl),
      }),
    ],
    about: [nameOfKey(key), ...evidence.about],
    explains: [],
    place: placeOf(facts, key),
  }
}

function failure({ transactionalDdl }: Facts): string {
  return transactionalDdl ? ', and fail ("already exists", "duplicate column")' : ', and fail in the middle ("already exists", "Duplicate column name")'
}

/** Apps of which nothing is recorded: their rows are lost together, or were never there. */
function lostApps(facts: Facts, lost: readonly Evidence[], pending: readonly Evidence[]): Found {
  const keys = withUnseenBelow(
    facts,
    lost.map(({ key }) => key),
    pending,
  )
  const unseen = keys.filter((key) => !lost.some((one) => one.key === key))
  const tail = pending.filter(
    ({ key, verdict }) => !keys.includes(key) && (verdict === 'unseen' || verdict === 'nothing') && lost.some((one) => appOf(one.key) === appOf(key)),
  )
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
      ...unseenLines(unseen),
    ],
    repairs: [
      recordRows(keys, 'records what is in the database, and runs nothing', { recommended: true, safe: unseen.length === 0 }),
      ...(tail.length > 0
        ? [
            recordRows(
              tail.map(({ key }) => key),
              'then, if these ran too, which the schema does not show; else migrate runs them',
            ),
          ]
        : []),
    ],
    about: [...keys.map(nameOfKey), ...lost.flatMap(({ about }) => about)],
    explains: [],
    place: placeOf(facts, own.key),
  }
}

function unseenLines(unseen: readonly string[]): string[] {
  return unseen.length === 0
    ? []
    : [`${listed(unseen.map(nameOfKey))} below ${unseen.length === 1 ? 'leaves' : 'leave'} no trace in the schema; what stands above is there`]
}

/** What stands below and leaves no trace has to be recorded with them: a row above it would make a hole. */
function withUnseenBelow(facts: Facts, keys: readonly Key[], pending: readonly Evidence[]): Key[] {
  const view = facts.view as NonNullable<Facts['view']>
  const blind = new Set(pending.filter(({ verdict }) => verdict === 'unseen' || verdict === 'nothing').map(({ key }) => key))
  const all = new Set(keys)
  for (const key of keys) for (const below of view.graph.forwardsPlan(key)) if (blind.has(below)) all.add(below)
  return inPlanOrder(facts, all)
}
