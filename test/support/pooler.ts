import { connect, createServer, type Server } from 'node:net'

/** A stand-in for PgBouncer in transaction mode: it answers the start-up with a process id of its own, and all clients meet one server session. */
export async function startPooler(target: string): Promise<{ server: Server; url: string }> {
  const to = new URL(target)
  const server = createServer((client) => {
    const upstream = connect(Number(to.port), to.hostname)
    client.on('data', (data) => upstream.write(shareSession(data)))
    upstream.on('data', (data) => client.write(changeProcessId(data)))
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('close', () => other.destroy())
      one.on('error', () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(target)
  url.port = String((server.address() as { port: number }).port)
  return { server, url: url.href }
}

/** BackendKeyData: 'K', length 12, process id, secret key (PostgreSQL manual, message formats). */
function changeProcessId(data: Buffer): Buffer {
  const copy = Buffer.from(data)
  const at = copy.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]))
  if (at >= 0) copy.writeUInt32BE(2, at + 5)
  return copy
}

/** The process id that a client sees is the same for every client. */
function shareSession(data: Buffer): Buffer {
  const call = 'pg_catalog.pg_backend_pid()'
  return Buffer.from(data.toString('latin1').replaceAll(call, '1'.padEnd(call.length)), 'latin1')
}
