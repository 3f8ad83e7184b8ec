import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { DatabaseFailure } from './failure.js'

/** How long a server may take for one answer, and how much it may say. */
export interface Bound {
  milliseconds: number
  bytes: number
}

/** What a server says until the login is done: greetings, certificates, parameters, an error. */
export const LOGIN_BYTES = 8_000_000
/** One answer: a history of a million rows has a tenth of it. */
export const ANSWER_BYTES = 256_000_000
/** Milliseconds of silence before the system asks the other end whether it is there. */
const KEEP_ALIVE = 30_000
/** An orderly farewell is awaited for so long: the server then has given up the session's locks. */
const FAREWELL = 1_000

/**
 * The socket of one connection to a server that need not be what it says: every wait ends, every answer has a size, what a driver's
 * reader throws is an error of this connection and never one of the process, and the socket is destroyed on every way out.
 */
export class Wire {
  readonly socket = new Socket()
  readonly #waiting = new Set<(error: DatabaseFailure) => void>()
  #stream: Duplex = this.socket
  #left = Number.POSITIVE_INFINITY
  #failure: DatabaseFailure | undefined

  constructor() {
    // A balancer or NAT on the way forgets a connection on which nothing passes.
    this.socket.setKeepAlive(true, KEEP_ALIVE)
    this.watch(this.socket)
  }

  /** The socket, and the TLS stream over it: drivers read both by listening to `data`. */
  watch(stream: Duplex): void {
    this.#stream = stream
    const emit = stream.emit.bind(stream) as (event: string | symbol, ...args: unknown[]) => boolean
    stream.emit = (event: string | symbol, ...args: unknown[]): boolean => {
      if (event !== 'data') return emit(event, ...args)
      if (this.#failure) return false
      this.#left -= (args[0] as Buffer).length
      if (this.#left < 0) return this.#fail(broken('it sent more than an answer can have'))
      try {
        return emit(event, ...args)
      } catch (error) {
        return this.#fail(broken(`it does not speak the protocol: ${(error as Error).message}`, error))
      }
    }
  }

  /** @throws DatabaseFailure `cannot-connect`, kind `lost`; the connection is then gone */
  async within<T>({ milliseconds, bytes }: Bound, work: () => Promise<T>): Promise<T> {
    if (this.#failure) throw this.#failure
    this.#left = bytes
    let giveUp: (error: DatabaseFailure) => void = () => {}
    const failed = new Promise<never>((_resolve, reject) => (giveUp = reject))
    this.#waiting.add(giveUp)
    const timer = setTimeout(() => this.#fail(broken(`no answer in ${Math.ceil(milliseconds / 1000)} s`)), milliseconds)
    try {
      return await Promise.race([failed, work()])
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(giveUp)
    }
  }

  /** @param farewell the driver's own end of the session, which closes the socket when the server agrees */
  async close(farewell: () => void): Promise<void> {
    if (!this.#failure && !this.socket.destroyed && this.#waiting.size === 0) {
      const gone = new Promise<void>((resolve) => this.#stream.once('close', () => resolve()))
      let timer: NodeJS.Timeout | undefined
      this.#left = LOGIN_BYTES
      farewell()
      await Promise.race([gone, new Promise<void>((resolve) => (timer = setTimeout(resolve, FAREWELL)))])
      clearTimeout(timer)
    }
    this.destroy()
  }

  destroy(): void {
    this.#stream.destroy()
    this.socket.destroy()
  }

  #fail(failure: DatabaseFailure): false {
    this.#failure ??= failure
    for (const giveUp of this.#waiting) giveUp(this.#failure)
    this.destroy()
    return false
  }
}

function broken(why: string, cause: unknown = new Error(why)): DatabaseFailure {
  return new DatabaseFailure('cannot-connect', 'lost', `The server cannot be used: ${why}. The connection was closed.`, cause)
}
