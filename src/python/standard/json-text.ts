import { payText } from '../budget.js'
import { string, type Value } from '../evaluate/value.js'

const DEEPEST = 60

/** `json.dumps(value)` of what is written in JSON as it is in JavaScript; undefined for anything else. */
export function jsonCall(name: string, [given, ...more]: readonly Value[], keywords: ReadonlyMap<string, Value>): Value | undefined {
  if (name !== 'json.dumps' || !given || more.length + keywords.size > 0) return undefined
  const text = textOf(given, 0)
  payText(text?.length ?? 0)
  return text === undefined ? undefined : string(text)
}

function textOf(value: Value, depth: number): string | undefined {
  if (depth > DEEPEST) return undefined
  switch (value.kind) {
    case 'none':
      return 'null'
    case 'boolean':
      return String(value.value)
    case 'number':
      return Number.isSafeInteger(value.value) && !value.float ? String(value.value) : undefined
    case 'string':
      return quoted(value.value)
    case 'list':
    case 'tuple':
      return joined(
        value.items.map((item) => textOf(item, depth + 1)),
        '[]',
      )
    case 'dict': {
      const pairs = value.entries.map(([key, one]) => {
        const text = textOf(one, depth + 1)
        return key.kind === 'string' && text !== undefined ? `${quoted(key.value)}: ${text}` : undefined
      })
      return joined(pairs, '{}')
    }
    default:
      return undefined
  }
}

function joined(parts: readonly (string | undefined)[], brackets: '[]' | '{}'): string | undefined {
  return parts.includes(undefined) ? undefined : brackets[0] + parts.join(', ') + brackets[1]
}

/** `ensure_ascii` */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\x7f-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
