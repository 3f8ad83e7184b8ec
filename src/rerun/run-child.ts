import { hostname } from 'node:os'
import type { Waiting } from '../change/index.js'
import { failpoint, maskedWords } from '../config/index.js'
import { type Database, isFailure } from '../database/index.js'
import { MigstateError } from '../errors/index.js'
import { type ChildExited, type ChildStarted, Journal } from '../journal/index.js'
import { type ChildOptions, type ChildResult, type HeldChild, tailOf, withChild } from './child.js'
import type { Interrupts } from './interrupts.js'
import { isPython, startTimeOf } from './process.js'

export interface ChildRequest extends Pick<ChildOptions, 'folder' | 'env' | 'input' | 'filter'> {
  operation: string
  words: readonly string[]
  ui: RerunUi
  interrupts: Interrupts
  /** For people: `shop.0003_fill_slugs`. */
  label: string
  /** Milliseconds; then SIGINT, and ten seconds later SIGKILL. */
  timeout: number | undefined
  /** The child's database sessions can be seen: wait until they are gone. */
  seesSessions: boolean
  /** Asked when the process is gone: has manage.py said that it ended, and where does it say that it runs? */
  says?(): { ended: boolean; at: { pid: number; host: string } | undefined }
  /** What it does right now, for people. */
  doing?(): string | null
  half?: string
}

export interface RerunUi {
  say(line: string): void
  stream(chunk: string): void
  /** A line that changes in place while something lasts; null takes it away. */
  progress(line: string | null): void
  waiting(state: Waiting | null): void
  onInterrupt(handler: (count: number) => void): () => void
}

export interface ChildRun extends ChildResult {
  durationMs: number
  timedOut: boolean
  started: ChildStarted | null
  ended: boolean
}

/** The name that the child's database sessions carry. */
export function sessionName(operation: string): string {
  return `migstate:${operation}`
}

const HEARTBEAT = 10_000
const GRACE = 10_000

/** Runs one child with its beginning, its signs of life and its end in the journal, each in a transaction of its own. */
export async function runChild(database: Database, request: ChildRequest): Promise<ChildRun> {
  const { words, ui, interrupts } = request
  const began = Date.now()
  const { result, started, timedOut } = await withChild(
    words,
    { ...request, redactor: database.redactor, onOutput: (chunk) => ui.stream(chunk) },
    async (child) => {
      interrupts.child = child
      try {
        return await watchChild(database, request, child, began)
      } finally {
        interrupts.child = undefined
      }
    },
  )
  await failpoint('child-exited')
  const said = request.says?.()
  // A command that ended by itself before Python had read the program has begun nothing.
  const neverBegan = said !== undefined && said.at === undefined && result.exitCode !== null && interrupts.count === 0 && !timedOut
  const ended = said?.ended === true || neverBegan
  await waitUntilGone(database, request, ended)
  const durationMs = Date.now() - began
  const exited: ChildExited = {
    exitCode: result.exitCode,
    signal: result.signal,
    tail: tailOf(result.output),
    durationMs,
    ...(interrupts.count > 0 || timedOut ? { stopped: true } : {}),
    ...(request.says ? { ended } : {}),
  }
  await record(database, request.operation, 'child-exited', exited)
  return { ...result, durationMs, timedOut, started, ended }
}

interface Watched {
  result: ChildResult
  started: ChildStarted | null
  timedOut: boolean
}

/** Journaled before it is released; from then on nobody knows what it has done until its end is judged. */
async function watchChild(database: Database, request: ChildRequest, child: HeldChild, began: number): Promise<Watched> {
  const { operation, words, half } = request
  let started: ChildStarted | null = null
  if (child.pid !== undefined) {
    started = { pid: child.pid, startTime: startTimeOf(child.pid), host: hostname(), command: maskedWords(words), ...(half ? { half } : {}) }
    await record(database, operation, 'child-started', started)
    await failpoint('child-held')
    database.effects.settle('unknown')
    child.release()
  }
  await failpoint('child-released')
  const stopBeating = beat(database, operation)
  const stopTelling = tell(request, began)
  const limit = limitTime(child, request.timeout)
  try {
    const result = await child.result
    return { result, started, timedOut: limit.reached() }
  } finally {
    limit.stop()
    stopTelling()
    await stopBeating()
  }
}

/** One event in a transaction of its own; on SQLite the child is held or gone then, so nobody is disturbed. */
export async function record(database: Database, operation: string, event: string, detail: unknown): Promise<void> {
  for (let turn = 0; ; turn++) {
    try {
      return await new Journal(database).append(database.edit, operation, event, detail, new Date().toISOString())
    } catch (error) {
      if (!isFailure(error, 'busy') || turn > 500) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** Signs of life for other machines, where a second connection can write beside the child. They inform; nothing is decided by them. */
function beat(database: Database, operation: string): () => Promise<void> {
  if (!database.dialect.capabilities.writesBesideChild) return async () => {}
  let last: Promise<unknown> = Promise.resolve()
  let beating = false
  const timer = setInterval(() => {
    // One at a time: a connection does one thing after the other.
    if (beating) return
    beating = true
    last = database
      .side()
      .then((side) => new Journal(database).append(side, operation, 'alive', null, new Date().toISOString()))
      // The session with the lock says something too, for whoever ends those that are silent.
      .then(() => database.edit.rows('SELECT 1 AS alive'))
      .catch(() => {})
      .finally(() => (beating = false))
  }, HEARTBEAT)
  return async () => {
    clearInterval(timer)
    await last
  }
}

function tell({ ui, label, doing }: ChildRequest, began: number): () => void {
  const show = () => {
    const what = doing?.() ?? null
    ui.progress(`${label} is running (${Math.round((Date.now() - began) / 1000)} s)${what === null ? '' : `, ${what}`}`)
  }
  show()
  const timer = setInterval(show, 250)
  return () => {
    clearInterval(timer)
    ui.progress(null)
  }
}

function limitTime(child: HeldChild, timeout: number | undefined): { stop(): void; reached(): boolean } {
  if (timeout === undefined) return { stop() {}, reached: () => false }
  let reached = false
  let second: NodeJS.Timeout | undefined
  const first = setTimeout(() => {
    reached = true
    child.interrupt()
    second = setTimeout(() => child.kill(), GRACE)
  }, timeout)
  return {
    stop() {
      clearTimeout(first)
      clearTimeout(second)
    },
    reached: () => reached,
  }
}

/**
 * The command is gone; what it started may not be: a server finishes the statement of a killed client, a container goes on without its
 * client. Nothing is decided while a session can be seen. Only another Ctrl-C ends the waiting.
 * @throws MigstateError `unfinished-operation`
 */
async function waitUntilGone(database: Database, { operation, seesSessions, says, ui, interrupts, label }: ChildRequest, ended: boolean): Promise<void> {
  const signal = interrupts.next()
  const began = Date.now()
  let told = began
  for (;;) {
    const alive = (await sessionOf(database, operation, seesSessions)) ?? processOf(says?.().at)
    if (alive === null || (ended && Date.now() - began > 30_000)) return
    if (signal.aborted)
      throw new MigstateError('unfinished-operation', `${label} is still at work (${alive}).`, {
        hint: 'Wait until it has ended, or end it, then run "migstate recover".',
        details: { operation },
      })
    if (Date.now() - told > 10_000) {
      told = Date.now()
      ui.say(`The command has ended, and ${label} is still at work (${alive}). Waiting; Ctrl-C leaves it to "migstate recover" …`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function sessionOf(database: Database, operation: string, seesSessions: boolean): Promise<string | null> {
  if (!seesSessions) return null
  const [session] = (await database.dialect.sessionsNamed(database.edit, sessionName(operation))) ?? []
  return session ?? null
}

function processOf(at: { pid: number; host: string } | undefined): string | null {
  if (at?.host !== hostname() || startTimeOf(at.pid) === null || !isPython(at.pid)) return null
  return `process ${at.pid}`
}
