import { recogniseCause } from '../causes.js'
import type { Answer, Difference, Outside, Rehearsal, RunReport } from './outcome.js'

/** What the shim says of one migration. */
export interface ToldMigration {
  app: string
  name: string
  runs: (RunReport & { stopped?: string | null; mails: { subject: string; recipients: number }[]; callbacks: number; defines: string[] })[]
  differences: Difference[]
  rowsCompared: number
  tables: number
}

/** What the shim says in its last line. */
export interface Told {
  migrations: ToldMigration[]
  outside: Outside[]
  left: string[]
  /** Tables that were written to and could not be read. */
  unread: string[]
  /** Kinds of what was kept in by raising an exception inside the migration. */
  blocked: string[]
  refusal: { text: string; line: number | null } | null
  /** Files, network and processes were kept in (Python 3.8). */
  contained: boolean
}

const UNCONTAINED = 'Files, network and processes were not kept in: its Python is older than 3.8.'

interface Context {
  file: string
  engine: string
  /** The hazards' own finding about a failure. */
  because: string | null
}

/** The answer and its sentence, from what the runs did. */
export function judgeRehearsal(told: ToldMigration, all: Told, context: Context): Rehearsal {
  const outside = outsideOf(told, all)
  const [answer, why] = answerOf(told, all)
  const runs = told.runs.map(({ outcome, durationMs, error, rows }) => ({ outcome, durationMs, error, rows }))
  const rehearsal: Rehearsal = {
    target: [told.app, told.name],
    outcome: answer === 'cannot-rehearse' ? 'cannot-rehearse' : answer === 'would-fail' ? 'failed' : 'ran',
    answer,
    verdict: '',
    idempotent: answer === 'repeatable' ? true : answer === 'changes-more' || (answer === 'would-fail' && runs.length === 2) ? false : null,
    runs,
    differences: told.differences,
    outside,
    defines: [...new Set(told.runs.flatMap(({ defines }) => defines))],
    compared: { tables: told.tables, rows: told.rowsCompared, left: all.left },
  }
  return { ...rehearsal, verdict: [say(rehearsal, why, context), ...sayOutside(outside), ...(all.contained ? [] : [UNCONTAINED])].join(' ') }
}

function answerOf({ runs, differences }: ToldMigration, { refusal, blocked, unread }: Told): [Answer, string] {
  const stopped = runs.map((run) => run.stopped).find((text) => typeof text === 'string')
  if (stopped !== undefined) return ['cannot-rehearse', stopped as string]
  if (refusal !== null) return ['cannot-rehearse', refusal.text]
  if (runs.some(({ outcome }) => outcome === 'failed')) return ['would-fail', '']
  // What the code would have done with an answer from outside nobody knows.
  if (blocked.length > 0) return ['unknown', `it was kept from a ${blocked.join(' and a ')}, and goes on without it here`]
  if (runs.length < 2) return ['ran', '']
  if (differences.length > 0) return ['changes-more', '']
  if (unread.length > 0) return ['unknown', `it writes to ${unread.join(', ')}, which cannot be read`]
  return ['repeatable', '']
}

function say({ target, answer, runs, differences, compared }: Rehearsal, why: string, { file, engine, because }: Context): string {
  const name = target.join('.')
  const [first, second] = runs
  if (answer === 'cannot-rehearse') return `${name} cannot be rehearsed on ${engine}: ${why}.`
  if (answer === 'would-fail') {
    const failed = (second ?? first) as RunReport
    const { exception, message, line } = failed.error as NonNullable<RunReport['error']>
    const where = line === null ? '' : ` at ${file}:${line}`
    const how = second ? `${name} would fail the second time` : `${name} would fail`
    const what = `${how}: ${exception}${where}: ${message.split('\n')[0]?.replace(/\.$/, '')}`
    if (because !== null) return `${what}, because ${because}.`
    const cause = recogniseCause(`${exception}: ${message}`)
    return `${what}.${cause === null ? '' : ` ${cause}`}`
  }
  if (answer === 'unknown') return `Whether ${name} can run again is not known: ${why}.`
  if (answer === 'ran') return `${name} runs: ${sayChanges(first?.rows ?? {})}. It was run once, so whether it can run again is not known.`
  if (answer === 'changes-more') return `${name} is not repeatable. A second run changes more: ${differences.map(sayDifference).join(', ')}.`
  if (Object.keys(first?.rows ?? {}).length === 0) return `${name} can run again: a run changes nothing (${count(compared.rows, 'row')} compared).`
  return `${name} can run again: a second run changed no row of the ${count(compared.tables, 'table')} that it writes to (${count(compared.rows, 'row')} compared).`
}

function sayChanges(rows: RunReport['rows']): string {
  const parts = Object.entries(rows).map(([table, changes]) => `${table} ${sayNumbers(changes)}`)
  return parts.length === 0 ? 'it changes no row' : parts.join(', ')
}

function sayDifference({ table, examples, ...changes }: Difference): string {
  const keys = examples.slice(0, 5).map(({ key }) => Object.values(key).join('/'))
  return `${table} ${sayNumbers(changes)}${keys.length === 0 ? '' : ` (${Object.keys(examples[0]?.key ?? {}).join('/')} ${keys.join(', ')}${examples.length > 5 ? ' …' : ''})`}`
}

function sayNumbers({ inserted, updated, deleted }: { inserted: number; updated: number; deleted: number }): string {
  const parts = [
    inserted > 0 ? `+${count(inserted, 'row')}` : '',
    deleted > 0 ? `-${count(deleted, 'row')}` : '',
    updated > 0 ? `${count(updated, 'row')} updated` : '',
  ]
  return parts.filter(Boolean).join(', ')
}

function sayOutside(outside: readonly Outside[]): string[] {
  const of = (kind: Outside['kind']) => outside.filter((one) => one.kind === kind)
  const lines: string[] = []
  if (of('mail').length > 0) lines.push(`${count(of('mail').length, 'mail')} would be sent.`)
  if (of('callback').length > 0) lines.push(`${of('callback')[0]?.what}.`)
  return lines
}

/** Mails and callbacks of the first run: a rerun runs once. */
function outsideOf({ runs }: ToldMigration, { outside }: Told): Outside[] {
  const [first] = runs
  const mails = (first?.mails ?? []).map(({ subject, recipients }) => ({
    kind: 'mail' as const,
    what: `"${subject}" to ${count(recipients, 'recipient')}`,
    line: null,
  }))
  const callbacks = first?.callbacks ?? 0
  const hooks: Outside[] = callbacks > 0 ? [{ kind: 'callback', what: `${count(callbacks, 'on_commit callback')} would run`, line: null }] : []
  return [...mails, ...hooks, ...outside]
}

function count(n: number, what: string): string {
  return `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`
}
