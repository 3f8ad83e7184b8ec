import { appOf, fullPlan, type Key, type RowEdit, typableKeys } from '../../migrations/index.js'
import { type Facts, inPlanOrder, recordedAbove } from '../facts.js'
import type { Proposal } from '../finding.js'
import { cheapestClosure, type Choice } from '../repairs/closure.js'
import type { Standing } from '../rehearsed.js'
import { counted, listed, markUnapplied, nameOfKey } from '../words.js'

/** The holes that hang together, and what makes their history consistent again. */
export interface HolePlan {
  holes: Key[]
  /** Ranked; empty where a person has to look at each by itself. */
  proposals: Proposal[]
  /** The other direction: the rows above are wrong. Seldom so, and never where what they do is there. */
  downwards: Proposal[]
  /** Recorded migrations whose rows go by what is recommended. */
  unrecorded: Key[]
  /** Holes that what is recommended leaves unrecorded, for Django to run. */
  left: Key[]
}

export interface VerdictOf {
  (key: Key): Standing | undefined
}

/** A migration whose row comes, whose row goes, or that runs. */
interface Edits {
  record: Key[]
  run: Key[]
  unrecord: Key[]
}

/**
 * For each group of holes that hang together the smallest set of edits, looked for in both directions: recording or running parents, and
 * unrecording children. What the schema contradicts weighs most, then what nothing proves, then code that has to run, then the rows.
 */
export function planHoles(facts: Facts, holes: readonly Key[], verdictOf: VerdictOf): HolePlan[] {
  const { view } = facts
  if (!view || view.graph.missing.size > 0) return []
  const open = new Set(holes)
  const above = new Map(holes.map((key) => [key, recordedAbove(facts, key)]))
  return groupsOf(holes, above, (key) => view.graph.parents(key).filter((one) => open.has(one))).map((group) => {
    const recorded = [...new Set(group.flatMap((key) => above.get(key) ?? []))]
    return planGroup(facts, group, recorded, verdictOf)
  })
}

/** Holes that stand on each other, or below the same recorded migration. */
function groupsOf(holes: readonly Key[], above: ReadonlyMap<Key, readonly Key[]>, parentsOf: (key: Key) => Key[]): Key[][] {
  const leader = new Map<Key, Key>()
  const find = (key: Key): Key => {
    let at = key
    while (leader.has(at)) at = leader.get(at) as Key
    return at
  }
  const unite = (left: Key, right: Key) => {
    const [one, other] = [find(left), find(right)]
    if (one !== other) leader.set(other, one)
  }
  for (const key of holes) for (const other of [...(above.get(key) ?? []), ...parentsOf(key)]) unite(key, other)
  const groups = new Map<Key, Key[]>()
  for (const key of holes) groups.set(find(key), [...(groups.get(find(key)) ?? []), key])
  return [...groups.values()]
}

/** Of more than these nobody reads a proposal, and the weights would lose their distance. */
const MOST = 5000

function planGroup(facts: Facts, holes: Key[], recorded: readonly Key[], verdictOf: VerdictOf): HolePlan {
  const view = facts.view as NonNullable<Facts['view']>
  const none: HolePlan = { holes, proposals: [], downwards: [], unrecorded: [], left: [] }
  const all = [...holes, ...recorded]
  // A squash counts by the rows of its parts, and has findings of its own.
  const isPlain = (key: Key) => !view.replacements.has(key) && view.applied.has(key) === view.recorded.has(key)
  if (all.length > MOST || !all.every(isPlain) || holes.some((key) => verdictOf(key) === 'in part')) return none
  const weights = weightsFor(all.length)
  const choices = new Map(all.map((key) => [key, choiceOf(verdictOf(key), view.recorded.has(key), weights)]))
  const parentsOf = (key: Key) => view.graph.parents(key)
  const best = cheapestClosure(choices, parentsOf)
  const isProven = best.isOnly && best.cost < weights.unproven
  const edits = editsOf(all, best.inside, view.recorded, verdictOf)
  const upwards = editsOf(all, new Set(all), view.recorded, verdictOf)
  const downwards = editsOf(all, new Set(), view.recorded, verdictOf)
  const canGoDown = [...all].every((key) => (choices.get(key) as Choice).outside < weights.contradicted)
  const ways = isProven ? [edits] : [edits, upwards]
  const isSame = (one: Edits) => (other: Edits) => sizeKey(one) === sizeKey(other)
  const isOne = (one: Edits) => one.unrecord.length === 0 && one.record.length + one.run.length <= 1
  // One hole by itself has its own words for it.
  const wanted = ways.filter((one, index) => ways.findIndex(isSame(one)) === index)
  const shown = [...wanted, ...wanted.flatMap((one) => withRuns(one, verdictOf))].filter((one) => !isOne(one))
  const down = isProven || !canGoDown || shown.some(isSame(downwards)) ? [] : [downwards]
  return {
    holes,
    proposals: shown.map((one) => toProposal(facts, one, verdictOf, isProven && one === edits)),
    downwards: down.map((one) => toProposal(facts, one, verdictOf, false)),
    unrecorded: isProven ? edits.unrecord : [],
    left: isProven ? holes.filter((key) => !best.inside.has(key)) : [],
  }
}

interface Weights {
  run: number
  unproven: number
  contradicted: number
}

/** All rows together weigh less than one run, all runs less than one guess, all guesses less than one contradiction. */
function weightsFor(count: number): Weights {
  const step = count + 1
  return { run: step, unproven: step * step * 2, contradicted: step * step * step * 4 }
}

function choiceOf(verdict: Standing | undefined, isRecorded: boolean, { run, unproven, contradicted }: Weights): Choice {
  const [row, nothing] = [1, 0]
  switch (verdict) {
    case 'ran':
      return isRecorded ? { inside: nothing, outside: contradicted + row } : { inside: row, outside: contradicted }
    case 'not run':
      return isRecorded ? { inside: contradicted, outside: row } : { inside: run + row, outside: nothing }
    case 'in part':
      return { inside: nothing, outside: contradicted + row }
    case 'changes rows':
      return { inside: run + row, outside: nothing }
    case 'nothing':
    case 'changes nothing':
      return isRecorded ? { inside: nothing, outside: row } : { inside: row, outside: nothing }
    default:
      return isRecorded ? { inside: nothing, outside: unproven + row } : { inside: unproven + row, outside: unproven }
  }
}

function editsOf(all: readonly Key[], inside: ReadonlySet<Key>, recorded: ReadonlySet<Key>, verdictOf: VerdictOf): Edits {
  const come = all.filter((key) => inside.has(key) && !recorded.has(key))
  const runs = (key: Key) => ['not run', 'changes rows'].includes(verdictOf(key) ?? '')
  return {
    record: come.filter((key) => !runs(key)),
    run: come.filter(runs),
    unrecord: all.filter((key) => !inside.has(key) && recorded.has(key)),
  }
}

const sizeKey = ({ record, run, unrecord }: Edits) => JSON.stringify([record, run, unrecord])
const isUnseen = (verdict: Standing | undefined) => verdict === 'unseen' || verdict === undefined

/** Where nothing says whether it ran, running it is the other way. */
function withRuns(edits: Edits, verdictOf: VerdictOf): Edits[] {
  const unseen = edits.record.filter((key) => isUnseen(verdictOf(key)))
  return unseen.length === 0 ? [] : [{ ...edits, record: edits.record.filter((key) => !unseen.includes(key)), run: [...edits.run, ...unseen] }]
}

function toProposal(facts: Facts, edits: Edits, verdictOf: VerdictOf, recommended: boolean): Proposal {
  const { record, run, unrecord } = edits
  const parts: RowEdit[] = [
    ...(unrecord.length > 0 ? [{ do: 'unrecord' as const, keys: unrecord }] : []),
    ...(record.length > 0 ? [{ do: 'record' as const, keys: record }] : []),
  ]
  const rehearsed = record.some((key) => verdictOf(key) === 'changes nothing')
  const blind = [...record, ...unrecord].some((key) => facts.evidence.get(key)?.operations.some(({ data }) => data))
  return {
    command: commandOf(facts, edits),
    recommended,
    // What leaves no trace beside what does: MySQL may have committed the one without the other.
    safe: recommended && run.length === 0 && !rehearsed && !(blind && (!facts.transactionalDdl || unrecord.length > 0)),
    why: reasonsOf(facts, edits, verdictOf),
    edit: run.length === 0 ? { do: 'together', edits: parts } : null,
  }
}

/** In Django's order: what stands above can be recorded, or run, only after what is below. */
function commandOf(facts: Facts, { record, run, unrecord }: Edits): string {
  const runs = new Set(run)
  const groups: Key[][] = []
  for (const key of inGraphOrder(facts, [...record, ...run])) {
    const last = groups.at(-1)
    if (last && !runs.has(key) && !runs.has(last[0] as Key)) last.push(key)
    else groups.push([key])
  }
  return [
    ...(unrecord.length > 0 ? [markUnapplied(inPlanOrder(facts, unrecord))] : []),
    ...groups.map((keys) => `migstate ${runs.has(keys[0] as Key) ? 'run' : 'mark applied'} ${typableKeys(keys)}`),
    ...(unrecord.length > 0 ? ['python manage.py migrate'] : []),
  ].join(' && ')
}

function inGraphOrder({ view }: Facts, keys: readonly Key[]): Key[] {
  const wanted = new Set(keys)
  return view ? fullPlan(view).filter((key) => wanted.has(key)) : [...keys]
}

const RECORDED: Record<string, string> = {
  ran: 'recorded, for what it does is there',
  nothing: 'recorded, for it does nothing to the database',
  'changes nothing': 'recorded, for a rehearsal of it changed nothing',
}

const RUN: Record<string, string> = {
  'not run': 'run, for nothing of it is there',
  'changes rows': 'run, for a rehearsal of it changed rows, and a second run no more of them',
}

/** Each row with its reason, those of one reason together. */
function reasonsOf(facts: Facts, { record, run, unrecord }: Edits, verdictOf: VerdictOf): string {
  const groups = new Map<string, Key[]>()
  const add = (keys: readonly Key[], reason: (verdict: Standing | undefined) => string) => {
    for (const key of inPlanOrder(facts, keys)) groups.set(reason(verdictOf(key)), [...(groups.get(reason(verdictOf(key))) ?? []), key])
  }
  add(record, (verdict) => RECORDED[verdict ?? ''] ?? 'recorded, if it ran')
  add(run, (verdict) => RUN[verdict ?? ''] ?? 'run, if it did not run')
  add(unrecord, (verdict) =>
    verdict === 'not run'
      ? 'unrecorded, for nothing of it is there either'
      : verdict === 'nothing'
        ? 'unrecorded, for it does nothing to the database'
        : 'unrecorded, if it did not run',
  )
  const rows = counted(record.length + run.length + unrecord.length, 'row')
  const apps = new Set([...record, ...run, ...unrecord].map(appOf)).size
  const head = `all at once, ${rows}${apps > 1 ? ` of ${apps} apps` : ''}`
  return `${head}: ${[...groups].map(([reason, keys]) => `${listed(keys.map(nameOfKey))}: ${reason}`).join('; ')}`
}
