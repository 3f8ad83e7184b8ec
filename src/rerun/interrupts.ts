import { MigstateError } from '../errors/index.js'
import type { HeldChild } from './child.js'

/** How often the user has pressed Ctrl-C, and the child that hears of it. */
export interface Interrupts {
  readonly count: number
  child: HeldChild | undefined
  /** Aborted by the next Ctrl-C from now on. */
  next(): AbortSignal
  stop(): void
}

export interface InterruptSource {
  say(line: string): void
  onInterrupt(handler: (count: number) => void): () => void
}

/**
 * First Ctrl-C: one SIGINT to the child. Second: a warning line. Third: SIGKILL to its group. The history is as before in any case.
 * @param promise what becomes of the history, as a sentence without its full stop
 */
export function countInterrupts(ui: InterruptSource, promise: string): Interrupts {
  let waiting = new AbortController()
  const next = () => {
    waiting = new AbortController()
    return waiting.signal
  }
  const state = { count: 0, child: undefined as HeldChild | undefined, next, stop: () => {} }
  state.stop = ui.onInterrupt((count) => {
    state.count = count
    waiting.abort()
    if (count === 1) {
      ui.say(`Interrupting … ${promise}.`)
      state.child?.interrupt()
    } else if (count === 2) ui.say(`Still putting things in order. A third Ctrl-C kills manage.py. ${promise}, all the same.`)
    else state.child?.kill()
  })
  return state
}

/** @throws MigstateError `interrupted` */
export function stopIfInterrupted(interrupts: Interrupts): void {
  if (interrupts.count > 0) throw new MigstateError('interrupted', 'Interrupted before the migration ran.')
}
