import type { Schema } from '../../database/index.js'
import type { MigrationFile, Operation } from '../../project/index.js'
import { appOf, fullPlan, type Key, type LoaderView, makeKey, ProjectState } from '../../migrations/index.js'
import { type Effect, effectsOf } from './effects.js'
import { type Drift, driftOf, type MadeIndex } from './drift.js'
import { type Court, type Evidence, type OperationEvidence, settleNames, sumUp, thingsOf, type Verdict } from './judge.js'
import { namesNow, Sight } from './sight.js'
import { type Thing, Things } from './things.js'

export interface EvidenceRequest {
  /** With squashes and what they replace side by side. */
  view: LoaderView
  /** Keys of the rows. */
  recorded: ReadonlySet<Key>
  schema: Schema
  /** With the arguments of its operations. */
  operationsOf(file: MigrationFile): readonly Operation[] | null
  /** Its source, for names that only its code has. */
  /** null where it cannot be read: then it may name anything. */
  sourceOf(file: MigrationFile): string | null
  /** Why an app may have its tables elsewhere; null: it has none elsewhere. */
  routed: string | null
  maxNameLength: number | null
  /** See `DriftRequest`. */
  makesAllKinds: boolean
}

interface Traced {
  key: Key
  operations: { summary: string; data: boolean; effects: Effect[] }[]
  /** Models that its state operations are about. */
  models: string[]
}

/** Of a migration whose operations cannot be read: they may do anything. */
const UNREAD: Traced['operations'][number] = { summary: 'its operations', data: true, effects: [{ does: 'unseen', reason: 'they cannot be read' }] }

export interface Gathered {
  /** For each migration on disk, in Django's order: what of it the schema shows. */
  evidence: Map<Key, Evidence>
  /** Of the apps of which every migration is recorded and every row has a file. */
  drift(): Drift[]
}

/** Replays the operations of all migrations against one look at the schema. */
export function gatherEvidence(request: EvidenceRequest): Gathered {
  const { view, schema, operationsOf, maxNameLength } = request
  const counts = countsAsRun(request)
  const [state, things] = [new ProjectState(maxNameLength), new Things()]
  const traced: Traced[] = []
  const unread = new Map<string, Key>()
  for (const key of stepsOf(view)) {
    const file = view.disk.get(key) as MigrationFile
    const app = file.recordedAs ?? file.app
    const read = operationsOf(file)
    if (read === null) unread.set(app, key)
    traced.push({
      key,
      operations: read === null ? [UNREAD] : read.map((one) => tracedOperation(one, effectsOf(state, things, app, one, key), unread.get(app))),
      models: besides(read ?? []).map((model) => `${app}.${model.toLowerCase()}`),
    })
  }
  const court: Court = { sight: new Sight(schema), things, recorded: counts, never: new Set(), excuse: () => null }
  settleNames(
    court,
    traced.flatMap(({ operations }) => operations.flatMap(({ effects }) => effects)),
  )
  court.excuse = excuses(request, court, traced)
  const first = judgedAll(court, traced)
  // What a migration takes away that is pending itself shows only beside those that made it.
  const ran = new Set([...counts, ...first.filter(({ verdict }) => verdict === 'ran').map(({ key }) => key)])
  const evidence = new Map(
    traced.map((one, index) => [one.key, counts.has(one.key) ? (first[index] as Evidence) : again(court, ran, one, first[index] as Evidence)]),
  )
  const drift = () => {
    if (request.routed !== null || schema.hidden !== null) return []
    const free = traced.filter(({ operations }) => operations.some(({ data }) => data)).map(({ key }) => ({ key, file: view.disk.get(key) as MigrationFile }))
    return driftOf({
      ...{ state, sight: court.sight, free, sourceOf: request.sourceOf, claimed: things.claimed },
      stateOnly: new Set(traced.flatMap(({ models }) => models)),
      indexes: indexesThatStay(traced, things),
      unsettled: unsettledApps(request, traced, counts),
      makesAllKinds: request.makesAllKinds,
    })
  }
  return { evidence, drift }
}

/** @param unread a migration of its app before it that cannot be read: what it changes may be of that one's making */
function tracedOperation(operation: Operation, effects: Effect[], unread: Key | undefined): Traced['operations'][number] {
  const { summary, data, schema } = operation
  const isBlind = effects.length === 0 && unread !== undefined
  return {
    summary,
    data: data !== false || schema === null,
    effects: isBlind ? [{ does: 'unseen', reason: `what ${unread.replace('\0', '.')} does cannot be read` }] : effects,
  }
}

/** What the evidence itself says never ran made nothing that others could have taken away. */
function judgedAll(court: Court, traced: readonly Traced[]): Evidence[] {
  const first = traced.map((one) => evidenceOf(court, one))
  court.never = new Set(first.filter(({ recorded, verdict }) => recorded && verdict === 'not run').map(({ key }) => key))
  return court.never.size === 0 ? first : traced.map((one) => evidenceOf(court, one))
}

/** Models of operations that are for the state alone, or for the database alone beside them. */
function besides(operations: readonly Operation[]): string[] {
  const all = (list: readonly Operation[]): Operation[] => list.flatMap((one) => [one, ...all(one.stateOperations?.() ?? []), ...all(one.inner?.() ?? [])])
  const apart = operations.flatMap((one) => [...(one.stateOperations?.() ?? []), ...(one.inner?.() ?? [])])
  return all(apart).flatMap(({ model, oldName, newName }) => [model, oldName, newName].filter((name) => name !== undefined))
}

/** Made by one operation, and neither taken away nor given another name. */
function indexesThatStay(traced: readonly Traced[], things: Things): MadeIndex[] {
  const effects = traced.flatMap(({ operations }) => operations.flatMap((one) => one.effects.flatMap((effect) => (effect.does === 'index' ? [effect] : []))))
  const gone = new Set(effects.flatMap(({ name, drops }) => (drops ? [name] : [])))
  return effects.flatMap(({ name, table, written }) => {
    if (written === null || gone.has(name) || things.timesMade(name) !== 1 || table.goneBy !== null) return []
    return [{ table: (table.names.at(-1) as Thing['names'][number]).names[0] as string, name, written }]
  })
}

/**
 * Apps whose tables are not yet, or not only, what their files make: an operation is about models of its own app (`Operation.state_forwards`), and
 * what a lost or foreign file did is in the schema too.
 */
function unsettledApps({ view, recorded, operationsOf }: EvidenceRequest, traced: readonly Traced[], counts: ReadonlySet<Key>): Set<string> {
  const apps = new Set([...view.disk.keys()].map(appOf))
  const replaced = new Set([...view.replacements.values()].flatMap(({ replaces }) => replaces.map(([app, name]) => makeKey(app, name))))
  const pending = traced.map(({ key }) => key).filter((key) => !counts.has(key))
  const strangers = [...recorded].filter((key) => apps.has(appOf(key)) && !view.disk.has(key) && !replaced.has(key))
  // What cannot be read may do anything to the tables of its app.
  const unread = [...view.disk].filter(([, file]) => file.problems.length > 0 || operationsOf(file) === null).map(([key]) => key)
  return new Set([...pending, ...strangers, ...unread, ...view.graph.missing.keys()].map(appOf))
}

/** A pending migration beside the pending ones that ran; what was told of it already holds. */
function again(court: Court, recorded: ReadonlySet<Key>, traced: Traced, before: Evidence): Evidence {
  if (before.verdict !== 'unseen') return before
  return { ...evidenceOf({ ...court, recorded: new Set([...recorded].filter((key) => key !== traced.key)) }, traced), recorded: false }
}

/** A squash and its parts do the same: the parts count where they are, else the squash. */
function stepsOf(view: LoaderView): Key[] {
  const doubled = (key: Key) => view.replacements.get(key)?.replaces.some(([app, name]) => view.disk.has(makeKey(app, name))) ?? false
  return fullPlan(view).filter((key) => view.disk.has(key) && !doubled(key))
}

/** Rows, and squashes of which all parts have rows. */
function countsAsRun({ view, recorded }: EvidenceRequest): Set<Key> {
  const all = new Set(recorded)
  for (const [key, { replaces }] of view.replacements) if (replaces.every(([app, name]) => recorded.has(makeKey(app, name)))) all.add(key)
  return all
}

function evidenceOf(court: Court, { key, operations }: Traced): Evidence {
  const judged: OperationEvidence[] = []
  for (const { summary, data, effects } of operations) {
    if (effects.length === 0 && !data) continue
    const [verdict, because] = effects.length === 0 ? (['cannot tell', 'it leaves no trace in the schema'] as const) : sumUp(court, effects, key)
    judged.push({ summary, verdict, because, data })
  }
  const all = operations.flatMap(({ effects }) => effects)
  return { key, recorded: court.recorded.has(key), operations: judged, verdict: overall(judged), ...thingsOf(court, all, key) }
}

function overall(operations: readonly OperationEvidence[]): Evidence['verdict'] {
  const has = (verdict: Verdict) => operations.some((one) => one.verdict === verdict)
  if (operations.length === 0) return 'nothing'
  if (has('in part') || (has('done') && has('not done'))) return 'in part'
  return has('done') ? 'ran' : has('not done') ? 'not run' : 'unseen'
}

/** Why a table or column that is not there may be gone for a good reason. */
function excuses({ view, routed, sourceOf }: EvidenceRequest, { sight, things, recorded }: Court, traced: readonly Traced[]): Court['excuse'] {
  const settled = new Map<string, boolean>()
  const isElsewhere = (app: string): boolean => {
    const known = settled.get(app)
    if (known !== undefined) return known
    const own = things.beside({ table: null }).filter(({ madeBy }) => madeBy !== null && recorded.has(madeBy) && appOf(madeBy) === app)
    const none = own.every((thing) => !namesNow(thing, recorded).some((name) => sight.table(name)))
    settled.set(app, none)
    return none
  }
  const free = traced.filter(({ key, operations }) => recorded.has(key) && operations.some(({ data }) => data))
  const sources = new Map<Key, string | null>()
  const mayName = (key: Key, words: RegExp) => {
    if (!sources.has(key)) sources.set(key, sourceOf(view.disk.get(key) as MigrationFile))
    const text = sources.get(key) ?? null
    return text === null || words.test(text)
  }
  const mentioned = (thing: Thing): Key | undefined => {
    const names = namesNow(thing, recorded)
    const tables = thing.table ? namesNow(thing.table, recorded) : names
    const [column, table] = [thing.table ? wordsOf(names) : null, wordsOf(tables)]
    return free.find(({ key }) => key !== thing.madeBy && mayName(key, table) && (column === null || mayName(key, column)))?.key
  }
  return (thing) => {
    const app = thing.madeBy === null ? null : appOf(thing.madeBy)
    if (routed !== null && app !== null && isElsewhere(app)) return `no table of ${app} is here, and ${routed}`
    const by = mentioned(thing)
    return by === undefined ? null : `the code of ${by.replace('\0', '.')} names it`
  }
}

function wordsOf(names: readonly string[]): RegExp {
  return new RegExp(`\\b(${names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})\\b`)
}
