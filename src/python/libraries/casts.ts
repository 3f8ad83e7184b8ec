import { payLook, payText, payValues } from '../budget.js'
import { boolean, list, number, string, type Value } from '../evaluate/value.js'

const TRUE = new Set(['true', 'on', 'ok', 'y', 'yes', '1'])

/** Text of the environment as the value that settings ask for. Undefined: not a cast that is known. */
export function cast(text: string, kind: string, style: 'environ' | 'plain' = 'plain'): Value | undefined {
  payText(4 * text.length)
  switch (kind) {
    case 'str':
    case 'unicode':
      return string(text)
    case 'bool':
      return boolean(TRUE.has(text.trim().toLowerCase()))
    case 'int':
      return /^\s*-?\d+\s*$/.test(text) ? number(Number(text)) : undefined
    case 'float':
      return Number.isNaN(Number(text)) ? undefined : number(Number(text))
    case 'list':
    case 'tuple':
      // django-environ keeps spaces; a tuple may stand in brackets.
      if (style === 'environ') {
        const inner = kind === 'tuple' ? text.trim().replace(/^\(|\)$/g, '') : text
        return { kind, items: split(inner).filter(Boolean).map(string) }
      }
      return { kind, items: parts(text).map(string) }
    case 'dict':
      return { kind: 'dict', entries: parts(text).map((part) => [string(part.slice(0, part.indexOf('='))), string(part.slice(part.indexOf('=') + 1))]) }
    case 'json':
      return fromJson(text)
    default:
      return undefined
  }
}

function parts(text: string): string[] {
  return split(text)
    .map((part) => part.trim())
    .filter(Boolean)
}

function split(text: string): string[] {
  const found = text.split(',')
  payValues(found.length)
  return found
}

export function fromJson(text: string): Value | undefined {
  payText(16 * text.length)
  try {
    return toValue(JSON.parse(text))
  } catch {
    return undefined
  }
}

export function toValue(data: unknown): Value {
  payLook(10)
  if (typeof data === 'string') return string(data)
  if (typeof data === 'number') return number(data)
  if (typeof data === 'boolean') return boolean(data)
  if (Array.isArray(data)) return list(data.map(toValue))
  if (typeof data === 'object' && data !== null) return { kind: 'dict', entries: Object.entries(data).map(([key, value]) => [string(key), toValue(value)]) }
  return { kind: 'none' }
}

/** The name of a type given as a cast: `bool`, `[str]`, `list`. */
export function castName(value: Value | undefined): string | undefined {
  if (value?.kind === 'reference') return value.name
  return value?.kind === 'list' ? 'list' : undefined
}
