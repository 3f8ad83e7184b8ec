import { hostname } from 'node:os'
import { failpoint } from '../config/index.js'
import { type Database, isFailure } from '../database/index.js'
import { Journal } from '../journal/index.js'
import { type ChildOptions, type ChildResult, HeldChild, tailOf } from './child.js'
import type { Interrupts } from './interrupts.js'
import { startTimeOf } from './process.js'

/** Detail of the event `child-started`, written before the child does anything. */
export interface ChildStarted {
  pid: number
  /** When the process began, in the system's own words; tells a reused pid from the child. */
  startTime: string | null
  host: string
  command: string
  half?: string
}

export interface ChildExited {
  exitCode: number | null
  signal: string | null
  /** The last lines of its output. */
  tail: string[]
  durationMs: number
}

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
  half?: string
}

export interface RerunUi {
  say(line: string): void
  stream(chunk: string): void
  /** A line that changes in place while something lasts; null takes it away. */
  progress(line: string | null): void
  onInterrupt(handler: (count: number) => void): () => void
}

export interface ChildRun extends ChildResult {
  durationMs: number
  timedOut: boolean
}

/** The name that the child's database sessions carry. */
export function sessionName(operation: string): string {
  return `migstate:${operation}`
}

const HEARTBEAT = 10_000
const GRACE = 10_000

/** Runs one child with its beginning, its signs of life and its end in the journal, each in a transaction of its own. */
export async function runChild(database: Database, request: ChildRequest): Promise<ChildRun> {
  const { operation, words, ui, interrupts, half } = request
  const began = Date.now()
  const child = new HeldChild(words, { ...request, onOutput: (chunk) => ui.stream(chunk) })
  interrupts.child = child
  if (child.pid !== undefined) {
    const detail: ChildStarted = { pid: child.pid, startTime: startTimeOf(child.pid), host: hostname(), command: words.join(' '), ...(half ? { half } : {}) }
    await record(database, operation, 'child-started', detail)
    await failpoint('child-held')
    child.release()
  }
  await failpoint('child-released')
  const stopBeating = beat(database, operation)
  const stopTelling = tell(request, began)
  const limit = limitTime(child, request.timeout)
  const result = await child.result
  interrupts.child = undefined
  limit.stop()
  stopTelling()
  await stopBeating()
  await failpoint('child-exited')
  if (request.seesSessions) await waitForSessions(database, operation)
  const durationMs = Date.now() - began
  const exited: ChildExited = { exitCode: result.exitCode, signal: result.signal, tail: tailOf(result.output), durationMs }
  await record(database, operation, 'child-exited', exited)
  return { ...result, durationMs, timedOut: limit.reached() }
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
  const timer = setInterval(() => {
    last = database
      .side()
      .then((side) => new Journal(database).append(side, operation, 'alive', null, new Date().toISOString()))
      .catch(() => {})
  }, HEARTBEAT)
  return async () => {
    clearInterval(timer)
    await last
  }
}

function tell({ ui, label }: ChildRequest, began: number): () => void {
  const show = () => ui.progress(`${label} is running (${Math.round((Date.now() - began) / 1000)} s)`)
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

/** A killed client's session may still be finishing its last statement on the server. */
async function waitForSessions(database: Database, operation: string): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    const alive = await database.dialect.sessionsNamed(database.edit, sessionName(operation))
    if (!alive?.length) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
