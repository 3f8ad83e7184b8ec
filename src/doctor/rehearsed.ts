import type { Key } from '../migrations/index.js'
import type { Evidence } from './evidence/judge.js'
import { evidenceFor, type Facts, pendingBelow } from './facts.js'
import type { Found, Undecided } from './finding.js'
import { nameOfKey } from './words.js'

/** What is known of a migration, by schema or by rehearsal. */
export type Standing = Evidence['verdict'] | 'changes nothing' | 'changes rows'

export function standingOf(facts: Facts, key: Key, evidence: Evidence | null = evidenceFor(facts, key)): Standing | undefined {
  const verdict = evidence?.verdict
  if (verdict !== 'unseen') return verdict
  const supports = facts.rehearsed?.get(key)?.supports
  return supports === 'mark' ? 'changes nothing' : supports === 'run' ? 'changes rows' : verdict
}

/** Whether its code is all that there is to see: no schema tells of it, and it changes data or may do anything. */
export function isUndecided(evidence: Evidence | null): boolean {
  return evidence?.verdict === 'unseen' && evidence.operations.some(({ data }) => data)
}

export function undecidedAmong(facts: Facts, keys: readonly Key[]): Undecided[] {
  return keys.filter((key) => isUndecided(evidenceFor(facts, key))).map((key) => ({ key, below: pendingBelow(facts, key) }))
}

/** Of all findings, each once. */
export function undecidedOf(found: readonly Found[]): Undecided[] {
  const all = found.flatMap(({ undecided = [] }) => undecided)
  return all.filter(({ key }, index) => all.findIndex((one) => one.key === key) === index)
}

/** The line of a migration that was rehearsed; none where it was not. */
export function rehearsalLines({ rehearsed }: Facts, key: Key, named = false): string[] {
  const fact = rehearsed?.get(key)
  return fact ? [`${named ? `${nameOfKey(key)}, ` : ''}rehearsed at ${fact.at}: ${fact.said}`] : []
}
