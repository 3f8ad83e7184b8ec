import type { TlsMode, TlsSpec } from './connection-spec.js'

/** libpq's sslmode, spelled as libpq wants it (manual 34.18.1): a word that it would refuse is never taken for a weaker one. */
export const LIBPQ_WORDS: readonly TlsMode[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']

export function libpqTlsMode(word: string): TlsMode | undefined {
  return LIBPQ_WORDS.find((known) => known === word)
}

const MYSQL_MODES: ReadonlyMap<string, TlsMode> = new Map([
  ['DISABLED', 'disable'],
  ['PREFERRED', 'prefer'],
  ['REQUIRED', 'require'],
  ['VERIFY_CA', 'verify-ca'],
  ['VERIFY_IDENTITY', 'verify-full'],
])

/** The words of MySQL's --ssl-mode, in any case (MySQL manual 6.2.3). */
export const MYSQL_WORDS: readonly string[] = [...MYSQL_MODES.keys()]

export function mysqlTlsMode(word: string): TlsMode | undefined {
  return MYSQL_MODES.get(word.toUpperCase())
}

/**
 * sslrootcert=system goes with verify-full only, and asks for it where no mode is given (libpq manual 34.1.2).
 * @returns why these cannot be used together
 */
export function unfitTls(tls: TlsSpec): string | undefined {
  if (tls.ca !== 'system') return undefined
  tls.mode ??= 'verify-full'
  return tls.mode === 'verify-full' ? undefined : `sslmode "${tls.mode}" is too weak for sslrootcert=system, which needs verify-full`
}
