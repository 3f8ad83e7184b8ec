import { readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createSecureContext, TLSSocket } from 'node:tls'
import { root } from './root.js'

export const tlsFile = (name: string) => join(root, 'test', 'fixtures', 'tls', name)

export interface TlsServer {
  port: number
  /** Passwords that a client has sent, and whether inside TLS. */
  passwords: { tls: boolean; text: string }[]
  stop(): void
}

/** A PostgreSQL server up to the password, which it asks for in clear text; its certificate is for `localhost`. */
export async function tlsServer({ offersTls = true } = {}): Promise<TlsServer> {
  const passwords: TlsServer['passwords'] = []
  const context = createSecureContext({ cert: readFileSync(tlsFile('server.crt')), key: readFileSync(tlsFile('server.key')) })
  const sockets = new Set<Socket>()
  const server = createServer((raw) => {
    sockets.add(raw)
    raw.on('error', () => {})
    raw.once('data', (first) => {
      // SSLRequest (PostgreSQL manual, message formats).
      if (first.readUInt32BE(4) !== 80877103) return talk(raw, first, false)
      if (!offersTls) {
        raw.write('N')
        raw.once('data', (startup) => talk(raw, startup, false))
        return
      }
      raw.write('S')
      const secure = new TLSSocket(raw, { isServer: true, secureContext: context })
      secure.on('error', () => {})
      secure.once('data', (startup) => talk(secure, startup, true))
    })
  })
  const talk = (socket: Socket, _startup: Buffer, tls: boolean) => {
    socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]))
    socket.once('data', (message) => {
      passwords.push({ tls, text: message.subarray(5, -1).toString() })
      socket.end(Buffer.concat([Buffer.from([0x45, 0, 0, 0, 27]), Buffer.from('SFATAL\0C28P01\0Mno way\0\0')]))
    })
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    passwords,
    stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
