const SIMPLE = new Map(Object.entries({ n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"', a: '\x07', b: '\b', f: '\f', v: '\v', '\n': '' }))

export interface Literal {
  bytes: boolean
  value: string
}

/** Decodes a Python string literal with its prefix (language reference 2.4.1); null for one that cannot be known as text. */
export function decodeString(source: string): Literal | null {
  const match = /^([a-zA-Z]*)("""|'''|"|')([\s\S]*)\2$/.exec(source)
  if (!match) return null
  const prefix = (match[1] as string).toLowerCase()
  const body = match[3] as string
  if (prefix.includes('f') || prefix.includes('t')) return null
  const bytes = prefix.includes('b')
  // A character by its name.
  if (!bytes && !prefix.includes('r') && /(^|[^\\])(\\\\)*\\N\{/.test(body)) return null
  return { bytes, value: prefix.includes('r') ? body : unescape(body, bytes) }
}

/** @param bytes in bytes `\u` and `\N` are plain text */
export function unescape(body: string, bytes = false): string {
  return body.replace(
    /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\r\n|[\s\S]))/g,
    (all, octal?: string, hex?: string, four?: string, eight?: string, other?: string) => {
      // A byte keeps its eight bits: b'\400' is b'\0'.
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & (bytes ? 0xff : 0xffff))
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
      const wide = four ?? eight
      if (wide !== undefined) {
        const point = Number.parseInt(wide, 16)
        return bytes || point > 0x10ffff ? all : String.fromCodePoint(point)
      }
      if (other === '\r\n') return ''
      return SIMPLE.get(other as string) ?? all
    },
  )
}

export function parseNumber(source: string): number | null {
  const text = source.replaceAll('_', '').replace(/[lL]$/, '')
  const value = /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text)
  return Number.isNaN(value) ? null : value
}
