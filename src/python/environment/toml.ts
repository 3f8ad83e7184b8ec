/** A TOML document as plain values; numbers and dates stay text, for no file that is read here needs them. */
export type TomlValue = string | boolean | TomlValue[] | TomlTable
export type TomlTable = Map<string, TomlValue>

/** Reads TOML 1.0. What it does not understand ends the reading: what stands before it counts. */
export function readToml(text: string): TomlTable {
  const reader = new TomlReader(text)
  reader.document()
  return reader.root
}

/**
 * The same where all of it counts.
 * @returns null where a part of it was not understood; bare values, numbers and dates, begin with NUL
 */
export function readWholeToml(text: string): TomlTable | null {
  const reader = new TomlReader(text, '\0')
  reader.document()
  return reader.isWhole ? reader.root : null
}

/** The value at a path of keys; undefined where a part is missing or no table. */
export function tomlAt(table: TomlTable, ...keys: string[]): TomlValue | undefined {
  let value: TomlValue | undefined = table
  for (const key of keys) {
    if (!(value instanceof Map)) return undefined
    value = value.get(key)
  }
  return value
}

/** The same where a string is wanted. */
export function tomlText(table: TomlTable, ...keys: string[]): string | undefined {
  const value = tomlAt(table, ...keys)
  return typeof value === 'string' ? value : undefined
}

class NotUnderstood extends Error {}

/** Deeper than any file that a person writes. */
const DEEPEST = 50

class TomlReader {
  readonly root: TomlTable = new Map()
  readonly #text: string
  readonly #mark: string
  #at = 0
  isWhole = true

  /** @param mark before values that are no texts */
  constructor(text: string, mark = '') {
    this.#mark = mark
    this.#text = text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n')
  }

  document(): void {
    let table = this.root
    try {
      for (this.#blank(); this.#at < this.#text.length; this.#blank()) {
        if (this.#text[this.#at] === '[') table = this.#header()
        else this.#pair(table, 0)
      }
    } catch (error) {
      if (!(error instanceof NotUnderstood)) throw error
      this.isWhole = false
    }
  }

  /** `[table]`, `[[array of tables]]`. */
  #header(): TomlTable {
    const several = this.#take('[[')
    if (!several) this.#expect('[')
    const keys = this.#keys()
    this.#expect(several ? ']]' : ']')
    const parent = tableAt(this.root, keys.slice(0, -1))
    const name = keys.at(-1) as string
    if (!several) return tableAt(parent, [name])
    const list = parent.get(name)
    const table: TomlTable = new Map()
    if (Array.isArray(list)) list.push(table)
    else parent.set(name, [table])
    return table
  }

  #pair(table: TomlTable, depth: number): void {
    const keys = this.#keys()
    this.#expect('=')
    const value = this.#value(depth)
    tableAt(table, keys.slice(0, -1)).set(keys.at(-1) as string, value)
  }

  #keys(): string[] {
    const keys: string[] = []
    do {
      this.#space()
      const quoted = this.#text[this.#at] === '"' || this.#text[this.#at] === "'"
      keys.push(quoted ? this.#string() : this.#match(/[\w-]+/y))
      this.#space()
    } while (this.#take('.'))
    return keys
  }

  #value(depth: number): TomlValue {
    if (depth > DEEPEST) throw new NotUnderstood()
    this.#space()
    const first = this.#text[this.#at]
    if (first === '"' || first === "'") return this.#string()
    if (this.#take('[')) return this.#array(depth)
    if (this.#take('{')) return this.#inlineTable(depth)
    const bare = this.#match(/[^\s,\]}#]+(?: \d\d:[^\s,\]}#]*)?/y)
    return bare === 'true' || (bare === 'false' ? false : this.#mark + bare)
  }

  #array(depth: number): TomlValue[] {
    const items: TomlValue[] = []
    for (this.#blank(); !this.#take(']'); this.#blank()) {
      items.push(this.#value(depth + 1))
      this.#blank()
      if (!this.#take(',') && this.#text[this.#at] !== ']') throw new NotUnderstood()
    }
    return items
  }

  #inlineTable(depth: number): TomlTable {
    const table: TomlTable = new Map()
    for (this.#blank(); !this.#take('}'); this.#blank()) {
      this.#pair(table, depth + 1)
      this.#blank()
      if (!this.#take(',') && this.#text[this.#at] !== '}') throw new NotUnderstood()
    }
    return table
  }

  #string(): string {
    if (this.#take('"""')) return unescape(this.#until('"""', true).replace(/^\n/, ''))
    if (this.#take("'''")) return this.#until("'''", false).replace(/^\n/, '')
    if (this.#take("'")) return this.#until("'", false)
    this.#expect('"')
    return unescape(this.#until('"', true))
  }

  #until(quote: string, escapes: boolean): string {
    const start = this.#at
    while (this.#at < this.#text.length) {
      if (this.#take(quote)) return this.#text.slice(start, this.#at - quote.length)
      if (quote.length === 1 && this.#text[this.#at] === '\n') break
      this.#at += escapes && this.#text[this.#at] === '\\' ? 2 : 1
    }
    throw new NotUnderstood()
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found === undefined) throw new NotUnderstood()
    this.#at += found.length
    return found
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #expect(text: string): void {
    this.#space()
    if (!this.#take(text)) throw new NotUnderstood()
  }

  #space(): void {
    while (this.#text[this.#at] === ' ' || this.#text[this.#at] === '\t') this.#at++
  }

  /** Blanks, line ends and comments. */
  #blank(): void {
    this.#match(/(?:[ \t\n]+|#[^\n]*)*/y)
  }
}

function tableAt(table: TomlTable, keys: readonly string[]): TomlTable {
  let current = table
  for (const key of keys) {
    let next = current.get(key)
    if (next === undefined) current.set(key, (next = new Map()))
    const last = Array.isArray(next) ? next.at(-1) : next
    if (!(last instanceof Map)) throw new NotUnderstood()
    current = last
  }
  return current
}

const ESCAPES = new Map(Object.entries({ b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', e: '\u001b', '"': '"', '\\': '\\' }))

function unescape(text: string): string {
  return text
    .replace(/\\[ \t]*\n\s*/g, '')
    .replace(/\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{2})|(.))/gs, (whole, four?: string, eight?: string, two?: string, char?: string) => {
      const code = four ?? eight ?? two
      if (code === undefined) return ESCAPES.get(char as string) ?? whole
      return Number.parseInt(code, 16) > 0x10ffff ? whole : String.fromCodePoint(Number.parseInt(code, 16))
    })
}
