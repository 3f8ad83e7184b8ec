import { dirname, join } from 'node:path'

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', b: '\b', a: '\x07' }

/** `KEY=value` lines as django-environ, python-decouple and dotenv read them. */
export function parseDotenv(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*?)\s*$/.exec(line)
    if (!match) continue
    const raw = match[2] as string
    const quoted = /^(['"])([\s\S]*?)\1\s*(?:#.*)?$/.exec(raw)
    const value = quoted ? (quoted[2] as string) : raw.replace(/\s+#.*$/, '')
    found.set(match[1] as string, quoted?.[1] === '"' ? value.replace(/\\(.)/g, (_all, letter: string) => ESCAPES[letter] ?? letter) : value)
  }
  return found
}

/** As python-decouple reads them: everything after the first `=`, one pair of quotes taken off, nothing else (RepositoryEnv). */
export function parseDecouple(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const at = line.indexOf('=')
    if (at < 0 || line.trim().startsWith('#') || line.trim().startsWith('[')) continue
    const value = line.slice(at + 1).trim()
    const quoted = value.length >= 2 && /^(['"])[\s\S]*\1$/.test(value)
    found.set(line.slice(0, at).trim(), quoted ? value.slice(1, -1) : value)
  }
  return found
}

/** The section `[settings]` as configparser reads it: `=` or `:`, names in any case, values as they stand (RepositoryIni of python-decouple). */
export function parseIni(text: string): Map<string, string> {
  const found = new Map<string, string>()
  let inside = false
  for (const line of text.split(/\r?\n/)) {
    const section = /^\[(.*)\]\s*$/.exec(line)
    if (section) inside = section[1] === 'settings'
    const match = /^([^\s#;=:][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line)
    if (inside && match && !section) found.set((match[1] as string).toLowerCase(), match[2] as string)
  }
  return found
}

/** As django-environ reads them: no spaces around `=`, quotes taken off, comments after a value are part of it (`Env.read_env`). */
export function parseEnviron(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export )?([A-Za-z_0-9]+)=(.*?)\s*$/.exec(line)
    if (!match) continue
    const raw = match[2] as string
    const single = /^'(.*)'$/.exec(raw)
    const double = /^"(.*)"$/.exec(raw)
    found.set(
      match[1] as string,
      single ? (single[1] as string) : double ? (double[1] as string).replace(/\\(.)/g, (all, letter: string) => ('nrt'.includes(letter) ? all : letter)) : raw,
    )
  }
  return found
}

/** A file in the folder or the nearest one above it that has one. */
export function findUpwards(folder: string, names: readonly string[], exists: (path: string) => boolean): string | undefined {
  for (let current = folder; ; current = dirname(current)) {
    const found = names.map((name) => join(current, name)).find(exists)
    if (found !== undefined || dirname(current) === current) return found
  }
}
