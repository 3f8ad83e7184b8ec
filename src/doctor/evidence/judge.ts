import type { Key } from '../../migrations/index.js'
import type { Effect } from './effects.js'
import { isThere, labelOf, namesNow, type Sight, subjectOf, tableNow } from './sight.js'
import type { Thing, Things } from './things.js'

export type Verdict = 'done' | 'not done' | 'in part' | 'cannot tell'

/** One operation against the database. */
export interface OperationEvidence {
  summary: string
  verdict: Verdict
  /** How that is known. */
  because: string
  /** Changes data, or may do anything. */
  data: boolean
}

/** One migration against the database. */
export interface Evidence {
  key: Key
  recorded: boolean
  operations: OperationEvidence[]
  /**
   * `ran`: everything that can be seen is there; `not run`: nothing is; `in part`; `unseen`: it leaves no trace; `nothing`: there is nothing that
   * it does to the database.
   */
  verdict: 'ran' | 'not run' | 'in part' | 'unseen' | 'nothing'
  /** Things that should be there and are not, with the tables among them. */
  missing: Thing[]
  /** Things that it makes and that are there. */
  present: Thing[]
  /** Tables and columns by name. */
  about: string[]
}

/** What the judge knows of a database. */
export interface Court {
  sight: Sight
  things: Things
  /** Keys whose migrations count as run. */
  recorded: ReadonlySet<Key>
  /** Those of them of which nothing is there: what is gone of theirs was never made. */
  never: ReadonlySet<Key>
  /** Why this thing's absence proves nothing, beyond what files say; null: it does. */
  excuse(thing: Thing): string | null
}

type Ruling = [Verdict, string]

export function judgeEffect(court: Court, effect: Effect, by: Key): Ruling {
  const { sight, recorded } = court
  if (effect.does === 'unseen') return ['cannot tell', effect.reason]
  if (effect.does === 'index') return judgeIndex(court, effect)
  const { thing } = effect
  if (effect.does === 'make') return judgeMade(court, thing, by)
  const label = labelOf(thing, effect.does === 'rename' ? effect.at : undefined)
  if (effect.does === 'rename') return judgeRenamed(court, thing, effect.at)
  if (isShared(court, thing)) return ['cannot tell', `the ${label} belongs to another migration too`]
  if (thing.table && !tableNow(sight, thing.table, recorded)) return ['cannot tell', `its table is not there`]
  if (isThere(sight, thing, recorded)) return thing.unsure ? ['cannot tell', thing.unsure] : ['not done', `the ${label} is still there`]
  const made = thing.madeBy !== null && recorded.has(thing.madeBy) && !court.never.has(thing.madeBy)
  return made ? ['done', `the ${label} is gone`] : ['cannot tell', `the ${label} may never have been there`]
}

function judgeMade(court: Court, thing: Thing, by: Key): Ruling {
  const { sight, recorded } = court
  const label = labelOf(thing)
  const gone = thing.goneBy !== null && recorded.has(thing.goneBy)
  if (gone && !(isThere(sight, thing, recorded) && !isShared(court, thing))) return ['cannot tell', `a later migration took the ${label} away`]
  if (isThere(sight, thing, recorded)) {
    if (!recorded.has(by) && isShared(court, thing)) return ['cannot tell', `the ${label} belongs to another migration too`]
    return ['done', `the ${label} is there`]
  }
  const reason = thing.unsure ?? thing.table?.unsure ?? sight.hidden ?? court.excuse(thing)
  if (reason !== null) return ['cannot tell', reason]
  if (thing.goneBy !== null || thing.table?.goneBy) return ['cannot tell', `the ${label} is not there; a pending migration takes it away`]
  if (thing.table && thing.table.madeBy === null && !tableNow(sight, thing.table, recorded)) return ['cannot tell', 'no migration makes its table']
  return ['not done', `the ${label} is not there`]
}

/**
 * A rename that is recorded and not done leaves what was made before it under its old name: what is looked for follows the schema there.
 * Tables come before their columns, and the last name before the ones before it.
 */
export function settleNames(court: Court, effects: readonly Effect[]): void {
  const renames = effects.flatMap((effect) => (effect.does === 'rename' ? [effect] : [])).reverse()
  for (const ofColumns of [false, true])
    for (const { thing, at } of renames) {
      if ((thing.table !== null) !== ofColumns) continue
      const name = thing.names[at] as Thing['names'][number]
      if (name.by !== null && court.recorded.has(name.by) && judgeRenamed(court, thing, at)[0] === 'not done') name.untrue = true
    }
}

function judgeRenamed(court: Court, thing: Thing, at: number): Ruling {
  const { sight, recorded } = court
  const table = thing.table ? tableNow(sight, thing.table, recorded) : undefined
  if (neverMade(court, thing.table ?? thing)) return ['not done', `the ${labelOf(thing.table ?? thing)} is not there, and what makes it never ran`]
  if (thing.table && !table) return ['cannot tell', 'its table is not there']
  const there = (names: readonly string[]) => names.some((name) => (table ? sight.hasColumn(table, name) : sight.table(name) !== undefined))
  const [old, now] = [thing.names.slice(0, at), thing.names.slice(at)].map((list) => list.flatMap(({ names }) => names)) as [string[], string[]]
  const oldOnly = old.filter((name) => !now.some((other) => sight.same(name, other)))
  const [hasOld, hasNow] = [there(oldOnly), there(now)]
  if (hasNow && !hasOld) return ['done', `the ${labelOf(thing, at)} is there, ${old.at(-1)} is not`]
  if (hasOld && !hasNow && isOthers(court, thing, oldOnly)) return ['cannot tell', `${old.at(-1)} is there, and another migration makes one of that name`]
  if (hasOld && !hasNow) return ['not done', `${old.at(-1)} is there, the ${labelOf(thing, at)} is not`]
  return ['cannot tell', hasNow ? 'both names are there' : 'neither name is there']
}

/** The migration that makes it is not recorded, and nothing says that it ran all the same. */
function neverMade(court: Court, thing: Thing): boolean {
  return thing.madeBy !== null && !court.recorded.has(thing.madeBy) && judgeMade(court, thing, thing.madeBy)[0] === 'not done'
}

function judgeIndex(court: Court, { table, name, drops }: Extract<Effect, { does: 'index' }>): Ruling {
  const { sight, recorded, things } = court
  if (!drops && neverMade(court, table)) return ['not done', `the ${labelOf(table)} is not there, and what makes it never ran`]
  const found = tableNow(sight, table, recorded)
  if (!found) return ['cannot tell', 'its table is not there']
  const index = sight.index(found, name)
  // A name is often taken away and made again, of other fields.
  if (drops) return ['cannot tell', `${name} is ${index ? '' : 'not '}there; it may have been made again`]
  if (index && things.timesMade(name) > 1) return ['cannot tell', `${name} is there; more than one operation makes it`]
  if (index) return index.valid ? ['done', `${name} is there`] : ['in part', `the index ${name} is there, but not valid: it was not built to its end`]
  return ['cannot tell', `${name} is not there under this name`]
}

/** Another thing that may be there has the same name: what is seen may be that one. */
function isShared(court: Court, thing: Thing): boolean {
  return isOthers(court, thing, namesNow(thing, court.recorded))
}

function isOthers({ things, sight, recorded }: Court, thing: Thing, own: readonly string[]): boolean {
  if (!thing.table && own.some((name) => [...things.claimed].some((claimed) => sight.same(name, claimed)))) return true
  return things.beside(thing).some((other) => {
    if (other === thing) return false
    const surelyGone = other.goneBy !== null && recorded.has(other.goneBy)
    return !surelyGone && namesNow(other, recorded).some((name) => own.some((mine) => sight.same(mine, name)))
  })
}

/** What its effects say of an operation. */
export function sumUp(court: Court, effects: readonly Effect[], by: Key): Ruling {
  const rulings = effects.map((effect) => judgeEffect(court, effect, by))
  const told = rulings.filter(([verdict]) => verdict !== 'cannot tell')
  const bad = told.filter(([verdict]) => verdict !== 'done')
  const reasons = (list: readonly Ruling[]) => [...new Set(list.map(([, reason]) => reason))]
  if (told.length === 0) return ['cannot tell', reasons(rulings)[0] ?? 'it changes nothing in the database']
  if (bad.length === 0) return ['done', reasons(told)[0] as string]
  // A table that is not there has no columns either.
  const tables = bad.filter(([, reason]) => reason.startsWith('the table '))
  const said = inShort(reasons(tables.length > 0 ? tables : bad))
  return bad.length === told.length && bad.every(([verdict]) => verdict === 'not done') ? ['not done', said] : ['in part', said]
}

function inShort(reasons: readonly string[]): string {
  return reasons.length <= 3 ? reasons.join('; ') : `${reasons.slice(0, 3).join('; ')}; ${reasons.length - 3} more`
}

export function thingsOf(court: Court, effects: readonly Effect[], by: Key): Pick<Evidence, 'missing' | 'present' | 'about'> {
  const made = effects.flatMap((effect) => (effect.does === 'make' ? [effect.thing] : []))
  const ruled = made.map((thing) => ({ thing, verdict: judgeMade(court, thing, by)[0] }))
  return {
    missing: ruled.filter(({ verdict }) => verdict === 'not done').map(({ thing }) => thing),
    present: ruled.filter(({ verdict }) => verdict === 'done').map(({ thing }) => thing),
    about: [...new Set(effects.flatMap((effect) => (effect.does === 'unseen' ? [] : effect.does === 'index' ? [effect.name] : [subjectOf(effect.thing)])))],
  }
}
