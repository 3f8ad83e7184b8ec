import { failpoint } from '../config/index.js'
import { type AdvisoryLock, type Database, isFailure } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { Journal, type Operation, settleable, standingAgain, writeSettled, unfinishedOperations } from '../journal/index.js'
import { type Patience, refuseInterrupted, waitFor } from './begin-edit.js'
import { refuseLivingElsewhere } from './other-nodes.js'

export interface LockRequest {
  patience: Patience
  /** The operation needs its lock over several transactions: refused through a transaction pooler. */
  multiStep: boolean
  /** For others to see while they wait. */
  name: string
  /** `recover` alone may work while an operation is unfinished. */
  allowUnfinished?: boolean
  /** `shadow`: the program that is started works as this role, and makes a temporary table. */
  purpose?: 'change' | 'shadow'
  /** Whether the side tables are made; a `recover` with nothing to do makes none. */
  makeJournal: boolean
}

/** The advisory lock of the whole operation: taken, proven by a second connection, given back in the end. */
export async function withOperationLock<T>(database: Database, request: LockRequest, work: () => Promise<T>): Promise<T> {
  if (database.facts.readOnly) throw new MigstateError('read-only', `The database ${database.facts.name} is read-only here: ${database.facts.readOnly}.`)
  if (database.facts.pooled && request.multiStep)
    throw new MigstateError('pooler', 'A transaction pooler stands between migstate and PostgreSQL, and a lock does not hold through it.')
  await database.dialect.refuseUnsafeServer(database.edit, 'change')
  await refuseInterrupted(request.patience)
  database.lock = database.facts.pooled ? null : await take(database, request)
  try {
    await failpoint('lock-taken')
    if (request.allowUnfinished) await refuseLivingElsewhere(database, request.patience)
    const seen = await look(database, request)
    if (!request.allowUnfinished) await refuseUnfinished(database, { locked: true, running: seen.running })
    await refuseInterrupted(request.patience)
    if (request.makeJournal) await makeJournal(database, request.patience, seen)
    if (seen.settled !== null) await writeSettled(database, seen.settled)
    await failpoint('journal-made')
    return await work()
  } catch (error) {
    throw await withGrants(database, error, request.purpose ?? 'change')
  } finally {
    const { lock } = database
    database.lock = null
    await lock?.release().catch((error: unknown) => {
      // With its session the lock is gone too.
      if (!isFailure(error, 'lost')) throw error
    })
  }
}

/** A right that is missing is seldom the only one: what the role lacks is named at once, as far as the database tells. */
async function withGrants(database: Database, error: unknown, purpose: 'change' | 'shadow'): Promise<unknown> {
  if (!isFailure(error, 'missing-rights')) return error
  const grants = await database.missingGrants(purpose).catch(() => [])
  if (grants.length === 0) return error
  return error.with({ hint: `Ask a DBA for: ${grants.map((grant) => `${grant};`).join(' ')}`, details: { grants } })
}

interface Seen {
  running: Operation[]
  hasJournal: boolean
  /** What may be written down as ended. */
  settled: string | null
}

/** The journal as it is under the lock, at one moment. */
async function look(database: Database, { allowUnfinished, makeJournal: writes }: LockRequest): Promise<Seen> {
  if (allowUnfinished) return { running: [], hasJournal: writes && (await database.reading(() => new Journal(database).exists())), settled: null }
  const standing = await standingAgain(database)
  return { ...standing, settled: writes && database.lock !== null ? settleable(database, standing) : null }
}

/** After a reconnect: the lock again, on the new session. Without one before there is none to take. */
export async function retakeLock(database: Database, patience: Patience): Promise<void> {
  const { dialect, facts } = database
  if (facts.pooled) return
  const { edit, table } = database
  database.lock = await waitFor(
    () => dialect.tryAdvisoryLock(edit, table),
    patience,
    () => dialect.advisoryLockHolder(edit, table),
    'the lock of this history',
  )
}

async function take(database: Database, request: LockRequest): Promise<AdvisoryLock> {
  const { dialect, edit, table } = database
  const holder = async () => {
    const [running] = await runningOperations(database)
    const who = await dialect.advisoryLockHolder(edit, table)
    return running && who ? `operation ${running.id} (${running.kind}, since ${running.startedAt.slice(0, 19).replace('T', ' ')} UTC), ${who}` : who
  }
  const lock = await waitFor(() => dialect.tryAdvisoryLock(edit, table, request.name), request.patience, holder, 'the lock of this history')
  try {
    await prove(database)
    return lock
  } catch (error) {
    // The connection stays open in a library's hands, and the lock with it.
    await lock.release().catch(() => {})
    throw error
  }
}

/** A lock that a second connection gets too excludes nobody. @throws MigstateError `lock-ineffective` */
async function prove(database: Database): Promise<void> {
  const second = await database.dialect.tryAdvisoryLock(await database.side(), database.table)
  if (!second) return
  await second.release()
  // A lost connection has lost its lock too, and says so here.
  await database.edit.rows('SELECT 1 AS alive')
  throw new MigstateError('lock-ineffective', 'Two connections got the same lock at once, so it excludes nobody here.')
}

/** Somebody may have a file to himself just now. */
async function makeJournal(database: Database, patience: Patience, { hasJournal }: Seen): Promise<void> {
  const { dialect, edit, table } = database
  const attempt = async () => {
    try {
      await new Journal(database).ensure(hasJournal)
      return true
    } catch (error) {
      if (isFailure(error, 'busy')) return null
      throw error
    }
  }
  await waitFor(attempt, patience, async () => (await dialect.tableLockHolder(edit, table)) ?? null, `the table ${table.label}`)
}

function runningOperations(database: Database): Promise<Operation[]> {
  return database.reading(() => unfinishedOperations(database))
}

/** @param locked this process holds the lock, so that whoever began it is gone. @throws MigstateError `unfinished-operation` */
export async function refuseUnfinished(database: Database, { locked, running }: { locked: boolean; running: readonly Operation[] }): Promise<void> {
  const [operation] = running
  database.refuseTraps()
  if (!operation) return
  const holder = locked ? null : await database.dialect.advisoryLockHolder(database.edit, database.table)
  const reaches = database.dialect.capabilities.sessionLocks === 'everybody'
  const state = holder ? `is in progress (${holder})` : reaches ? 'was interrupted' : 'is in progress on another node of the cluster, or was interrupted'
  throw new MigstateError(
    'unfinished-operation',
    `The operation ${operation.id} (${operation.kind}, started ${operation.startedAt} by ${operation.actor} on ${operation.host}) ${state}.`,
    {
      hint: holder
        ? 'Wait until it has ended.'
        : !reaches
          ? 'Wait until it has ended; if it was interrupted, run "migstate recover".'
          : 'Run "migstate recover" to finish or undo it.',
      details: { operation: operation.id },
    },
  )
}
