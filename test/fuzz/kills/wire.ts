import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What happens when one message of the client has come: before it goes on to the server, or before its answer comes back. */
export interface Blow {
  /** Counted from 1, over all connections. */
  message: number
  when: 'before' | 'after'
  strike(): Promise<void> | void
}

/** A way to the server on which the messages are counted, so that a blow falls at each step of a protocol and not only where time is spent. */
export class Wire {
  readonly url: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #count = 0
  #blow: Blow | null = null
  /** Answers wait for it. */
  #struck: Promise<void> = Promise.resolve()

  private constructor(url: string, server: Server) {
    this.url = url
    this.#server = server
  }

  static async to(target: string): Promise<Wire> {
    const to = new URL(target)
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = new URL(target)
    url.hostname = '127.0.0.1'
    url.port = String((server.address() as { port: number }).port)
    const wire = new Wire(url.href, server)
    server.on('connection', (client: Socket) => wire.#join(client, connect(Number(to.port), to.hostname)))
    return wire
  }

  /** Counts from here on. */
  arm(blow: Blow | null): void {
    this.#count = 0
    this.#blow = blow
  }

  /** Sockets on either side. */
  get open(): number {
    return this.#sockets.size
  }

  get count(): number {
    return this.#count
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.cut()
    this.#server.close()
  }

  #join(client: Socket, upstream: Socket): void {
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(one)
      one.setNoDelay(true)
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
      one.on('error', () => other.destroy())
    }
    client.on('data', (data: Buffer) => void this.#send(client, upstream, data))
    upstream.on('data', (data: Buffer) => void this.#answer(client, data))
  }

  async #send(client: Socket, upstream: Socket, data: Buffer): Promise<void> {
    const blow = ++this.#count === this.#blow?.message ? this.#blow : null
    if (!blow) return void upstream.write(data)
    this.#blow = null
    client.pause()
    if (blow.when === 'before') {
      await blow.strike()
      if (!upstream.destroyed) upstream.write(data)
    } else {
      this.#struck = new Promise((resolve) => setTimeout(resolve, 5)).then(() => blow.strike())
      upstream.write(data)
      await this.#struck
    }
    client.resume()
  }

  async #answer(client: Socket, data: Buffer): Promise<void> {
    await this.#struck
    if (!client.destroyed) client.write(data)
  }
}
