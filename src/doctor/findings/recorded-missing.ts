import { type Key, pairOf, typable } from '../../migrations/index.js'
import type { Evidence } from '../evidence/judge.js'
import { labelOf } from '../evidence/sight.js'
import { type Facts, inPlanOrder, placeOf, recordedAbove } from '../facts.js'
import type { Found, Proposal } from '../finding.js'
import { countLine, listed, nameOfKey, operationLines, repair, unrecordRows } from '../words.js'

/** Recorded, and not in the schema: Django will never make it. What only lacks the table of another one is said under that one. */
export function recordedMissing(facts: Facts): Found[] {
  return missingRoots(facts).map(({ evidence, others }) => said(facts, evidence, others))
}

export interface MissingRoot {
  evidence: Evidence
  /** What only lacks what this one makes. */
  others: Key[]
}

export function missingRoots(facts: Facts): MissingRoot[] {
  const bad = [...facts.evidence.values()].filter(isMissing)
  const roots = new Map<Key, Key[]>()
  for (const one of bad) {
    const root = rootOf(one, facts)
    roots.set(root, [...(roots.get(root) ?? []), ...(root === one.key ? [] : [one.key])])
  }
  return [...roots].flatMap(([root, others]) => {
    const evidence = facts.evidence.get(root)
    return evidence && isMissing(evidence) ? [{ evidence, others }] : []
  })
}

function isMissing({ recorded, verdict, missing }: Evidence): boolean {
  return recorded && (verdict === 'not run' || (verdict === 'in part' && missing.length > 0))
}

/** The migration that makes the table without which this one has nothing. */
function rootOf({ key, missing }: Evidence, { evidence }: Facts): Key {
  const tables = missing.flatMap(({ table }) => (table ? [table] : []))
  const makers = tables.flatMap((table) => (table.madeBy !== null && evidence.get(table.madeBy)?.missing.includes(table) ? [table.madeBy] : []))
  return missing.length > 0 && makers.length === missing.length ? (makers[0] as Key) : key
}

export function said(facts: Facts, evidence: Evidence, others: readonly Key[]): Found {
  const { key, missing, verdict } = evidence
  const [app, name] = pairOf(key)
  const tables = missing.filter(({ table }) => table === null)
  const things = (tables.length > 0 ? tables : missing).map((thing) => labelOf(thing))
  const what = things.length === 0 ? 'nothing of it is in the database' : `the ${listed(things, 3)} ${things.length > 1 ? 'are' : 'is'} not in the database`
  return {
    code: 'recorded-missing',
    severity: 'error',
    app,
    migration: name,
    message: `${app}.${name} is recorded, but ${what}. Django says "No migrations to apply", and whatever uses it fails.`,
    evidence: [
      countLine(evidence),
      ...operationLines(evidence),
      ...(others.length > 0 ? [`${listed(others.map(nameOfKey))} ${others.length > 1 ? 'need' : 'needs'} what is missing`] : []),
    ],
    repairs: verdict === 'not run' ? runAgain(facts, inPlanOrder(facts, [key, ...others])) : partly(app, name),
    about: [nameOfKey(key), ...others.map(nameOfKey), ...evidence.about],
    explains: [],
    place: placeOf(facts, key),
  }
}

/** A migration of which a part is there can neither run again nor stay as it is. */
function partly(app: string, name: string): Proposal[] {
  return [repair(`python manage.py sqlmigrate ${app} ${name}`, 'prints its statements; those that make what is missing are for a person to give')]
}

/** Unrecorded where nothing that stays stands on them, else run where they are. */
export function runAgain(facts: Facts, keys: readonly Key[]): Proposal[] {
  const above = [...new Set(keys.flatMap((key) => recordedAbove(facts, key)))].filter((key) => !keys.includes(key))
  const names = keys.map((key) => typable(...pairOf(key))).join(' ')
  const rerun = (recommended: boolean) => repair(`migstate rerun ${names} --force`, 'runs just these; what stands on them keeps its rows', { recommended })
  if (above.length > 0) return [rerun(true)]
  const blind = keys.some((key) => facts.evidence.get(key)?.operations.some(({ data }) => data))
  return [
    unrecordRows(keys, 'nothing of it is there, so Django makes it as if for the first time', { recommended: true, safe: !blind }, 'python manage.py migrate'),
  ]
}
