import { randomBytes } from 'node:crypto'
import { withOperationLock, type Patience } from '../../change/index.js'
import { failpoint, maskedWords } from '../../config/index.js'
import type { Database } from '../../database/index.js'
import { MigstateError } from '../../errors/index.js'
import { type ChildResult, tailOf, withChild } from '../child.js'
import { countInterrupts, type Interrupts } from '../interrupts.js'
import type { ManageCommand } from '../manage-command.js'
import type { RerunUi } from '../run-child.js'
import { LineTalk } from '../shadow/shim-talk.js'
import { rehearsalLine, rehearsalMark, type RehearsalSpec } from './spec.js'
import type { Told } from './verdict.js'

export interface RehearsalRequest {
  spec: Omit<RehearsalSpec, 'id' | 'alias' | 'managePy' | 'settings' | 'sql' | 'uncontained'>
  manage: ManageCommand
  alias: string
  patience: Patience
  env: Readonly<Record<string, string | undefined>>
  /** Milliseconds. */
  timeout: number
  /** Seconds; of each statement in the rehearsal. */
  lockTimeout: number
  ui: RerunUi
  /** For people. */
  label: string
  /** Asked where this Python cannot keep in files and network. @throws MigstateError `declined` `needs-yes` */
  confirmUncontained(python: string): Promise<void>
}

type Line =
  | { event: 'started'; pid: number; host: string }
  | { event: 'operation'; index: number; of: number; what: string; run: number }
  | { event: 'written'; rows: number }
  | { event: 'ran'; run: number; outcome: string }
  | { event: 'plan'; plan: [app: string, name: string, backwards: boolean][] }
  | { event: 'refused'; reason: string; text: string }
  | { event: 'contained'; intact: boolean; why: string | null }
  | ({ event: 'rehearsal' } & Told)
  | { event: 'ended' }

const GRACE = 10_000

/**
 * Runs migrations in Django's own process, in one transaction that is rolled back. Nothing is written, to the journal neither.
 * @throws MigstateError `outcome-unknown` (exit 8) when something may have been committed; `manage-failed` `django-does-not-start`
 *   `other-database` `pooler` `interrupted`
 */
export async function runRehearsal(database: Database, request: RehearsalRequest): Promise<Told> {
  const first = await runLocked(database, request, false)
  if (!('uncontained' in first)) return first
  await request.confirmUncontained(first.uncontained)
  return (await runLocked(database, request, true)) as Told
}

/** Nothing has run where Python cannot keep in what it does and that was not allowed. */
interface Uncontained {
  /** `Python 3.7` */
  uncontained: string
}

async function runLocked(database: Database, request: RehearsalRequest, uncontained: boolean): Promise<Told | Uncontained> {
  const id = randomBytes(16).toString('hex')
  const lock = { patience: request.patience, multiStep: true, name: `migstate rehearse ${id}`, makeJournal: false }
  return withOperationLock(database, lock, async () => {
    const interrupts = countInterrupts(request.ui, 'The rehearsal is rolled back')
    try {
      return await runChild(database, id, { ...request, spec: { ...request.spec, uncontained } }, interrupts)
    } finally {
      interrupts.stop()
    }
  })
}

type Allowed = RehearsalRequest & { spec: Pick<RehearsalSpec, 'uncontained'> }

async function runChild(database: Database, id: string, request: Allowed, interrupts: Interrupts): Promise<Told | Uncontained> {
  const { manage, alias, spec, ui, lockTimeout } = request
  const talk = new LineTalk<Line>(rehearsalMark(id))
  const sql = await database.dialect.rehearsal(database.edit, database.table, lockTimeout)
  const input = rehearsalLine({ ...spec, id, alias, managePy: manage.managePy, settings: manage.settings, sql })
  const words = manage.shim(id)
  ui.say(`Rehearsing ${request.label} with: ${maskedWords(words)}`)
  const options = {
    folder: manage.folder,
    env: { ...request.env, PYTHONUNBUFFERED: '1', PGAPPNAME: `migstate:${id}` },
    input,
    redactor: database.redactor,
    filter: (chunk: string, stream: 'stdout' | 'stderr') => talk.filter(chunk, stream),
    onOutput: (chunk: string) => ui.stream(chunk),
  }
  let timedOut = false
  const result = await withChild(words, options, async (child) => {
    interrupts.child = child
    const began = Date.now()
    const show = () => ui.progress(`${request.label} is rehearsed (${Math.round((Date.now() - began) / 1000)} s)${sayDoing(talk)}`)
    const ticking = setInterval(show, 250)
    let second: NodeJS.Timeout | undefined
    const limit = setTimeout(() => {
      timedOut = true
      child.interrupt()
      second = setTimeout(() => child.kill(), GRACE)
    }, request.timeout)
    try {
      await failpoint('rehearsal-held')
      child.release()
      await failpoint('rehearsal-released')
      return await child.result
    } finally {
      clearInterval(ticking)
      clearTimeout(limit)
      clearTimeout(second)
      ui.progress(null)
      interrupts.child = undefined
    }
  })
  await failpoint('rehearsal-ended')
  return judgeEnd(database, request, { result, lines: talk.lines, timedOut, interrupted: interrupts.count > 0 })
}

interface End {
  result: ChildResult
  lines: readonly Line[]
  timedOut: boolean
  interrupted: boolean
}

function judgeEnd(database: Database, request: RehearsalRequest, { result, lines, timedOut, interrupted }: End): Told | Uncontained {
  const find = <E extends Line['event']>(event: E) => lines.findLast((line): line is Extract<Line, { event: E }> => line.event === event)
  const details = { exitCode: result.exitCode, tail: tailOf(result.output) }
  const contained = find('contained')
  if (contained && !contained.intact) {
    database.effects.settle('unknown')
    throw new MigstateError(
      'outcome-unknown',
      `The code of ${request.label} has ended the transaction of the rehearsal, so what it did may be committed (${contained.why}).`,
      {
        hint: 'Look at the tables that it writes to. Nothing is recorded, and there is nothing to recover.',
        details,
      },
    )
  }
  const told = find('rehearsal')
  // Code that has swallowed the interrupt has gone on without what it was doing.
  if (told && contained && !interrupted && !timedOut) return told
  if (interrupted) throw new MigstateError('interrupted', 'Interrupted: the rehearsal was rolled back.')
  if (timedOut)
    throw new MigstateError('manage-failed', `The rehearsal of ${request.label} did not end within --timeout ${request.timeout / 1000} s and was stopped.`, {
      hint: 'Give a longer --timeout, or rehearse on a copy.',
      details,
    })
  const refused = find('refused')
  if (refused?.reason === 'uncontained') return { uncontained: refused.text }
  if (refused) throw refusal(request, refused, find('plan')?.plan, details)
  if (result.startError !== null) throw new MigstateError('django-does-not-start', `manage.py could not be started: ${result.startError}.`, { details })
  const last = details.tail.at(-1)?.replace(/\.$/, '')
  const ended = result.exitCode === null ? result.signal : `exit ${result.exitCode}`
  const begun = lines.some(({ event }) => event === 'operation')
  if (!begun)
    throw new MigstateError('django-does-not-start', `manage.py (${ended}) failed before ${request.label} could be rehearsed${last ? `: ${last}` : ''}.`, {
      details,
    })
  throw new MigstateError('manage-failed', `The rehearsal of ${request.label} ended (${ended}) before it could say what it had seen.`, {
    more: 'With its session gone, the server rolls its transaction back.',
    details,
  })
}

function refusal(
  request: RehearsalRequest,
  { reason, text }: { reason: string; text: string },
  plan: unknown,
  details: Record<string, unknown>,
): MigstateError {
  if (reason === 'other-database' || reason === 'pooler') return new MigstateError(reason, `${text[0]?.toUpperCase()}${text.slice(1)}.`, { details })
  if (reason === 'django') return new MigstateError('django-does-not-start', `${text}.`, { details })
  if (reason === 'plan')
    return new MigstateError('cannot-rehearse', `Django plans something else than ${request.label}, so it was not run: ${text}.`, {
      details: { ...details, plan },
    })
  return new MigstateError('manage-failed', `The rehearsal did not begin: ${text}.`, { details })
}

function sayDoing({ lines }: LineTalk<Line>): string {
  const last = lines.findLast((line) => line.event === 'operation')
  const written = lines.findLast((line) => line.event === 'written')
  const rows = written ? `, ${written.rows.toLocaleString('en-US')} rows written so far` : ''
  return last ? `, run ${last.run}, operation ${last.index + 1} of ${last.of}: ${last.what}${rows}` : ''
}
