import type { Waiting } from '../change/index.js'
import type { ShownChanges } from './results.js'

export type { Waiting }

/** What a person is shown before the question. */
export interface Question {
  /** The command in words: `mark applied shop 0003_x`. */
  title: string
  /** `default at public.django_migrations of shop (postgresql)`. */
  where: string
  changes: ShownChanges
  /** Lines that a person must weigh: what is not checked, what runs a second time. */
  notes: string[]
  /** Ends with a question mark. */
  ask: string
}

export type Answer = 'person' | 'yes-flag'

/** How a verb talks while it works; the library answers every question with yes and is silent. */
export interface Interaction {
  /** There is a person to ask. */
  canAsk: boolean
  /** @throws MigstateError `needs-yes`, `declined`, `interrupted` */
  confirm(question: Question): Promise<Answer>
  /**
   * Which of several, as indexes; only where there is a person to ask.
   * @throws MigstateError `declined` when it is none, `interrupted`
   */
  choose(options: readonly string[], ask: string): Promise<number[]>
  /** One line about what is going on. */
  say(line: string): void
  /** manage.py's output, as it comes. */
  stream(chunk: string): void
  /** A line that changes in place on a terminal while something lasts; null takes it away. */
  progress(line: string | null): void
  /** Called about once a second while something is waited for; null when that is over. */
  waiting(state: Waiting | null): void
  /** Aborted by Ctrl-C while nothing is changed yet. */
  signal: AbortSignal
  /** Calls back for each Ctrl-C from now on until the returned function is called. */
  onInterrupt(handler: (count: number) => void): () => void
}

export const SILENT: Interaction = {
  canAsk: false,
  confirm: async () => 'yes-flag',
  choose: async () => [],
  say() {},
  stream() {},
  progress() {},
  waiting() {},
  signal: new AbortController().signal,
  onInterrupt: () => () => {},
}
