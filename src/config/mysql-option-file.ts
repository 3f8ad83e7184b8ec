import { readFileSync, statSync } from 'node:fs'
import { MigstateError } from '../errors/index.js'

/** What an option file says for a client, names with dashes; the last one of a name counts. */
export type MysqlOptions = ReadonlyMap<string, string>

/**
 * The groups `client` and `group` of a MySQL option file, as the C library reads them for MYSQL_READ_DEFAULT_FILE (MySQL manual 6.2.2.2; mysys/my_default.cc).
 * @throws MigstateError `database-unknown` where the file cannot be read, or includes others
 */
export function readMysqlOptions(path: string, group: string | undefined): MysqlOptions {
  const groups = new Set(['client', ...(group === undefined ? [] : [group])])
  const found = new Map<string, string>()
  let inside = false
  for (const [at, raw] of textOf(path).split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue
    // The settings may name any file, so what stands in it is not shown.
    if (line.startsWith('!')) throw unreadable(path, `line ${at + 1} includes other files, which migstate does not follow`)
    const section = /^\[([^\]]*)\]/.exec(line)
    if (section) inside = groups.has((section[1] as string).trim())
    if (section || !inside) continue
    const [name, value] = optionOf(line)
    found.set(name, value)
  }
  return found
}

/** `user = "me" # comment`; a name alone has an empty value. Dashes and underscores are the same (MySQL manual 6.2.2.4). */
function optionOf(line: string): [name: string, value: string] {
  const text = withoutComment(line)
  const at = text.indexOf('=')
  const name = (at < 0 ? text : text.slice(0, at)).trim().replaceAll('_', '-')
  return [name, at < 0 ? '' : unescaped(unquoted(text.slice(at + 1).trim()))]
}

/** A `#` ends the line, but for one in quotation marks. */
function withoutComment(line: string): string {
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const char = line[at] as string
    if (quote === '' && char === '#') return line.slice(0, at)
    if ((char === '"' || char === "'") && line[at - 1] !== '\\') quote = quote === '' ? char : quote === char ? '' : quote
  }
  return line
}

function unquoted(value: string): string {
  const [first, last] = [value[0], value.at(-1)]
  return value.length > 1 && first === last && (first === '"' || first === "'") ? value.slice(1, -1) : value
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', s: ' ', '"': '"', "'": "'", '\\': '\\' }

function unescaped(value: string): string {
  return value.replaceAll(/\\(.)/g, (all, char: string) => ESCAPES[char] ?? all)
}

function textOf(path: string): string {
  try {
    const found = statSync(path)
    if (!found.isFile() || found.size > 1_000_000) throw unreadable(path, 'it is no option file')
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof MigstateError) throw error
    throw unreadable(path, (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : 'this user may not read it')
  }
}

function unreadable(path: string, why: string): MigstateError {
  return new MigstateError(
    'database-unknown',
    `The settings take the connection from the option file ${path}, which cannot be read: ${why}. No database was opened.`,
    {
      hint: 'Name the database with --url.',
    },
  )
}
