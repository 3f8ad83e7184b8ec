import { connect, createServer, type Socket } from 'node:net'
import { whenTestEnds } from './endings.js'

export interface Passage {
  /** What the client sends, and what goes on to the server. */
  toServer?(data: Buffer, upstream: Socket): Buffer
  /** What the server sends, and what goes on to the client; null keeps it back. */
  toClient?(data: Buffer, upstream: Socket): Buffer | null
}

/**
 * A server in between, as poolers, balancers and clusters are. It goes with the test.
 * @param passage asked for each connection, counted from 0
 * @returns the URL through it
 */
export async function throughProxy(target: string, passage: (connection: number) => Passage): Promise<string> {
  const to = new URL(target)
  const sockets = new Set<Socket>()
  let count = 0
  const server = createServer((client) => {
    const upstream = connect(Number(to.port), to.hostname)
    const { toServer = (data) => data, toClient = (data) => data } = passage(count++)
    client.on('data', (data) => upstream.write(toServer(data, upstream)))
    upstream.on('data', (data) => {
      const passed = toClient(data, upstream)
      if (passed && passed.length > 0) client.write(passed)
    })
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.on('close', () => other.destroy())
      one.on('error', () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  whenTestEnds(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = new URL(target)
  url.port = String((server.address() as { port: number }).port)
  return url.href
}
