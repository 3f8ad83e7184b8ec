import { dirname, join } from 'node:path'
import { payText } from '../budget.js'

/** Every parser here goes through its text once: a line is taken apart by where its marks are, and no pattern looks for an end twice. */

const ESCAPES = new Map(Object.entries({ n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', b: '\b', a: '\x07' }))

function linesOf(text: string): string[] {
  payText(8 * text.length)
  return text.split(/\r\n?|\n/)
}

/** A line of a name, a mark and the rest. */
function splitAt(line: string, mark: number): [string, string] {
  return [line.slice(0, mark), line.slice(mark + 1)]
}

/** `KEY=value` lines as django-environ, python-decouple and dotenv read them. */
export function parseDotenv(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of linesOf(text)) {
    const at = line.indexOf('=')
    if (at < 0) continue
    const [left, right] = splitAt(line, at)
    const name = left.trim().replace(/^export\s+/, '')
    if (/^[A-Za-z_][\w.-]*$/.test(name)) found.set(name, dotenvValue(right.trim()))
  }
  return found
}

function dotenvValue(raw: string): string {
  const [quote] = raw
  const end = quote === '"' || quote === "'" ? closingQuote(raw, quote) : -1
  if (end < 0) return withoutComment(raw)
  const value = raw.slice(1, end)
  return quote === '"' ? value.replace(/\\(.)/g, (_all, letter: string) => ESCAPES.get(letter) ?? letter) : value
}

/** The first quote behind which there is nothing, or a comment. */
function closingQuote(raw: string, quote: string): number {
  for (let at = raw.indexOf(quote, 1); at >= 0; at = raw.indexOf(quote, at + 1)) {
    let next = at + 1
    while (next < raw.length && /\s/.test(raw[next] as string)) next++
    if (next === raw.length || raw[next] === '#') return at
  }
  return -1
}

/** Without the first `#` that stands behind a blank, and what follows it. */
function withoutComment(raw: string): string {
  for (let at = raw.indexOf('#', 1); at >= 0; at = raw.indexOf('#', at + 1)) if (/\s/.test(raw[at - 1] as string)) return raw.slice(0, at).trimEnd()
  return raw
}

/** As python-decouple reads them: everything after the first `=`, one pair of quotes taken off, nothing else (RepositoryEnv). */
export function parseDecouple(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of linesOf(text)) {
    const at = line.indexOf('=')
    if (at < 0 || line.trim().startsWith('#') || line.trim().startsWith('[')) continue
    const [name, rest] = splitAt(line, at)
    found.set(name.trim(), withoutQuotes(rest.trim(), `'"`) ?? rest.trim())
  }
  return found
}

/** What stands between a pair of these quotes, the first and the last letter. */
function withoutQuotes(text: string, quotes: string): string | undefined {
  const [quote] = text
  return text.length >= 2 && quote !== undefined && quotes.includes(quote) && text.endsWith(quote) ? text.slice(1, -1) : undefined
}

/** The section `[settings]` as configparser reads it: `=` or `:`, names in any case, values as they stand (RepositoryIni of python-decouple). */
export function parseIni(text: string): Map<string, string> {
  const found = new Map<string, string>()
  let inside = false
  for (const line of linesOf(text)) {
    const end = line.trimEnd()
    if (end.startsWith('[') && end.endsWith(']')) {
      inside = end.slice(1, -1) === 'settings'
      continue
    }
    const at = line.search(/[=:]/)
    if (!inside || at < 1 || /^[\s#;]/.test(line)) continue
    const [name, value] = splitAt(line, at)
    found.set(name.trimEnd().toLowerCase(), value.trim())
  }
  return found
}

/** As django-environ reads them: no spaces around `=`, quotes taken off, comments after a value are part of it (`Env.read_env`). */
export function parseEnviron(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of linesOf(text)) {
    const at = line.indexOf('=')
    if (at < 0) continue
    const [left, right] = splitAt(line, at)
    const name = left.trimStart().replace(/^export /, '')
    if (!/^[A-Za-z_0-9]+$/.test(name)) continue
    const raw = right.trimEnd()
    const double = withoutQuotes(raw, '"')
    const unescaped = double?.replace(/\\(.)/g, (all, letter: string) => ('nrt'.includes(letter) ? all : letter))
    found.set(name, unescaped ?? withoutQuotes(raw, "'") ?? raw)
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
