import type { Binding } from '../session.js'
import { WiredSession } from '../wired-session.js'
import { begin, beginsTransaction, opening } from './fixed-path.js'
import { typed } from './typed.js'

/** What the session's first text has found out. */
export interface Opening {
  version: string
  name: string
  standby: boolean
  readOnly: boolean
  /** The schemas where the connection itself looks for a table without one, in order. */
  schemas: string[]
  /** A pooler answers the login with a process id of its own. */
  pooled: boolean
}

interface Client {
  processID: number | null
  /** `I` outside of a transaction. */
  getTransactionStatus(): string | null
}

/** The gate of all SQL that PostgreSQL is sent: the search path is fixed, and every parameter has a type. */
export class PostgresqlSession extends WiredSession {
  #opening: Opening | undefined

  get opening(): Opening {
    if (!this.#opening) throw new Error('the session is not open')
    return this.#opening
  }

  async open(): Promise<void> {
    const pid = this.#client.processID ?? 0
    const answers = (await super.send(opening(pid), [])) as { rows: Record<string, string>[] }[]
    const facts = answers[0]?.rows[0] ?? {}
    this.#opening = {
      version: (facts.version ?? '').split(' ')[0] as string,
      name: facts.name ?? '',
      standby: facts.standby === 't',
      readOnly: facts.read_only === 'on',
      schemas: JSON.parse(facts.schemas ?? '[]') as string[],
      pooled: facts.pid !== String(pid),
    }
  }

  get #client(): Client {
    return this.driver as Client
  }

  protected override async send(sql: string, bindings: readonly Binding[]): Promise<unknown> {
    const text = typed(sql, bindings)
    if (beginsTransaction(text) || !this.opening.pooled || this.#client.getTransactionStatus() !== 'I') return super.send(text, bindings)
    // The next server session need not be the one that was asked before.
    await super.send(begin(''), [])
    try {
      const answer = await super.send(text, bindings)
      await super.send('COMMIT', [])
      return answer
    } catch (error) {
      await super.send('ROLLBACK', []).catch(() => {})
      throw error
    }
  }
}
