import { payText, payValues } from '../budget.js'

export type YamlValue = string | number | boolean | null | YamlValue[] | Map<string, YamlValue>

/** A part of YAML that settings are not written in: nothing is claimed of the file. */
export class NotPlainYaml extends Error {}

interface Line {
  indent: number
  text: string
}

/** Ends of lines for YAML and none for us, or the other way round. */
const ODD_BLANKS = /[\v\f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/

/** Deeper than any file that a person writes. */
const DEEPEST = 40

/**
 * Block and flow collections and scalars of YAML 1.1 as PyYAML resolves them. Anchors, tags, block scalars, several documents and values over
 * several lines are not read.
 * @throws NotPlainYaml
 */
export function readYaml(text: string): YamlValue {
  payText(8 * text.length)
  if (ODD_BLANKS.test(text)) throw new NotPlainYaml('it has blanks of an unusual kind')
  let isFirst = true
  const lines = text.split(/\r\n?|\n/).flatMap((raw): Line[] => {
    const line = withoutComment(raw).trimEnd()
    if (line.trim() === '') return []
    const begins = isFirst && line === '---'
    isFirst = false
    if (begins) return []
    const indent = line.length - line.trimStart().length
    if (line.includes('\t') || /^(?:---|\.\.\.|%)/.test(line)) throw new NotPlainYaml('a part of YAML that is not read')
    return [{ indent, text: line.trim() }]
  })
  payValues(2 * lines.length)
  if (lines.length === 0) return null
  const reader = new BlockReader(lines)
  const value = reader.block(lines[0]?.indent ?? 0, 0)
  if (!reader.isDone) throw new NotPlainYaml('its indentation is not read')
  return value
}

class BlockReader {
  readonly #lines: Line[]
  #at = 0

  constructor(lines: Line[]) {
    this.#lines = lines
  }

  get isDone(): boolean {
    return this.#at >= this.#lines.length
  }

  block(indent: number, depth: number): YamlValue {
    const line = this.#lines[this.#at]
    if (!line || line.indent !== indent || depth > DEEPEST) throw new NotPlainYaml('its indentation is not read')
    if (line.text === '-' || line.text.startsWith('- ')) return this.#sequence(indent, depth)
    if (keyOf(line.text)) return this.#mapping(indent, depth)
    this.#at++
    return scalar(line.text)
  }

  #sequence(indent: number, depth: number): YamlValue[] {
    const items: YamlValue[] = []
    for (let line = this.#lines[this.#at]; line?.indent === indent && (line.text === '-' || line.text.startsWith('- ')); line = this.#lines[this.#at]) {
      const rest = line.text.slice(1).trimStart()
      if (rest === '') {
        this.#at++
        items.push(this.#nested(indent, depth))
      } else if (keyOf(rest) || rest.startsWith('- ')) {
        // A collection that begins on the line of its dash.
        const inner = indent + line.text.length - rest.length
        this.#lines[this.#at] = { indent: inner, text: rest }
        items.push(this.block(inner, depth + 1))
      } else {
        this.#at++
        items.push(scalar(rest))
      }
    }
    return items
  }

  #mapping(indent: number, depth: number): Map<string, YamlValue> {
    const found = new Map<string, YamlValue>()
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      const pair = keyOf(line.text)
      if (!pair) throw new NotPlainYaml('a line of it is no key')
      this.#at++
      found.set(pair.key, pair.rest === '' ? this.#nested(indent, depth) : scalar(pair.rest))
    }
    return found
  }

  #nested(indent: number, depth: number): YamlValue {
    const next = this.#lines[this.#at]
    if (next && (next.indent > indent || (next.indent === indent && next.text.startsWith('- ')))) return this.block(next.indent, depth + 1)
    return null
  }
}

/** `key: rest`, the key plain or in quotes. */
function keyOf(text: string): { key: string; rest: string } | undefined {
  const quoted = /^(?:"([^"\\]*)"|'([^']*)')\s*:(?:\s+|$)/.exec(text)
  if (quoted) return { key: quoted[1] ?? quoted[2] ?? '', rest: text.slice(quoted[0].length) }
  if (/^["'[{&*!|>%@`?]/.test(text)) return undefined
  const at = /:(?:\s|$)/.exec(text)?.index
  return at === undefined ? undefined : { key: nameOf(text.slice(0, at).trim()), rest: text.slice(at + 1).trim() }
}

/** A key without quotes, as long as it is a text. */
function nameOf(key: string): string {
  if (key === '<<' || typeof plain(key) !== 'string') throw new NotPlainYaml('a key that is no text')
  return key
}

function scalar(text: string): YamlValue {
  const [first = ''] = text
  if (first === '[' || first === '{') {
    const reader = new FlowReader(text)
    return reader.whole()
  }
  if (/[&*!|>%@`?]/.test(first)) throw new NotPlainYaml('a part of YAML that is not read')
  if (first === '"' || first === "'") {
    const inner = text.slice(1, -1)
    if (text.length < 2 || !text.endsWith(first)) throw new NotPlainYaml('a text over several lines')
    if (first === "'") return inner.replaceAll("''", "'")
    if (inner.includes('\\')) throw new NotPlainYaml('a text with escapes')
    return inner
  }
  return plain(text)
}

/** PyYAML's implicit resolvers (YAML 1.1). */
function plain(text: string): YamlValue {
  if (/^[-?:=]?$|^[-?:] |: |:$|^[-+]?\.(?:inf|nan)$/i.test(text) && text !== '') throw new NotPlainYaml('a part of YAML that is not read')
  if (/^(?:~|null|Null|NULL|)$/.test(text)) return null
  if (/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(text)) return true
  if (/^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(text)) return false
  if (/^[-+]?(?:0|[1-9]\d*)$/.test(text) || /^[-+]?\d+\.\d*$/.test(text)) return Number(text) + 0
  if (/^[-+]?[\d.][\d_.:xobeE+-]*$|^\d{4}-\d\d?-\d\d?[Tt \t]/.test(text)) throw new NotPlainYaml('a number or a time that is not read')
  return text
}

class FlowReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): YamlValue {
    const value = this.#value(0)
    if (this.#text.slice(this.#at).trim() !== '') throw new NotPlainYaml('a collection over several lines')
    return value
  }

  #value(depth: number): YamlValue {
    this.#space()
    if (depth > DEEPEST) throw new NotPlainYaml('it is nested too deeply')
    const first = this.#text[this.#at]
    if (first === '[') {
      const items: YamlValue[] = []
      for (this.#at++; !this.#end(']'); this.#comma(']')) items.push(this.#value(depth + 1))
      return items
    }
    if (first === '{') {
      const found = new Map<string, YamlValue>()
      for (this.#at++; !this.#end('}'); this.#comma('}')) {
        const quoted = /^["']/.test(this.#text.slice(this.#at, this.#at + 1))
        const key = this.#word(quoted ? /"[^"\\]*"|'[^']*'/y : /[^:,{}[\]"']+/y)
        if (this.#text[this.#at++] !== ':') throw new NotPlainYaml('a key without a value')
        if (!quoted && this.#text[this.#at] !== ' ') throw new NotPlainYaml('a key with a colon in it')
        found.set(quoted ? String(scalar(key)) : nameOf(key), this.#value(depth + 1))
      }
      return found
    }
    return scalar(this.#word(/"[^"\\]*"|'[^']*'|[^,{}[\]"']+/y))
  }

  #word(pattern: RegExp): string {
    this.#space()
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found === undefined) throw new NotPlainYaml('a collection over several lines')
    this.#at += found.length
    return found.trim()
  }

  #end(mark: string): boolean {
    this.#space()
    if (this.#at >= this.#text.length) throw new NotPlainYaml('a collection over several lines')
    if (this.#text[this.#at] !== mark) return false
    this.#at++
    return true
  }

  #comma(mark: string): void {
    this.#space()
    if (this.#text[this.#at] === ',') this.#at++
    else if (this.#text[this.#at] !== mark) throw new NotPlainYaml('a collection over several lines')
  }

  #space(): void {
    while (this.#text[this.#at] === ' ') this.#at++
  }
}

/** Without what follows a `#` behind a blank, outside of quotes. */
function withoutComment(line: string): string {
  if (!line.includes('#')) return line
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const char = line[at] as string
    if (quote) quote = char === quote ? '' : quote
    else if ((char === '"' || char === "'") && /(?:^|[\s[{,:])$/.test(line.slice(Math.max(0, at - 1), at))) quote = char
    else if (char === '#' && (at === 0 || /\s/.test(line[at - 1] as string))) return line.slice(0, at)
  }
  return line
}
