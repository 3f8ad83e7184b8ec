import type { Unsupported } from '../server-facts.js'
import type { Binding } from '../session.js'
import { isFailure } from '../failure.js'
import { WiredSession, type WiredParts } from '../wired-session.js'
import { begin, beginsTransaction, opening, setRole, withRole } from './fixed-path.js'
import { type Make, makeOf } from './makes.js'
import { typed } from './typed.js'

/** What the session's first text has found out. */
export interface Opening {
  version: string
  name: string
  standby: boolean
  readOnly: boolean
  /** The schemas where the connection itself looks for a table without one, in order. */
  schemas: string[]
  /** Each transaction may be another server session: a pooler stands between. */
  pooled: boolean
  /** The process id of the server session, where it is one and the same. */
  pid: string | null
  unsupported: Unsupported | null
  /** PostgreSQL's settings and catalogue are not there. */
  plain: boolean
}

interface Client {
  host: string
  port: number
  user: string
  processID: number | null
  /** `I` outside of a transaction. */
  getTransactionStatus(): string | null
}

/** The gate of all SQL that PostgreSQL is sent: the search path is fixed, and every parameter has a type. */
export class PostgresqlSession extends WiredSession {
  #opening: Opening | undefined
  readonly #role: string | undefined
  #sessionPooler: string | null = null

  /** @param role Django's `assume_role` */
  constructor(parts: WiredParts, role: string | undefined) {
    super(parts)
    this.#role = role
  }

  get opening(): Opening {
    if (!this.#opening) throw new Error('the session is not open')
    return this.#opening
  }

  /** The pooler of sessions that this one goes through, as `host:port:role`. */
  get sessionPooler(): string | null {
    return this.#sessionPooler
  }

  async open(): Promise<void> {
    const pid = this.#client.processID ?? 0
    try {
      await this.#settle(pid)
    } catch (error) {
      const make = isFailure(error, 'lost') ? null : await this.#makeOfOther()
      if (!make) throw error
      await this.#openPlainly(make)
    }
  }

  /** The process id of the server session, as it says itself, outside of a transaction. */
  async serverPid(): Promise<string> {
    const [found] = await this.#plainly('SELECT pg_catalog.pg_backend_pid() AS pid')
    return String(found?.pid)
  }

  /** A pooler that gives this client one server session for good: what is set there holds. */
  async holdsSession(pid: string): Promise<void> {
    await this.#settle(Number(pid))
    const { host, port, user } = this.#client
    this.#sessionPooler = `${host}:${port}:${user}`
  }

  async #settle(pid: number): Promise<void> {
    const text = this.#role === undefined ? opening(pid) : `${setRole(this.#role, true)}; ${opening(pid)}`
    const answers = (await super.send(text, [])) as { rows: Record<string, string>[] }[]
    const facts = answers.find(({ rows }) => rows[0]?.schemas !== undefined)?.rows[0] ?? {}
    const pooled = facts.pid !== String(pid)
    // Through a pooler the role would be left behind for others.
    if (this.#role !== undefined && !pooled) await this.#plainly(setRole(this.#role, false))
    const citusWorker = facts.citus === 't' && (await this.#citusGroup()) !== '0'
    this.#opening = {
      version: (facts.version ?? '').split(' ')[0] as string,
      name: facts.name ?? '',
      standby: facts.standby === 't',
      readOnly: facts.read_only === 'on',
      schemas: JSON.parse(facts.schemas ?? '[]') as string[],
      pooled,
      pid: pooled ? null : String(pid),
      ...makeOf(facts.build ?? '', { aurora: facts.aurora === 't', citusWorker }),
    }
  }

  /** A server that does not understand the opening at all may say what it is. */
  async #makeOfOther(): Promise<Make | null> {
    const [found] = await this.#plainly('SELECT version() AS build').catch(() => [])
    const make = makeOf(String(found?.build ?? ''))
    return make.unsupported ? make : null
  }

  async #openPlainly(make: Make): Promise<void> {
    if (this.#role !== undefined) await this.#plainly(setRole(this.#role, false))
    const [found] = await this.#plainly('SELECT version() AS build, current_database() AS name, current_schema() AS here')
    this.#opening = {
      version: /v?(\d+(\.\d+)+)/.exec(String(found?.build))?.[1] ?? '',
      name: String(found?.name ?? ''),
      standby: false,
      readOnly: false,
      schemas: found?.here ? [String(found.here)] : [],
      pooled: false,
      pid: null,
      ...make,
    }
  }

  async #citusGroup(): Promise<string> {
    const [found] = await this.#plainly('SELECT groupid AS id FROM pg_catalog.pg_dist_local_group')
    return String(found?.id)
  }

  /** One text as it is, before anything is known of the server. */
  async #plainly(sql: string): Promise<Record<string, unknown>[]> {
    return ((await super.send(sql, [])) as { rows?: Record<string, unknown>[] }).rows ?? []
  }

  get #client(): Client {
    return this.driver as Client
  }

  protected override async send(sql: string, bindings: readonly Binding[]): Promise<unknown> {
    const text = typed(sql, bindings)
    if (this.opening.plain) return super.send(beginsTransaction(text) ? 'BEGIN TRANSACTION READ ONLY' : text, bindings)
    const roled = (begins: string) => (this.opening.pooled && this.#role !== undefined ? withRole(begins, this.#role) : begins)
    if (beginsTransaction(text)) return super.send(roled(text), bindings)
    if (!this.opening.pooled || this.#client.getTransactionStatus() !== 'I') return super.send(text, bindings)
    // The next server session need not be the one that was asked before.
    await super.send(roled(begin('')), [])
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
