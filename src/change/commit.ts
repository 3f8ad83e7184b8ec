import type { Database } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import type { Patience } from './begin-edit.js'
import type { Proof } from './lost-commit.js'

const LOOK = 100

/**
 * Waits for the answer to a COMMIT. One that takes longer than `--lock-timeout` is told of, with what the server says it waits for; an interrupt
 * then ends the waiting, and not the COMMIT.
 * @throws MigstateError `outcome-unknown` after an interrupt
 */
export async function awaitCommit(database: Database, sent: Promise<void>, patience: Patience, proof: Proof): Promise<void> {
  const began = Date.now()
  let answered = false
  const commit = sent.finally(() => (answered = true))
  // It is awaited below, or given up.
  commit.catch(() => {})
  let told = Number.NEGATIVE_INFINITY
  let holder: string | null = null
  try {
    while (!answered) {
      await withinALook(commit)
      if (answered) break
      const elapsedMs = Date.now() - began
      const slow = elapsedMs >= database.patience
      if (slow && Date.now() - told >= 1000) {
        told = Date.now()
        holder = (await whoWaits(database)) ?? holder
        if (!answered) patience.onWait?.({ what: 'the answer to COMMIT', holder, elapsedMs, limitMs: null })
      }
      if (patience.signal?.aborted && (slow || elapsedMs >= PROMPT)) {
        holder ??= await whoWaits(database)
        await database.edit.close()
        throw sentNotAnswered(proof, holder)
      }
    }
    await commit
  } finally {
    if (told !== Number.NEGATIVE_INFINITY) patience.onWait?.(null)
  }
}

/** A timer that goes on would keep the whole process from ending. */
async function withinALook(commit: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  try {
    await Promise.race([commit, new Promise((resolve) => (timer = setTimeout(resolve, LOOK)))])
  } finally {
    clearTimeout(timer)
  }
}

/** A COMMIT is answered within this time, but for one that hangs: an interrupt before it is too early to tell. */
const PROMPT = 2_000

async function whoWaits(database: Database): Promise<string | null> {
  try {
    return await database.dialect.waitsFor(await database.side(), database.edit)
  } catch {
    // It is said without: the server may be gone altogether.
    return null
  }
}

function sentNotAnswered({ operation }: Proof, holder: string | null): MigstateError {
  const id = operation === null ? '' : ` of operation ${operation}`
  return new MigstateError('outcome-unknown', `Interrupted: the COMMIT${id} was sent and is not answered${holder === null ? '' : ` (${holder})`}.`, {
    hint:
      operation === null
        ? 'See "migstate snapshot list".'
        : `When the server answers again, run "migstate history ${operation}": if it is listed, the change is there.`,
    details: operation === null ? {} : { operation },
  })
}
