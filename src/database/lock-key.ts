import { createHash } from 'node:crypto'

/** A name for the advisory lock of one history table: 40 hexadecimal digits of the sha256 of its parts. */
export function lockName(parts: readonly string[]): string {
  return `migstate:${digest(parts).toString('hex').slice(0, 40)}`
}

/** The same as a signed 64-bit number, for PostgreSQL. */
export function lockNumber(parts: readonly string[]): bigint {
  return digest(parts).readBigInt64BE(0)
}

function digest(parts: readonly string[]): Buffer {
  return createHash('sha256')
    .update(['migstate', ...parts].join('\0'))
    .digest()
}
