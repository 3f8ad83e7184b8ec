import { MYSQL_WORDS, type MysqlOptions, mysqlTlsMode, type TlsMode, type TlsSpec } from '../config/index.js'
import { MigstateError } from '../errors/index.js'
import type { Options } from './driver-options.js'

/**
 * TLS as mysqlclient takes it (`ssl_mode`, and `ssl` as a mapping or, since 2.2.4, True or False) and PyMySQL (`ssl` as a mapping,
 * `ssl_ca` and its kin beside it). Where the two read the same words differently, the stricter reading counts; a shape that neither
 * knows is an error, for the one who wrote it meant TLS.
 */
export function mysqlTls(option: Options): TlsSpec {
  const word = option.text('ssl_mode')
  const given = word === undefined ? undefined : mysqlTlsMode(word)
  if (word !== undefined && !given) throw option.wrong('ssl_mode', `"${word}" is not one of ${MYSQL_WORDS.join(', ')}`)
  const tls = option.truth('ssl_disabled') ? { mode: 'disable' as const } : (fromSsl(option) ?? besideSsl(option))
  return given ? { ...tls, mode: given } : tls
}

function fromSsl(option: Options): TlsSpec | undefined {
  const ssl = option.value('ssl')
  if (ssl === undefined) return undefined
  if (ssl === false) return { mode: 'disable' }
  if (ssl === true) return { mode: 'require' }
  if (typeof ssl !== 'object') throw option.wrong('ssl', 'is neither a dict nor True or False')
  const inner = option.within('ssl', ssl as Record<string, unknown>)
  const strange = inner.names.find((name) => !['ca', 'cert', 'key', 'cipher', 'check_hostname', 'verify_mode'].includes(name))
  if (strange !== undefined) throw inner.wrong(strange, 'is no option that migstate knows (ca, cert, key, cipher, check_hostname, verify_mode)')
  const verified = verifies(inner.value('verify_mode'), inner)
  return specOf({ ca: inner.text('ca'), cert: inner.text('cert'), key: inner.text('key'), verified, identity: inner.truth('check_hostname') })
}

function besideSsl(option: Options): TlsSpec {
  const [ca, cert, key] = [option.text('ssl_ca'), option.text('ssl_cert'), option.text('ssl_key')]
  const [verified, identity] = [option.truth('ssl_verify_cert'), option.truth('ssl_verify_identity')]
  return ca || cert || key || verified || identity ? specOf({ ca, cert, key, verified, identity }) : {}
}

/** Of an option file's names (MySQL manual 6.2.3; MariaDB: ssl-verify-server-cert). */
export function tlsOfFile(options: MysqlOptions): TlsSpec {
  const [word, ca, cert, key] = ['ssl-mode', 'ssl-ca', 'ssl-cert', 'ssl-key'].map((name) => options.get(name))
  const mode = word === undefined ? undefined : mysqlTlsMode(word)
  if (word !== undefined && !mode)
    throw new MigstateError('database-unknown', `The ssl-mode of the option file is not one of ${MYSQL_WORDS.join(', ')}. No database was opened.`)
  const identity = options.has('ssl-verify-server-cert') && !isOff(options.get('ssl-verify-server-cert'))
  const tls =
    ca || cert || key || identity ? specOf({ ca, cert, key, verified: undefined, identity }) : isOff(options.get('ssl')) ? { mode: 'disable' as const } : {}
  return mode ? { ...tls, mode } : tls
}

const isOff = (value: string | undefined) => value !== undefined && /^(0|off|false)$/i.test(value)

interface Given {
  ca: string | undefined
  cert: string | undefined
  key: string | undefined
  /** Whether the certificate is to be verified; undefined where nothing says it. */
  verified: boolean | undefined
  identity: boolean | undefined
}

function specOf({ ca, cert, key, verified, identity }: Given): TlsSpec {
  const mode: TlsMode = verified === false ? 'require' : identity ? 'verify-full' : (verified ?? ca !== undefined) ? 'verify-ca' : 'require'
  return { mode, ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) }
}

/** PyMySQL, _create_ssl_ctx; ssl.CERT_NONE is 0, CERT_OPTIONAL 1, CERT_REQUIRED 2. */
function verifies(mode: unknown, option: Options): boolean | undefined {
  if (mode === undefined || typeof mode === 'boolean') return mode
  const word = String(mode).toLowerCase()
  if (['none', '0', 'false', 'no'].includes(word)) return false
  if (['optional', 'required', '1', '2', 'true', 'yes'].includes(word)) return true
  throw option.wrong('verify_mode', `"${word}" is neither "none" nor "required"`)
}
