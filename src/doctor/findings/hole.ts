import { mayCommit } from '../../project/index.js'
import { holesOf, inconsistencies, type Key, makeKey, nearestAppliedAbove, pairOf, typable } from '../../migrations/index.js'
import type { Evidence } from '../evidence/judge.js'
import { evidenceFor, type Facts, inPlanOrder, pendingBelow, placeOf } from '../facts.js'
import type { Found, Proposal } from '../finding.js'
import { isUndecided, rehearsalLines, type Standing, standingOf } from '../rehearsed.js'
import { countLine, listed, nameOfKey, operationLines, recordRows, repair } from '../words.js'
import { type HolePlan, planHoles } from './hole-plan.js'

/** Not recorded, and something above it is: Django refuses every `migrate`. The schema says whether it ran. */
export function holes(facts: Facts): Found[] {
  const { view, rules, alias } = facts
  if (!view) return []
  const children = new Map<Key, Key[]>()
  for (const { migrations } of inconsistencies(view, rules, alias)) {
    const [child, parent] = migrations.map(([app, name]) => makeKey(app, name)) as [Key, Key]
    children.set(parent, [...(children.get(parent) ?? []), child])
  }
  const keys = inPlanOrder(
    facts,
    [...holesOf(view)].filter((key) => !view.recorded.has(key)),
  )
  const evidence = new Map(keys.map((key) => [key, withWhatIsBelow(facts, key, evidenceFor(facts, key))]))
  const plans = planHoles(facts, keys, (key) => standingOf(facts, key, evidence.get(key) ?? evidenceFor(facts, key)))
  return keys.map((key) => {
    const plan = plans.find(({ holes }) => holes.includes(key))
    return inPlan(facts, hole(facts, key, children.get(key) ?? [], evidence.get(key) ?? null), key, plan)
  })
}

/** What is proposed for all of a group stands with the first of them; what each needs by itself is no other advice than that. */
function inPlan(facts: Facts, found: Found, key: Key, plan: HolePlan | undefined): Found {
  if (!plan) return found
  const isFirst = plan.holes[0] === key
  const joint = isFirst ? plan.proposals : []
  const below = pendingBelow(facts, key).map((one) => standingOf(facts, one))
  const waits = below.some((standing) => standing === 'unseen' || standing === undefined)
  // A row that comes where code has to run first would be refused by Django.
  const runsFirst = ['nothing', 'changes nothing'].includes(standingOf(facts, key) ?? '') && below.some((one) => one === 'not run' || one === 'changes rows')
  const isLeft = plan.left.includes(key)
  const own = found.repairs.map((one) => ({
    ...one,
    recommended: one.recommended && !isLeft && !waits && !runsFirst && !joint.some(({ recommended }) => recommended),
    safe: one.safe && !isLeft && !runsFirst,
  }))
  return {
    ...found,
    repairs: [...joint, ...own, ...(isFirst ? plan.downwards : [])],
    explains: isFirst ? [...found.explains, ...plan.unrecorded] : found.explains,
  }
}

function hole(facts: Facts, key: Key, children: readonly Key[], evidence: Evidence | null): Found {
  const [app, name] = pairOf(key)
  const above = children.length > 0 ? children.map(nameOfKey) : [(nearestAppliedAbove(facts.view as never, key) ?? ['what', 'stands on it']).join('.')]
  const refuses = facts.rules.checksHistory && children.length > 0
  const isPart = evidence?.verdict === 'in part'
  const standing = standingOf(facts, key, evidence)
  return {
    code: isPart ? 'partially-applied' : 'hole',
    severity: 'error',
    app,
    migration: name,
    message: `${app}.${name} is not recorded, but ${listed(above)} above it ${above.length > 1 ? 'are' : 'is'}. ${consequence(standing, refuses)}`,
    evidence: [
      ...children.map((child) => `Django: InconsistentMigrationHistory: Migration ${nameOfKey(child)} is applied before its dependency ${app}.${name}`),
      ...evidenceLines(evidence),
      ...rehearsalLines(facts, key),
    ],
    repairs: repairsOf(facts, key, evidence),
    about: [nameOfKey(key), ...children.map(nameOfKey), ...(evidence?.about ?? [])],
    explains: [],
    place: placeOf(facts, key),
    undecided: isUndecided(evidence) ? [{ key, below: pendingBelow(facts, key) }] : [],
  }
}

/** What leaves no trace cannot have run where something that it stands on never did. */
function withWhatIsBelow(facts: Facts, key: Key, evidence: Evidence | null): Evidence | null {
  if (evidence?.verdict !== 'unseen') return evidence
  const never = pendingBelow(facts, key).find((one) => evidenceFor(facts, one)?.verdict === 'not run')
  if (never === undefined) return evidence
  return {
    ...evidence,
    verdict: 'not run',
    operations: evidence.operations.map((one) => ({ ...one, because: `${nameOfKey(never)}, on which it stands, never ran` })),
  }
}

function consequence(standing: Standing | undefined, refuses: boolean): string {
  const stops = refuses ? 'Django refuses every migrate until this is resolved.' : 'Django would run it out of order.'
  switch (standing) {
    case 'ran':
      return `What it does is in the database: its row is lost. ${stops}`
    case 'not run':
      return `Nothing of it is in the database: it never ran. ${stops}`
    case 'in part':
      return `Only a part of it is in the database. ${stops}`
    case 'nothing':
      return `It does nothing to the database: only its row is missing. ${stops}`
    case 'changes nothing':
      return `To run it now would change nothing: only its row is missing. ${stops}`
    case 'changes rows':
      return `To run it now would change rows: it has not run on what is there. ${stops}`
    default:
      return `Whether it ran cannot be seen in the database. ${stops}`
  }
}

function evidenceLines(evidence: Evidence | null): string[] {
  if (!evidence) return ['its operations cannot be compared with the database']
  if (evidence.verdict === 'nothing') return ['it has no operations on the database (a merge, or state only)']
  return [countLine(evidence), ...operationLines(evidence)]
}

function repairsOf(facts: Facts, key: Key, evidence: Evidence | null): Proposal[] {
  const standing = standingOf(facts, key, evidence)
  const waiting = pendingBelow(facts, key)
  const blind = evidence?.operations.some(({ data }) => data) ?? false
  const ran = standing === 'ran' || standing === 'nothing'
  const first = waiting.length > 0 ? `; after ${listed(waiting.map(nameOfKey), 3)}` : ''
  const mark = recordRows([key], markReason(standing, blind, facts.transactionalDdl) + (standing === 'nothing' ? first : ''), {
    recommended: ran || standing === 'changes nothing',
    // `repair --all` rehearses nothing.
    safe: ran && !(blind && !facts.transactionalDdl),
  })
  if (standing === 'in part')
    return [repair(`python manage.py sqlmigrate ${pairOf(key).join(' ')}`, 'prints the statements; what is missing is for a person to do', {})]
  const run = repair(`migstate run ${typable(...pairOf(key))}${waiting.length > 0 ? ' --with-dependencies' : ''}`, runReason(standing), {
    recommended: standing === 'not run' || standing === 'changes rows',
  })
  if (standing === 'not run') return [run]
  return ran ? [mark] : [mark, run, ...toDecide(facts, key, evidence)]
}

/** What decides where nothing that can be looked at does. */
function toDecide(facts: Facts, key: Key, evidence: Evidence | null): Proposal[] {
  if (facts.rehearsed?.has(key) || !isUndecided(evidence) || !mayBeRehearsed(facts, key)) return []
  return [repair('migstate doctor --rehearse', 'to know which: it runs in a transaction that is rolled back, and what it would change tells')]
}

/** As far as its file tells. Where a statement of the schema commits, Django refuses RunSQL in a transaction. */
function mayBeRehearsed({ view, transactionalDdl }: Facts, key: Key): boolean {
  const operations = view?.disk.get(key)?.operations ?? null
  return operations !== null && (transactionalDdl || operations.every((one) => !mayCommit(one)))
}

function runReason(standing: Standing | undefined): string {
  if (standing === 'not run') return 'it never ran: this runs it once and leaves what stands on it alone'
  return standing === 'changes rows' ? 'a rehearsal changed rows, and a second run no more of them: this runs it once' : 'if it did not run'
}

function markReason(standing: Standing | undefined, blind: boolean, transactional: boolean): string {
  if (standing === 'nothing') return 'it does nothing to the database, so its row is all that is missing'
  if (standing === 'changes nothing') return 'a rehearsal changed nothing, so its row is all that is missing'
  if (standing !== 'ran') return 'if it ran'
  if (!blind) return 'all that it does is there already'
  return transactional ? 'its schema is there, and its data was committed with it' : 'its schema is there; what it does to data cannot be seen'
}
