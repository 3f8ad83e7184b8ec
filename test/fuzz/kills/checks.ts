import { type Draw } from './blows.js'
import type { Ended, Fingerprint, Kind, Lab } from './lab.js'
import { mayBeUnknown, type Verb } from './verbs.js'

/** The rows that a command changes when nobody strikes. */
export interface Delta {
  /** `id|app|name`; the times are those of the round. */
  removed: string[]
  /** `app|name`: a killed insert may have taken the id. */
  added: string[]
  updated: string[]
  counter: string
}

const keyOf = (row: string) => row.split('|').slice(0, 3).join('|')

export function deltaOf(before: Fingerprint, after: Fingerprint): Delta {
  const was = new Map(before.rows.map((row) => [keyOf(row), row]))
  const is = new Map(after.rows.map((row) => [keyOf(row), row]))
  return {
    removed: [...was.keys()].filter((key) => !is.has(key)),
    added: [...is.keys()].filter((key) => !was.has(key)).map((key) => key.split('|').slice(1).join('|')),
    updated: [...is].filter(([key, row]) => was.has(key) && was.get(key) !== row).map(([key]) => key),
    counter: after.counter,
  }
}

export type State = 'before' | 'after' | 'between'

/** @param counters a killed insert may have taken numbers: no transaction gives them back */
export function stateOf(before: Fingerprint, now: Fingerprint, usual: Delta, counters: 'exact' | 'may be higher'): State {
  const delta = deltaOf(before, now)
  const same = (left: Delta, right: Delta) => JSON.stringify({ ...left, counter: '' }) === JSON.stringify({ ...right, counter: '' })
  const reached = (wanted: string) => now.counter === wanted || (counters === 'may be higher' && BigInt(now.counter) > BigInt(wanted))
  const nothing: Delta = { removed: [], added: [], updated: [], counter: before.counter }
  if (same(delta, nothing) && reached(before.counter)) return 'before'
  return same(delta, usual) && reached(usual.counter) ? 'after' : 'between'
}

export interface Facts {
  lab: Lab
  verb: Verb
  kind: Kind
  draw: Draw
  ended: Ended
  state: State
  ran: { forward: number; backward: number }
}

/** What a command that was not killed says of itself, against what the database shows at once. */
export function judgeWords({ lab, verb, kind, ended, state, ran }: Facts): string[] {
  if (ended.signal !== null) return []
  const { exitCode, json } = ended
  if (json === undefined) return [`it ended with ${exitCode} and without one JSON document: ${ended.stdout}${ended.stderr}`]
  const faults: string[] = []
  const fault = (when: boolean, what: string) => void (when && faults.push(what))
  const sure = verb.runs && kind === 'atomic'
  if (json.ok) {
    const changes = json.result?.operation !== null && json.result?.operation !== undefined
    fault(exitCode !== (verb.rehearses ? 3 : 0), `ok and exit ${exitCode}`)
    fault(!verb.unjournaled && !verb.recovers && changes && state !== 'after', `it says that it is done, and the rows are as ${state}`)
    fault(verb.runs !== undefined && state === 'after' && ran.forward === 0, 'it says that the migration ran, and nothing of it is there')
    return faults
  }
  const { code, consequence, exitCode: exit, message } = json.error ?? {}
  const said = `"${code}" (exit ${exitCode}, ${consequence}): ${message}`
  fault(exit !== exitCode, `exit ${exitCode} is not that of ${said}`)
  fault(code === 'internal-error', `an internal error: ${said}`)
  if (verb.recovers) return faults
  if (consequence === 'nothing' || consequence === 'rolled-back') {
    fault(state !== 'before', `the rows are as ${state}, and it says ${said}`)
    fault(sure === true && ran.forward > 0, `the migration ran, and it says ${said}`)
  }
  fault(consequence === 'committed' && state === 'before' && ran.forward === 0, `the rows are as before, and it says ${said}`)
  fault(consequence === 'unknown' && exitCode !== 8, `unknown without exit 8: ${said}`)
  fault(code === 'outcome-unknown' && !mayBeUnknown(lab, verb, kind) && verb.runs !== undefined, `it could have known: ${said}`)
  const halfDone = sure && verb.runs === 'both' && ran.backward > 0 && ran.forward === 0 && exitCode !== 8
  fault(halfDone === true && !/reverse code/.test(JSON.stringify(json)), `the reverse code ran, and it does not say so: ${said}`)
  return faults
}

/** The journal against the rows, once everything is in order. */
export function judgeJournal(
  facts: Omit<Facts, 'ended'>,
  operations: readonly { id: string; kind: string; status: string }[],
  assumed: string | null,
): string[] {
  const { verb, kind, state, ran } = facts
  const faults: string[] = []
  const fault = (when: boolean, what: string) => void (when && faults.push(what))
  const done = operations.filter(({ status }) => status === 'done')
  fault(state === 'between', 'the rows are neither as before nor as after')
  if (!verb.unjournaled) {
    fault(operations.length > 1, `one command has left ${operations.length} operations`)
    fault(
      operations.some(({ status }) => status === 'running' || status === 'unknown'),
      'an operation is unfinished in the end',
    )
    fault(state === 'after' && done.length !== 1, 'the rows are as after, and no operation says so')
    fault(state === 'before' && done.length > 0 && !verb.recovers, 'an operation says that it is done, and the rows are as before')
  }
  if (verb.rehearses) fault(ran.forward + ran.backward > 0, 'a rehearsal has left something')
  if (!verb.runs) return faults
  fault(kind === 'atomic' && ran.forward > 1, `the migration ran ${ran.forward} times`)
  const says = state === 'after'
  if (assumed !== null) fault(says !== (assumed === 'applied'), `assumed ${assumed}, and the rows are as ${state}`)
  else {
    fault(says && ran.forward === 0, 'it is recorded as run, and nothing of it is there')
    fault(!says && ran.forward > 0 && kind === 'atomic', 'it ran, and it is recorded as not run')
  }
  return faults
}
