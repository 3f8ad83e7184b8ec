/** Where a database is and how to log in, as a value: made from a URL or from Django's DATABASES, opened by `database/`. */
export type ConnectionSpec = SqliteSpec | ServerSpec

export interface SqliteSpec {
  family: 'sqlite'
  /** Absolute or relative to the current folder. Never created. */
  path: string
}

export interface ServerSpec {
  family: 'postgresql' | 'mysql'
  /** Host name or address; undefined: the client's own default (socket, then localhost). */
  host?: string
  port?: number
  /** Unix socket: for PostgreSQL its folder, for MySQL the socket file. */
  socket?: string
  /** PostgreSQL: more servers of the same database, tried in order where the first does not answer or does not fit (libpq manual 34.1.1.3). */
  others?: Address[]
  /** libpq's target_session_attrs: which of the servers fits; by default any. */
  target?: SessionTarget
  /** PostgreSQL: the role that the session works as (Django's `assume_role`). */
  role?: string
  user?: string
  password?: string
  /** PostgreSQL: a password file of libpq's form, where it is not ~/.pgpass. */
  passwordFile?: string
  /** PostgreSQL: a connection service of libpq, which says what is not said here. */
  service?: string
  /** Why a password that the environment or a file has is not used, for the message when one is asked for. */
  passwordKept?: string
  database?: string
  tls: TlsSpec
  /** libpq's `options`, for example `-c search_path=tenant`. PostgreSQL only. */
  options?: string
  /** Seconds; libpq's connect_timeout. */
  connectTimeout?: number
}

/** Who named the server: the person, by a flag or the environment, or a file of the project. */
export type NamedBy = 'person' | 'project'

/** Where a server listens: host or socket, and port. */
export type Address = Pick<ServerSpec, 'host' | 'socket' | 'port'>

/** libpq's rule: what begins with a slash is the folder of a socket. */
export function addressOf(host: string): Address {
  return host.startsWith('/') ? { socket: host } : host ? { host } : {}
}

/** libpq's lists (manual 34.1.1.3): one port may stand for all hosts. */
export function addressesOf(hosts: string, ports: string): Address[] {
  const port = ports.split(',')
  return hosts.split(',').map((host, index) => addressAt(host, (port.length === 1 ? port[0] : port[index]) ?? ''))
}

export function addressAt(host: string, port: string): Address {
  return { ...addressOf(host), ...(port ? { port: Number(port) } : {}) }
}

/** A socket, or an address of this machine. */
export function isLocal(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Hosts and sockets in their order; undefined: none is named. */
export function hostsOf({ socket, host, others = [] }: ServerSpec): string[] | undefined {
  const first = socket ?? host
  return first === undefined ? undefined : [first, ...others.map((one) => one.socket ?? one.host ?? 'localhost')]
}

export const SESSION_TARGETS = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const
export type SessionTarget = (typeof SESSION_TARGETS)[number]

/** libpq's words; MySQL's ssl-mode is translated (libpq manual 34.18.1, MySQL manual 4.2.3 --ssl-mode). */
export type TlsMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

export interface TlsSpec {
  /** Where nothing says it, the client's own default: `prefer`. */
  mode?: TlsMode
  /** Paths of PEM files; `system` for the roots that the machine trusts (libpq's sslrootcert=system). */
  ca?: string
  cert?: string
  key?: string
}
