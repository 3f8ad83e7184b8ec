/**
 * What has become of the changes of a run: `nothing` was changed; `rolled-back`, so that the history is as before; `committed`, the change is
 * there and something after it failed; `unknown`, as long as nobody can tell.
 */
export type Consequence = 'nothing' | 'rolled-back' | 'committed' | 'unknown'

const SENTENCES: Readonly<Record<Consequence, string>> = {
  nothing: 'Nothing was changed.',
  'rolled-back': 'The change was rolled back: nothing was changed.',
  committed: 'What was changed before this stays changed.',
  unknown: 'Whether it took effect is not known.',
}

/** Of a run of Django's code more may stay than rows: what is promised of it is the history. */
const HISTORY = 'The history is as before.'

/**
 * The fact, what follows from it, and what else is to be known.
 * @param ranCode code of the project may have run
 */
export function sentences(fact: string, consequence: Consequence, { ranCode, more }: { ranCode: boolean; more: string | undefined }): string {
  const follows = consequence === 'rolled-back' && ranCode ? HISTORY : SENTENCES[consequence]
  // What a server says may end with a full stop of its own.
  const said = fact.trimEnd().replace(/(?<!\.)\.\.$/, '.')
  const whole = /[.!?…:]["')\]]?$/.test(said) ? said : `${said}.`
  return [whole, follows, ...(more ? [more] : [])].join(' ')
}

/**
 * The consequence of the operation that is under way in one database. Only the scopes of an edit and of a child set it (`change/with-edit`,
 * `rerun`); where the run ends, every failure gets it.
 */
export class Effects {
  #consequence: Consequence = 'nothing'
  #operation: string | null = null
  #finished = false

  get consequence(): Consequence {
    return this.#consequence
  }

  /** The operation that the consequence is of; null while none has begun. */
  get operation(): string | null {
    return this.#operation
  }

  /** The journal says how the operation ended. */
  get finished(): boolean {
    return this.#finished
  }

  /** Another operation; what was done before it is done. */
  begin(operation: string | null): void {
    this.#consequence = 'nothing'
    this.#operation = operation
    this.#finished = false
  }

  settle(consequence: Consequence, finished = false): void {
    this.#consequence = consequence
    this.#finished = finished
  }
}
