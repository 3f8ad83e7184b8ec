import { isSecretName, maskSecrets } from './mask-url.js'

/** Shorter ones are words of everyday use: they are masked where a name or a URL shows what they are. */
const SHORTEST = 6
/** Values that are no secrets, whatever their name is: a path, a number, a switch. */
const NO_SECRET = /^(\/\S*|[\d.]+|true|false|yes|no|on|off|none|null)$/i

/**
 * Takes the secrets of one run out of what is said, thrown and journaled: those that it has learned, and whatever a URL or the name of a variable
 * shows to be one. Takes time by the length of the text.
 */
export class Redactor {
  readonly #secrets = new Map<string, RegExp | string>()
  readonly #public = new Set<string>()

  /** A password, as it is and as a URL has it. */
  learn(secret: string | undefined): void {
    if (secret === undefined) return
    for (const form of new Set([secret, encodeURIComponent(secret)])) {
      if (form.length < SHORTEST || NO_SECRET.test(form)) continue
      // A word that is a password stays where it is a part of another word: "postgres" in "postgresql".
      this.#secrets.set(form, /^[a-z]+$/i.test(form) ? new RegExp(`(?<![\\w])${form}(?![\\w])`, 'g') : form)
    }
  }

  /** Variables whose names say that they are secret, and URLs with a password. */
  learnEnvironment(env: Readonly<Record<string, string | undefined>>): void {
    for (const [name, value] of Object.entries(env)) {
      if (isSecretName(name)) this.learn(value)
      if (value?.includes('@')) this.learnUrls(value)
    }
  }

  /** The passwords of the URLs in a text: of a flag, of a command. */
  learnUrls(text: string | undefined): void {
    for (const [, password] of (text ?? '').slice(0, MOST_HELD).matchAll(/\w:\/\/[^\s:@/]*:([^\s@]+)@/g)) {
      this.learn(password)
      this.learn(decoded(password as string))
    }
  }

  /** Names that everybody sees: a password that is one of them hides nothing. */
  allow(...names: (string | undefined)[]): void {
    for (const name of names) if (name !== undefined) this.#public.add(name)
  }

  text(text: string): string {
    let result = text
    for (const [secret, pattern] of this.#secrets)
      if (!this.#public.has(secret) && result.includes(secret))
        result = typeof pattern === 'string' ? result.replaceAll(pattern, '***') : result.replace(pattern, '***')
    return /[@=]/.test(result) ? maskSecrets(result) : result
  }

  /** Plain data; what has nothing to be taken out is the same object. Rows of the history (`app`, `name`) are exact everywhere, and stay so. */
  data<T>(value: T): T {
    return this.#walk(value, () => true) as T
  }

  /** A detail of the journal: only what is free text; everything else an undo may need exactly. */
  detail<T>(value: T): T {
    return this.#walk(value, (key) => FREE_TEXT.has(key)) as T
  }

  #walk(value: unknown, wanted: (key: string) => boolean, key = ''): unknown {
    if (typeof value === 'string') return wanted(key) ? this.text(value) : value
    if (value === null || typeof value !== 'object') return value
    if (Array.isArray(value)) {
      const walked = value.map((one) => this.#walk(one, wanted, key))
      return walked.every((one, index) => one === value[index]) ? value : walked
    }
    if ('app' in value && 'name' in value) return value
    let copy: Record<string, unknown> | null = null
    for (const name of Object.keys(value)) {
      const one = (value as Record<string, unknown>)[name]
      const walked = this.#walk(one, wanted, name)
      if (walked !== one) (copy ??= { ...value })[name] = walked
    }
    return copy ?? value
  }

  /** For a stream: what may be the beginning of a secret is kept back until it is clear; an empty chunk is the end. */
  stream(): (chunk: string) => string {
    let held = ''
    return (chunk) => {
      const text = held + chunk
      const end = chunk === '' || text.length > MOST_HELD ? text.length : this.#clear(text)
      held = text.slice(end)
      return this.text(text.slice(0, end))
    }
  }

  /** How much of a text nothing that follows can make a secret. */
  #clear(text: string): number {
    const line = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1
    const last = text.slice(line)
    let end = last.search(UNCLEAR)
    if (end < 0) end = last.length
    for (const secret of this.#secrets.keys()) end = Math.min(end, beginsAt(last, secret))
    for (const secret of this.#secrets.keys()) end = notWithin(last, secret, end)
    return line + end
  }
}

/** At the end of what has come so far: a word that a `=` or a `:` may follow, a value or a URL that goes on, a quoted value without its end. */
const UNCLEAR = /([\w-]+|[^\s:=]*[:=]\S*|[\w-]+=(["'])((?!\2).)*)$/

const MOST_HELD = 64_000

/** Keys of the journal's details under which programs and persons speak (docs/formats.md). */
const FREE_TEXT: ReadonlySet<string> = new Set(['command', 'tail', 'reason', 'saw'])

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** `end`, or where the secret begins that lies over it. */
function notWithin(text: string, secret: string, end: number): number {
  const begins = end === 0 ? -1 : text.lastIndexOf(secret, end - 1)
  return begins >= 0 && begins + secret.length > end ? begins : end
}

/** Where the longest end of `text` begins that is a beginning of `secret`; its length where none is. */
function beginsAt(text: string, secret: string): number {
  for (let length = Math.min(text.length, secret.length - 1); length > 0; length--) if (text.endsWith(secret.slice(0, length))) return text.length - length
  return text.length
}
