import type { Database } from '../../database/index.js'
import { type ErrorCode, MigstateError } from '../../errors/index.js'
import type { Shadowed } from '../../journal/index.js'
import { recogniseCause } from '../causes.js'
import { tailOf } from '../child.js'
import type { ChildRun } from '../run-child.js'
import { hintReversed, sayReversed } from '../outcome.js'
import type { Halves } from './halves.js'
import type { ShimLine, ShimTalk } from './shim-talk.js'

type Refused = Extract<ShimLine, { event: 'refused' }>

/** Everything that tells why the target did not run. */
export interface NotRun {
  shadowed: Shadowed
  halves: Halves
  run: ChildRun
  talk: ShimTalk
  interrupted: boolean
  /** Seconds of `--timeout`, for the message. */
  timeout: number | undefined
}

/** The target did not run: the one reason that the user has to know, and the next command. */
export function notRun(database: Database, facts: NotRun): MigstateError {
  const { halves, shadowed } = facts
  const error = reason(database, facts)
  if (!halves.reversed) return error
  return error.with({ more: sayReversed(shadowed), hint: hintReversed(shadowed), details: { half: 'reversed' } })
}

function reason(database: Database, { shadowed, halves, run, talk, interrupted, timeout }: NotRun): MigstateError {
  const name = `${shadowed.app}.${shadowed.name}`
  const details = { exitCode: run.exitCode, tail: tailOf(run.output) }
  const left = halves.partly ? 'What it did to schema and data outside a transaction stays.' : undefined
  const error = (code: ErrorCode, text: string, { hint, cause }: { hint?: string; cause?: string | null } = {}) =>
    new MigstateError(code, text, { details, more: [left, cause].filter(Boolean).join(' ') || undefined, ...(hint ? { hint } : {}) })
  const refused = talk.lines.find((line): line is Refused => line.event === 'refused')
  if (interrupted) return error('interrupted', `Interrupted: ${name} did not run to its end.`)
  if (refused && refused.reason !== 'lost') return refusal(database, refused, { name, details, left, hidden: shadowed.hidden })
  if (run.timedOut) return error('manage-failed', `${name} did not end within --timeout ${timeout} s and was stopped.`, { hint: 'Give a longer --timeout.' })
  if (run.startError !== null) return error('django-does-not-start', `manage.py could not be started: ${run.startError}.`)
  const last = tailOf(run.output).at(-1)?.replace(/\.$/, '')
  const ended = run.exitCode === null ? run.signal : `exit ${run.exitCode}`
  if (!talk.lines.some((line) => line.event === 'started'))
    return error('django-does-not-start', `The command of --python ended (${ended}) before it read a program from standard input${last ? `: ${last}` : ''}.`, {
      hint: 'Name a Python that reads standard input: "docker compose exec -T web python", "kubectl exec -i POD -- python", "docker exec -i web python".',
    })
  const cause = recogniseCause(run.output)
  if (!halves.begun) {
    if (refused || run.exitCode === 0)
      return error(
        'manage-failed',
        `manage.py (${ended}) did not run ${name}: it never asked Django for a plan in the process that was started, so it goes on in another one or does something else.`,
        { hint: 'Give --mode table.' },
      )
    if (cause) return error('manage-failed', `manage.py (${ended}) did not run ${name}.`, { cause })
    return error('django-does-not-start', `manage.py (${ended}) failed before ${name} could run${last ? `: ${last}` : ''}.`)
  }
  return error('manage-failed', `manage.py (${ended}) did not run ${name}.`, { cause })
}

interface Context {
  name: string
  details: Record<string, unknown>
  /** What stays although it was rolled back. */
  left: string | undefined
  hidden: readonly { app: string; name: string }[]
}

/** Refused inside Django, before anything ran. */
function refusal(database: Database, { reason: why, text, plan, role, lacks = [] }: Refused, { name, details, left, hidden }: Context): MigstateError {
  const error = (code: ErrorCode, message: string, hint?: string) =>
    new MigstateError(code, message, { details: { ...details, reason: why }, more: left, ...(hint ? { hint } : {}) })
  if (why === 'other-database') return error('other-database', `Django works with another database: ${text}.`)
  if (why === 'pooler') return error('pooler', `Shadow mode cannot work here: ${text}.`, 'Let Django connect to the server itself, or give --mode table.')
  if (why === 'django') return error('django-does-not-start', `${text}.`)
  if (why === 'plan' && plan) {
    const others = plan.filter(([app, migration, backwards]) => !backwards && `${app}.${migration}` !== name)
    const isHidden = (app: string, migration: string) => hidden.some((row) => row.app === app && row.name === migration)
    if (others.length > 0 && others.every(([app, migration]) => isHidden(app, migration)))
      return error(
        'django-would-refuse',
        `manage.py migrates more than ${name}, whatever it is told: it was about to run ${others.map(([app, migration]) => `${app}.${migration}`).join(', ')} as well.`,
        'Look what manage.py, the command "migrate" or an AppConfig of the project does; --manage-py names another manage.py.',
      )
    const steps = plan.map(([app, migration, backwards]) => `${app}.${migration}${backwards ? ' backwards' : ''}`).join(', ') || 'nothing'
    return others.length > 0
      ? error('pending-migrations', `Django would run ${steps}, and not just ${name}.`)
      : error('django-would-refuse', `Django's own plan is not just ${name} but: ${steps}.`)
  }
  if (why === 'busy') return error('lock-timeout', `The database was locked by another writer: ${text}.`)
  if (why === 'own-table') return error('shadow-unavailable', `${name} cannot run in shadow mode: ${text}.`)
  if (why === 'router')
    return error(
      'manage-failed',
      `Nothing of ${name} ran: ${text}. Django alone would skip every operation and record it all the same.`,
      'Name the database that the routers let this app use with --database; where no code is to run, "migstate mark applied" records it.',
    )
  if (why === 'rights' || why === 'temporary-tables') {
    const { dialect, journal, facts } = database
    const to = role || "DJANGO'S ROLE"
    const grants = [
      ...(why === 'rights' || lacks.includes('rights') ? dialect.shadowGrants(journal, to) : []),
      ...(why === 'temporary-tables' || lacks.includes('temporary-tables') ? [dialect.temporaryGrant(facts.name, to)] : []),
    ]
    return error('shadow-unavailable', `Shadow mode cannot work: ${text}.`, grants.map((grant) => `${grant};`).join(' '))
  }
  return error('shadow-unavailable', `Shadow mode cannot work here: ${text}.`)
}
