/**
 * Text with the passwords of all URLs in it replaced by `***`: up to the last @ of the line, because a password may hold any
 * character. Used for every message, and for the command line that the journal keeps. Takes time by the length of the text alone,
 * for a server says what it likes.
 */
export function maskUrl(text: string): string {
  return text
    .split('\n')
    .map(maskLine)
    .join('\n')
    .replace(/([?&](?:password|passwd|sslpassword)=)[^&#\s"']*/gi, '$1***')
}

/** `scheme:user:…@` or `scheme://user:…@`; whatever stands between that second colon and the last @ of the line is masked. */
function maskLine(line: string): string {
  const end = line.lastIndexOf('@')
  if (end < 0) return line
  for (let colon = line.indexOf(':'), from = 0; colon >= 0 && colon < end; from = colon + 1, colon = line.indexOf(':', from)) {
    if (!endsWithScheme(line, from, colon)) continue
    const user = colon + (line.startsWith('//', colon + 1) ? 3 : 1)
    const stop = firstStop(line, user)
    if (stop < end && line[stop] === ':') return `${line.slice(0, stop)}:***${line.slice(end)}`
  }
  return line
}

const SCHEME = /[a-zA-Z0-9+._-]/

/** A word that begins with a letter, at the beginning of a word, ends at `colon`; nothing before `from` belongs to it. */
function endsWithScheme(line: string, from: number, colon: number): boolean {
  for (let at = colon - 1; at >= from && SCHEME.test(line[at] as string); at--)
    if (/[a-zA-Z]/.test(line[at] as string) && (at === 0 || !/\w/.test(line[at - 1] as string))) return true
  return false
}

/** The first character that no user name has. */
function firstStop(line: string, from: number): number {
  let at = from
  while (at < line.length && !/[\s:@/"']/.test(line[at] as string)) at++
  return at
}

/** Names of variables and flags whose value is secret, and the longest of them that is looked at. */
const SECRET_NAME = /passw(or)?d|secret|token|key|_pwd$/i
const LONGEST_NAME = 100

/** `EMAIL_HOST_PASSWORD`, `SECRET_KEY`, `API_TOKEN`. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/**
 * Text of a command or of a program with the passwords of all URLs, and the values of variables and flags that are secret by their name
 * (`API_TOKEN=…`, `--password=…`), replaced by `***`. Takes time by the length of the text alone.
 */
export function maskSecrets(text: string): string {
  const masked = maskUrl(text)
  let result = ''
  let done = 0
  for (let sign = masked.indexOf('='); sign >= 0; sign = masked.indexOf('=', sign + 1)) {
    if (sign < done) continue
    const name = /[\w-]*$/.exec(masked.slice(Math.max(done, sign - LONGEST_NAME), sign))?.[0] ?? ''
    if (!SECRET_NAME.test(name)) continue
    result += `${masked.slice(done, sign + 1)}***`
    done = endOfValue(masked, sign + 1)
  }
  return result + masked.slice(done)
}

/** After a quoted text, or before the next blank or quote. */
function endOfValue(text: string, from: number): number {
  const quote = text[from]
  if (quote === '"' || quote === "'") {
    const end = text.indexOf(quote, from + 1)
    return end < 0 ? text.length : end + 1
  }
  let at = from
  while (at < text.length && !/[\s"']/.test(text[at] as string)) at++
  return at
}

/** A command as it may be shown and kept: each word by itself, so that no more of it is masked than has to be. */
export function maskedWords(words: readonly string[]): string {
  return words.map(maskSecrets).join(' ')
}
