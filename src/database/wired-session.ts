import type { Knex } from 'knex'
import type { Classify } from './failure.js'
import { type Binding, makeKnex, type ResponseShape, Session } from './session.js'
import { type Bound, LOGIN_BYTES, Wire } from './wire.js'

/** A session over a socket of our own: each statement has a time and a size. */
export class WiredSession extends Session {
  readonly #wire: Wire
  readonly #bound: Bound
  readonly #farewell: () => void

  constructor(parts: WiredParts) {
    super(parts.knex, parts.connection, parts.shape, parts.classify)
    this.#wire = parts.wire
    this.#bound = parts.bound
    this.#farewell = parts.farewell
  }

  protected override send(sql: string, bindings: readonly Binding[], shown?: string): Promise<unknown> {
    return this.#wire.within(this.#bound, () => super.send(sql, bindings, shown))
  }

  protected override async release(): Promise<void> {
    await this.#wire.close(this.#farewell)
  }
}

export interface WiredParts {
  knex: Knex
  /** The driver's own connection object. */
  connection: unknown
  wire: Wire
  bound: Bound
  farewell: () => void
  shape: ResponseShape
  classify: Classify
}

export interface Login {
  config: Knex.Config
  /** Milliseconds from the first packet until the login is done. */
  milliseconds: number
  classify: Classify
  /** Logs in with the module of the driver, over this socket. */
  connect(driver: unknown, wire: Wire): Promise<unknown>
}

/** One try to log in; the socket of a try that fails is gone. Knex's own pool would keep it open (knex waits for the server to close). */
export async function logIn({ config, milliseconds, classify, connect }: Login): Promise<{ knex: Knex; connection: unknown; wire: Wire }> {
  const wire = new Wire()
  let knex: Knex | undefined
  try {
    knex = await makeKnex(config)
    const { driver } = knex.client as { driver: unknown }
    return { knex, connection: await wire.within({ milliseconds, bytes: LOGIN_BYTES }, () => connect(driver, wire)), wire }
  } catch (error) {
    wire.destroy()
    await knex?.destroy().catch(() => {})
    throw classify(error)
  }
}
