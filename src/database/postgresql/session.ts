import type { Unsupported } from '../server-facts.js'
import type { Binding, Question } from '../session.js'
import { isFailure } from '../failure.js'
import { WiredSession, type WiredParts } from '../wired-session.js'
import { begin, beginsTransaction, inShort, opening, setRole, withRole } from './fixed-path.js'
import { type Make, makeOf } from './makes.js'
import { inlined, typed } from './typed.js'

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
  /** Begins a transaction, in one message with what is asked next. */
  #begins: string | null = null
  /** What is asked next is the last of its transaction, or has been. */
  #last: 'next' | 'asked' | null = null

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

  /** A text that a pooler answers itself, where it stands alone in its message. */
  async toPooler(sql: string): Promise<Record<string, unknown>[]> {
    return this.#plainly(sql)
  }

  /** One text as it is, before anything is known of the server. */
  async #plainly(sql: string): Promise<Record<string, unknown>[]> {
    return ((await super.send(sql, [])) as { rows?: Record<string, unknown>[] }).rows ?? []
  }

  get #client(): Client {
    return this.driver as Client
  }

  /** A transaction begins in one message with the next statement. @param begins a text of `begin` */
  beginWithNext(begins: string): void {
    this.#begins = begins
  }

  /**
   * A transaction of questions alone: it begins in one message with the first of them, and ends by being rolled back.
   * @param begins a text of `begin`
   */
  async transaction<T>(begins: string, work: () => Promise<T>): Promise<T> {
    if (this.opening.plain) await this.run(begins)
    else this.beginWithNext(begins)
    try {
      return await work()
    } finally {
      const open = this.#begins === null && this.#last !== 'asked'
      this.#begins = null
      this.#last = null
      if (open) await this.run('ROLLBACK').catch(() => {})
    }
  }

  /** The last question of a `transaction`, which ends in one message with it. */
  last<T>(question: () => Promise<T>): Promise<T> {
    if (!this.opening.plain) this.#last = 'next'
    return question()
  }

  override async askAll<Asked extends readonly Question[]>(questions: readonly [...Asked]): ReturnType<typeof WiredSession.prototype.askAll<Asked>> {
    if (this.opening.plain) return super.askAll(questions)
    const results = await this.#together(
      questions.map(({ sql, bindings = [] }) => inlined(sql, bindings)),
      questions.map(({ sql, bindings = [] }) => typed(sql, bindings)),
    )
    return questions.map(({ read }, index) => read(this.answer(results[index]))) as never
  }

  /** @returns a result for each text */
  async #together(texts: readonly string[], shown: readonly string[]): Promise<unknown[]> {
    const alone = this.#begins === null && this.#last === null && this.#isOpenToOthers
    const begins = alone ? begin('') : this.#begins
    const before = begins === null ? [] : [this.#roled(begins)]
    const after = alone ? ['COMMIT'] : this.#last === 'next' ? ['ROLLBACK'] : []
    this.#begins = null
    const whole = (parts: readonly string[]) => [...before, ...parts, ...after].join('; ')
    try {
      const response = await super.send(whole(texts), [], inShort(whole(shown)))
      if (this.#last === 'next') this.#last = 'asked'
      const results: unknown[] = Array.isArray(response) ? response : [response]
      return results.slice(results.length - after.length - texts.length, results.length - after.length)
    } catch (error) {
      if (alone) await super.send('ROLLBACK', []).catch(() => {})
      throw error
    }
  }

  /** Outside of a transaction, through a pooler: the next server session need not be the one that was asked before. */
  get #isOpenToOthers(): boolean {
    return this.opening.pooled && this.#client.getTransactionStatus() === 'I'
  }

  #roled(begins: string): string {
    return this.opening.pooled && this.#role !== undefined ? withRole(begins, this.#role) : begins
  }

  protected override async send(sql: string, bindings: readonly Binding[]): Promise<unknown> {
    const text = typed(sql, bindings)
    if (this.opening.plain) return super.send(beginsTransaction(text) ? 'BEGIN TRANSACTION READ ONLY' : text, bindings)
    if (beginsTransaction(text)) return super.send(this.#roled(text), bindings, inShort(this.#roled(text)))
    if (this.#last === 'asked') throw new Error('a question after the last one of its transaction')
    if (this.#begins === null && this.#last === null && !this.#isOpenToOthers) return super.send(text, bindings)
    return this.#together([inlined(sql, bindings)], [text])
  }
}
