import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { homeFolder, type TlsSpec } from '../../config/index.js'
import { MigstateError } from '../../errors/index.js'

/** Options of Node's tls.connect for each try, or false for one without TLS; in libpq's order (manual 34.18.1 and 34.18.4). */
export function tlsAttempts(tls: TlsSpec): (false | object)[] {
  const own = ownFiles(tls)
  const unverified = { ...own, rejectUnauthorized: false }
  switch (tls.mode ?? 'prefer') {
    case 'disable':
      return [false]
    case 'allow':
      return [false, unverified]
    case 'prefer':
      return [unverified, false]
    case 'require': {
      // With a root certificate `require` verifies it, as libpq does for compatibility.
      const ca = rootCertificate(tls)
      return ca === undefined ? [unverified] : [{ ...own, ca, checkServerIdentity: () => undefined }]
    }
    case 'verify-ca':
      return [{ ...own, ca: rootCertificate(tls) ?? noRoot(tls), checkServerIdentity: () => undefined }]
    case 'verify-full':
      return [tls.ca === 'system' ? own : { ...own, ca: rootCertificate(tls) ?? noRoot(tls) }]
  }
}

const home = (name: string) => join(homeFolder({ env: process.env }), '.postgresql', name)

function ownFiles(tls: TlsSpec): object {
  const [cert, key] = [pick(tls.cert, 'postgresql.crt'), pick(tls.key, 'postgresql.key')]
  return { ...(cert && { cert }), ...(key && { key }) }
}

function rootCertificate(tls: TlsSpec): string | undefined {
  return pick(tls.ca, 'root.crt')
}

function noRoot(tls: TlsSpec): never {
  throw new MigstateError('cannot-connect', `sslmode ${tls.mode} needs a root certificate, and there is no file ${home('root.crt')}. No database was opened.`, {
    hint: "Name one with sslrootcert, or trust the machine's own with sslrootcert=system and sslmode=verify-full.",
  })
}

/** A file that is named has to be there; the standard one need not be. */
function pick(given: string | undefined, standard: string): string | undefined {
  const path = given ?? (existsSync(home(standard)) ? home(standard) : undefined)
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new MigstateError('cannot-connect', `The TLS file ${path} cannot be read.`, { cause: error })
  }
}
