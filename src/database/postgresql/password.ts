import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { homeFolder, type ServerSpec } from '../../config/index.js'
import { MigstateError } from '../../errors/index.js'

interface Login {
  host: string
  port: number
  database: string
  user: string
}

/**
 * Asked for only when the server wants a password: that of the URL, the settings or the environment, else that of the password file for
 * just this host (libpq manual 34.16).
 * @throws MigstateError `wrong-password`
 */
export function passwordOf(spec: ServerSpec, login: Login): string {
  const password = spec.password ?? fromFile(spec.passwordFile ?? join(homeFolder({ env: process.env }), '.pgpass'), login)
  if (password !== undefined) return password
  const kept = spec.passwordKept ? ` (${spec.passwordKept})` : ''
  throw new MigstateError('wrong-password', `PostgreSQL asks for a password and none was given${kept}.`)
}

function fromFile(path: string, login: Login): string | undefined {
  let text: string
  try {
    const found = statSync(path)
    // libpq ignores a file that others may read, and so it is never relied on.
    if (!found.isFile() || (found.mode & 0o077) !== 0 || found.size > 1_000_000) return undefined
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  // libpq calls every socket in the standard folder localhost.
  const host = login.host.startsWith('/') ? 'localhost' : login.host
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue
    const fields = fieldsOf(line)
    const wanted = [host, String(login.port), login.database, login.user]
    if (fields.length >= 5 && wanted.every((value, index) => fields[index] === '*' || fields[index] === value || (index === 0 && fields[0] === login.host)))
      return fields[4]
  }
  return undefined
}

/** Split at colons; a backslash takes the next character as it is. */
function fieldsOf(line: string): string[] {
  const fields = ['']
  for (let at = 0; at < line.length; at++) {
    const char = line[at] === '\\' && at + 1 < line.length ? line[++at] : line[at] === ':' ? undefined : line[at]
    if (char === undefined) fields.push('')
    else fields[fields.length - 1] += char
  }
  return fields
}
