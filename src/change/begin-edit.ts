import type { Database, TableSearch } from '../database/index.js'
import { MigstateError } from '../errors/index.js'

/** How long to wait for a lock, and whom to tell. */
export interface Patience {
  /** Milliseconds since the epoch; Infinity once rows are lifted or code has run. */
  deadline: number
  /** Ends the waiting; undefined where it must not end. */
  signal?: AbortSignal | undefined
  /** Told about once a second what is waited for, and with null when that is over. */
  onWait?: ((state: Waiting | null) => void) | undefined
}

/** Something that somebody else holds. */
export interface Waiting {
  /** `the lock of this history`. */
  what: string
  /** Who holds it and since when, as far as this role can see. */
  holder: string | null
  elapsedMs: number
  /** null: as long as it takes. */
  limitMs: number | null
}

/** Whoever interrupts before the first change is written gets none. @throws MigstateError `interrupted` */
export async function refuseInterrupted({ signal }: Patience): Promise<void> {
  // Signals are delivered in the poll phase of the event loop (libuv, "Design overview"), in which the answer of a server may have brought us here:
  // only after a second turn a whole one is over, and what was sent before counts.
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
  if (signal?.aborted) throw new MigstateError('interrupted', 'Interrupted.')
}

/**
 * Polls `attempt` until it gives something, the deadline passes or the user interrupts. Never a blocking wait on the server.
 * @param what a noun with its article: `the table public.django_migrations`
 */
export async function waitFor<T>(attempt: () => Promise<T | null>, patience: Patience, holder: () => Promise<string | null>, what: string): Promise<T> {
  const began = Date.now()
  const limitMs = Number.isFinite(patience.deadline) ? patience.deadline - began : null
  let told = began
  try {
    for (;;) {
      const got = await attempt()
      if (got !== null) return got
      const elapsedMs = Date.now() - began
      if (patience.signal?.aborted) throw new MigstateError('interrupted', `Interrupted while waiting for ${what}.`)
      if (Date.now() >= patience.deadline) throw lockTimeout(what, await holder(), elapsedMs)
      if (patience.onWait && Date.now() - told >= 1000) {
        told = Date.now()
        patience.onWait({ what, holder: await holder(), elapsedMs, limitMs })
      }
      await new Promise((resolve) => setTimeout(resolve, 30 + Math.random() * 90))
    }
  } finally {
    if (told !== began) patience.onWait?.(null)
  }
}

function lockTimeout(what: string, holder: string | null, elapsedMs: number): MigstateError {
  const who = holder ?? 'somebody this role cannot see'
  return new MigstateError('lock-timeout', `${capital(what)} is held by ${who}; waited ${(elapsedMs / 1000).toFixed(1)} s.`, {
    details: { holder },
  })
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Milliseconds between two tries that others may have to wait for: they wait a tenth of the time at most. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [500, 1000]

/**
 * Takes the table for the edit, and for nothing longer. Where a wait for it keeps others out, the tries are short and far between; in between it is
 * looked who holds it, and nobody who can be seen is waited behind.
 * @returns the table as it is made now: since it was found, somebody may have given it a column, whose values would be lost
 */
export async function beginEdit(database: Database, patience: Patience): Promise<TableSearch> {
  const { dialect, edit, table, journal } = database
  const holder = () => dialect.tableLockHolder(edit, table)
  let pause = FIRST_PAUSE
  let next = 0
  const attempt = async () => {
    const early = Date.now() < next
    // Nobody who can be seen holds it: this is the moment. Where nobody can be seen only the pause counts.
    if (early && (await holder()) !== null) return null
    const found = await dialect.tryBeginEdit(edit, table, journal, () => database.side())
    if (found) return found
    if (dialect.capabilities.waitingBlocks) next = Date.now() + pause * (1 + Math.random() / 5)
    pause = Math.min(LONGEST_PAUSE, pause * 1.5)
    return null
  }
  return waitFor(attempt, patience, async () => (await holder()) ?? null, `the table ${table.label}`)
}
