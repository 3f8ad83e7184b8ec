import type { Duplex } from 'node:stream'

/** The parts of mysql2 that are used here. */
export interface Connection {
  stream: Duplex & { encrypted?: boolean; remoteAddress?: string }
  config: { socketPath?: string }
  startTLS(onSecure: (error?: Error) => void): void
  on(event: string, listener: (...args: never[]) => void): void
  connect(done: (error: Error | null) => void): void
  end(): void
}

/** What a plugin answers to the server's data; it may hand over the next step. */
type Plugin = (handles: { connection: Connection; command: unknown }) => (data: Buffer) => Buffer | null

export interface Driver {
  createConnection(settings: object): Connection
  authPlugins: Record<'caching_sha2_password' | 'sha256_password', (options: { onServerPublicKey(): void }) => Plugin>
}

/** Marks an error of ours among those of the driver. */
export const UNSAFE_LOGIN = 'MIGSTATE_UNSAFE_LOGIN'

/**
 * Both sha2 plugins send the password itself: in TLS, through a socket, or encrypted with a key that the server hands out. Whoever
 * answers in the server's place hands out a key too, so that MySQL's own clients take none unless they are told to (manual 8.4.1.2,
 * --get-server-public-key). Here it is taken only from this machine.
 */
export function authPlugins(driver: Driver): Record<string, Plugin> {
  const careful = (name: keyof Driver['authPlugins']): Plugin => {
    return (handles) => driver.authPlugins[name]({ onServerPublicKey: () => refuseKey(handles.connection, name) })(handles)
  }
  return { caching_sha2_password: careful('caching_sha2_password'), sha256_password: careful('sha256_password') }
}

function refuseKey(connection: Connection, name: string): void {
  const { encrypted, remoteAddress } = connection.stream
  // `remoteAddress` is that of the machine that really answers; a name may stand for any.
  if (encrypted || connection.config.socketPath || /^(127\.|::1$|::ffff:127\.)/.test(remoteAddress ?? '')) return
  throw Object.assign(new Error(`the login ${name} would encrypt the password for whoever answers, because the connection is not encrypted`), {
    code: UNSAFE_LOGIN,
  })
}
