import type { Database } from '../database/index.js'
import { MigstateError } from '../errors/index.js'

/** How long to wait for a lock, and whom to tell. */
export interface Patience {
  /** Milliseconds since the epoch; Infinity once rows are lifted or code has run. */
  deadline: number
  /** Ends the waiting; undefined where it must not end. */
  signal?: AbortSignal | undefined
  /** Told every ten seconds who stands in the way. */
  onWait?: ((holder: string | null) => void) | undefined
}

/** Polls `attempt` until it gives something, the deadline passes or the user interrupts. Never a blocking wait on the server. */
export async function waitFor<T>(attempt: () => Promise<T | null>, patience: Patience, holder: () => Promise<string | null>, what: string): Promise<T> {
  let told = Date.now()
  for (;;) {
    const got = await attempt()
    if (got !== null) return got
    if (patience.signal?.aborted) throw new MigstateError('interrupted', `Interrupted while waiting: ${what} was not to be had yet. Nothing was changed.`)
    if (Date.now() >= patience.deadline) {
      const who = await holder()
      throw new MigstateError('lock-timeout', `${what} is held by ${who ?? 'somebody this role cannot see'}. Nothing was changed.`, {
        details: { holder: who },
      })
    }
    if (Date.now() - told >= 10_000) {
      told = Date.now()
      patience.onWait?.(await holder())
    }
    await new Promise((resolve) => setTimeout(resolve, 30 + Math.random() * 90))
  }
}

/** Takes the table for the edit, and for nothing longer. */
export async function beginEdit(database: Database, patience: Patience): Promise<void> {
  const { dialect, edit, table, journal } = database
  await waitFor(
    async () => ((await dialect.tryBeginEdit(edit, table, journal)) ? true : null),
    patience,
    () => dialect.tableLockHolder(edit, table),
    `The table ${table.label}`,
  )
}
