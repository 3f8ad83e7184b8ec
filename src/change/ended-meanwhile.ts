import { type Consequence, MigstateError } from '../errors/index.js'

/** How the journal says that an operation has ended, as the history is after it; null: it says nothing of it any more. */
export function consequenceOf(end: string | null): Consequence {
  return end === null ? 'unknown' : end === 'done' ? 'committed' : 'rolled-back'
}

/** Somebody else has ended the operation: nothing of it may be gone on with, and nothing is left to recover. */
export class EndedMeanwhile extends MigstateError {
  readonly consequenceThen: Consequence

  /** @param end the event by which it has ended */
  constructor(operation: string, end: string | null, fact: string) {
    super('table-changed', fact, { hint: `See "migstate history ${operation}".`, details: { operation } })
    this.consequenceThen = consequenceOf(end)
  }
}
