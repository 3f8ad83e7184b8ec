import type { Knex } from 'knex'
import type { Classify } from './failure.js'

/** How a driver's raw answer is read. */
export interface ResponseShape {
  rows(response: unknown): Record<string, unknown>[]
  affected(response: unknown): number
  insertId?(response: unknown): string
}

/**
 * One connection, pinned outside Knex's pool for its whole life: a reconnect would lose its locks, so there is none.
 * Every value comes back as a string or null.
 */
export class Session {
  readonly #knex: Knex
  readonly #connection: unknown
  readonly #shape: ResponseShape
  readonly #classify: Classify
  #closed = false
  readonly #ends: (() => Promise<void>)[] = []
  #onStatement: ((sql: string) => void) | undefined

  constructor(knex: Knex, connection: unknown, shape: ResponseShape, classify: Classify) {
    this.#knex = knex
    this.#connection = connection
    this.#shape = shape
    this.#classify = classify
  }

  /** The driver's own connection object, for what only it can tell (PostgreSQL's `processID`). */
  get driver(): unknown {
    return this.#connection
  }

  /** Tells each statement before it is sent, without its values. */
  watch(onStatement: ((sql: string) => void) | undefined): void {
    this.#onStatement = onStatement
  }

  async rows<T extends object = Record<string, string | null>>(sql: string, bindings: readonly Binding[] = []): Promise<T[]> {
    return this.#shape.rows(await this.send(sql, bindings)) as T[]
  }

  /** @returns the number of rows affected */
  async run(sql: string, bindings: readonly Binding[] = []): Promise<number> {
    return this.#shape.affected(await this.send(sql, bindings))
  }

  async ask<T>({ sql, bindings = [], read }: Question<T>): Promise<T> {
    return read(this.answer(await this.send(sql, bindings)))
  }

  /** Questions of which none needs the answer to another, in one message where the protocol has room for that. After one that fails none is asked. */
  async askAll<Asked extends readonly Question[]>(questions: readonly [...Asked]): Promise<Answers<Asked>> {
    const answers: unknown[] = []
    for (const question of questions) answers.push(await this.ask(question))
    return answers as Answers<Asked>
  }

  /** What lives no longer than this session. @param end never throws */
  alsoEnd(end: () => Promise<void>): void {
    this.#ends.push(end)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const end of this.#ends) await end()
    await this.release(this.#knex)
    // Without destroy the process stays alive for Knex's idle time-out of 30 s.
    await this.#knex.destroy().catch(() => {})
  }

  /** Gives the connection up. */
  protected async release(knex: Knex): Promise<void> {
    await Promise.resolve(knex.client.releaseConnection(this.#connection)).catch(() => {})
  }

  protected answer(response: unknown): Answer {
    const shape = this.#shape
    return { rows: shape.rows(response) as never[], affected: shape.affected(response), insertId: shape.insertId?.(response) ?? null }
  }

  /** Every statement of the program goes through here. @param shown the statement without its values, where they stand in it */
  protected async send(sql: string, bindings: readonly Binding[], shown: string = sql): Promise<unknown> {
    this.#onStatement?.(shown)
    try {
      return await this.#knex.raw(sql, bindings as Knex.RawBinding[]).connection(this.#connection)
    } catch (error) {
      throw this.#classify(error)
    }
  }
}

export type Binding = string | number | null

/** A statement, and what its answer means. */
export interface Question<T = unknown> {
  sql: string
  bindings?: readonly Binding[]
  read(answer: Answer): T
}

export interface Answer {
  /** As the columns of the statement are called. */
  rows: never[]
  /** How many rows the statement has changed. */
  affected: number
  /** Of the row that it has inserted; null where the driver does not tell. */
  insertId: string | null
}

type Answers<Asked extends readonly Question[]> = { -readonly [Index in keyof Asked]: Asked[Index] extends Question<infer T> ? T : never }

/** Opens Knex with exactly one connection and takes it out of the pool. */
export async function pinConnection(config: Knex.Config, shape: ResponseShape, classify: Classify): Promise<Session> {
  let knex: Knex | undefined
  try {
    knex = await makeKnex(config)
    return new Session(knex, await knex.client.acquireConnection(), shape, classify)
  } catch (error) {
    await knex?.destroy().catch(() => {})
    throw classify(error)
  }
}

/** Knex without a connection yet; it asks for the driver's module right here. */
export async function makeKnex(config: Knex.Config): Promise<Knex> {
  const { default: createKnex } = await import('knex')
  const silent = { warn() {}, error() {}, debug() {}, deprecate() {} }
  return createKnex({ ...config, pool: { min: 0, max: 1 }, acquireConnectionTimeout: 30_000, log: silent })
}
